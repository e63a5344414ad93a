"""How far a loop is: `for step in lab.progress(range(1000), "training"):`."""

from __future__ import annotations

import itertools
import operator
import time
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from workers.lab import display

T = TypeVar("T")

MOST_ALIKE = 10  # bars of one title in a cell; further ones take the place of the last
LONGEST_TITLE = 200  # characters

_numbers = itertools.count(1)
_open: list[_Bar] = []  # those whose loops go on, the outer ones first
_used: dict[str, list[str]] = {}  # title → keys of this cell's outermost bars


def progress(iterable: Iterable[T], title: str = "", total: int | None = None) -> Iterator[T]:
    """Iterate, and show on the page how far this is and how long it will take.

    `total` says how many there will be, where the iterable cannot say so itself. A loop that ends early
    leaves a line that says where. Costs about a microsecond a step.
    """
    if total is None:
        hint = operator.length_hint(iterable, -1)
        total = hint if hint >= 0 else None
    bar = _Bar(str(title)[:LONGEST_TITLE], total)
    try:
        for item in iterable:
            yield item
            bar.step()
        bar.end("done")
    finally:
        bar.end("stopped")


def settle() -> None:
    """The cell is over, and so is every loop in it."""
    for bar in reversed(_open.copy()):
        bar.end("stopped")
    _used.clear()


class _Bar:
    """Of one loop. Within another loop it has a place of its own for each title, again and again."""

    def __init__(self, title: str, total: int | None) -> None:
        self.title, self.total, self.done = title, total, 0
        self.state = "running"
        self.key: str = f"{_open[-1].key}/{title}"[-display.LONGEST_KEY :] if _open else _outermost_key(title)
        self._began = time.monotonic()
        _open.append(self)
        display.show(self, self.key)

    def step(self) -> None:
        self.done += 1
        display.show(self, self.key)

    def end(self, state: str) -> None:
        """Done or stopped; what comes first counts."""
        if self.state == "running":
            self.state = state
            self._ended = time.monotonic()
            if self in _open:
                _open.remove(self)
            display.show(self, self.key)

    def describe_output(self) -> dict[str, Any]:
        until = time.monotonic() if self.state == "running" else self._ended
        return {
            "kind": "progress",
            "title": self.title,
            "done": self.done,
            "total": self.total,
            "seconds": round(until - self._began, 3),
            "state": self.state,
        }


def _outermost_key(title: str) -> str:
    used = _used.setdefault(title, [])
    if len(used) < MOST_ALIKE:
        used.append(f"progress-{next(_numbers)}")
    return used[-1]
