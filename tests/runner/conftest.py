"""One real runner for all tests of this folder, and short ways to run cells in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.runner.starting import Started
from tests.runner.starting import runner as start_runner
from workers.outputs import checked
from workers.runner.client import ChildEnded, RunnerClient
from workers.runner.limits import Limits


@dataclass
class Seen:
    """What came of one cell."""

    text: str = ""
    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    ended: str = ""
    message: str = ""
    keys: dict[str, int] = field(default_factory=dict)  # where the output of a key stands

    def take(self, event: dict[str, Any]) -> None:
        match event["event"]:
            case "text":
                self.text += event["text"]
            case "output":
                self._show(event["output"])
            case "done":
                self.error = event["error"]

    def _show(self, output: dict[str, Any]) -> None:
        """As the worker does: checked, and in the place of the one before with the same key."""
        place = len(self.outputs)
        if isinstance(key := output.get("key"), str):
            place = self.keys.setdefault(key, place)
        self.outputs[place : place + 1] = [checked(output)]

    @property
    def result(self) -> str:
        """The text of the last thing shown."""
        return self.outputs[-1]["text"]


@pytest.fixture(scope="session")
def runner() -> Iterator[Started]:
    with start_runner("--sandbox", "auto") as started:
        yield started


@pytest.fixture
def open_child(runner: Started) -> Callable[..., RunnerClient]:
    """`with open_child(wall=2) as child:`"""

    def make(seed: int = 1, **limits: Any) -> RunnerClient:
        return RunnerClient(runner.socket, Limits(**limits), seed)

    return make


@pytest.fixture
def run(open_child: Callable[..., RunnerClient]) -> Callable[..., Seen]:
    """Runs one cell in a fresh child."""

    def run_cell(source: str, **limits: Any) -> Seen:
        seen = Seen()
        try:
            with open_child(**limits) as child:
                for event in child.cell("one", source):
                    seen.take(event)
        except ChildEnded as end:
            seen.ended, seen.message = end.reason, end.message
        return seen

    return run_cell
