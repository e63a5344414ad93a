"""Presses Run as the worker does: with the cells above, and a wish for what was kept of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.runner.conftest import Seen
from tests.runner.starting import Started
from workers.runner.client import ChildEnded, RunnerClient, status, wish
from workers.runner.limits import Limits

LIMITS = Limits(wall=60, cpu=60, memory=1 << 30, outputs=50)


@dataclass
class Pressed(Seen):
    """What the last cell showed; `skip` cells had not to be run."""

    skip: int = field(default=0, compare=False)


def press(started: Started, *cells: str, key: str = "", seed: int = 1, limits: Limits = LIMITS) -> Pressed:
    """Run the last of these cells. Without a key nothing is kept, and all are run in a fresh child."""
    chain = [(f"cell-{number}", source) for number, source in enumerate(cells, 1)]
    pressed = Pressed()
    try:
        with RunnerClient(started.socket, limits, seed, wish(key, chain) if key else None) as child:
            pressed.skip = child.skip
            _run(child, chain, pressed)
    except ChildEnded as end:
        pressed.ended, pressed.message = end.reason, end.message
    return pressed


def _run(child: RunnerClient, chain: Sequence[tuple[str, str]], pressed: Pressed) -> None:
    for name, source in chain[child.skip :]:
        for event in child.cell(name, source, show=(name, source) == chain[-1]):
            pressed.take(event)
        if pressed.error:
            return


def kept(started: Started) -> dict[str, int]:
    """How many states there are, and how many trees of processes."""
    return dict(status(started.socket)["snapshots"])


def await_kept(started: Started, holds: Callable[[dict[str, int]], bool]) -> dict[str, int]:
    """Until it is so: what a run leaves is seen to a moment after its end."""
    deadline = time.monotonic() + 30
    while not holds(found := kept(started)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert holds(found), found
    return found
