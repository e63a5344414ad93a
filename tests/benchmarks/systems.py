"""What is asked of every system that grades, and how those are that take one command for each submission."""

from __future__ import annotations

import itertools
import json
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tests.benchmarks import measure
from tests.benchmarks.environments import Peer
from tests.benchmarks.exercise import SETUP, course_tests
from tests.benchmarks.submissions import Submission, right

Verdict = Literal["full", "less", "none"]  # all points; fewer; no verdict at all


class Wrong(Exception):
    """A system did not grade the right answer as right, so its times mean nothing."""


@dataclass(frozen=True)
class Graded:
    """One submission. `cpu` is that of everything the system started or keeps for it."""

    seconds: float
    cpu: float
    verdict: Verdict


@dataclass(frozen=True)
class Burst:
    """Many learners at once. `graded` may be fewer than they are, where all would have taken too long."""

    learners: int
    graded: int
    seconds: float
    latencies: list[float]
    cpu: float
    errors: int = 0  # learners who were turned away, and stopped

    @property
    def per_minute(self) -> float:
        return 60 * self.graded / self.seconds if self.graded else 0.0


class System(ABC):
    """Something that grades."""

    name: str
    title: str
    cold = True  # whether it starts everything anew for each submission

    @abstractmethod
    def grade(self, text: str) -> Graded:
        """Hand in one answer, and wait for its verdict."""

    @abstractmethod
    def burst(self, learners: int, seconds: float) -> Burst:
        """Right answers of as many learners at once; none is begun after `seconds`."""

    @abstractmethod
    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        """Each submission's name → what becomes of it."""

    def memory(self) -> dict[str, measure.Memory]:
        """What one more learner takes who waits, and what all of it takes; nothing if none is kept."""
        return {}

    def right(self, graded: Graded) -> Graded:
        """`graded`, if it got all points. Raises Wrong otherwise."""
        if graded.verdict != "full":
            raise Wrong(f"{self.title} gave the right answer {graded.verdict!r} points")
        return graded


def all_at_once(works: Iterable[Callable[[], None]]) -> float:
    """Each in a thread of its own. Returns the seconds until the last is done, and waits a second more: what
    is done after the last verdict counts too.
    """
    begun = time.monotonic()
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - begun
    time.sleep(1)
    return took


class OneCommandEach(System):
    """A system that is one command for each submission, in an environment of its own."""

    def __init__(self, peer: Peer, folder: Path) -> None:
        self.peer, self.folder = peer, folder
        self.numbers = itertools.count(1)
        folder.mkdir(parents=True)
        self.environment = peer.variables(folder)

    @abstractmethod
    def command(self, number: int, text: str) -> list[str]:
        """Lay the submission down, and say how it is graded."""

    @abstractmethod
    def verdict(self, number: int, code: int) -> Verdict:
        """What became of it; `code` is how the command ended."""

    def grade(self, text: str) -> Graded:
        number, command = self._next(text)
        ran = measure.run(command, self.environment)
        return Graded(ran.seconds, ran.cpu, self.verdict(number, ran.code))

    def burst(self, learners: int, seconds: float) -> Burst:
        """As many at a time as there are processors."""
        commands = [self._next(right(number))[1] for number in range(learners)]
        at_once, begun = os.cpu_count() or 1, time.monotonic()
        ran = list(measure.run_all(commands, self.environment, at_once, start_for=seconds))
        latencies = [one.ended - begun for one in ran]
        return Burst(learners, len(ran), max(latencies), latencies, sum(one.cpu for one in ran))

    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        laid = {one.name: self._next(one.text) for one in submissions}
        commands = [command for _, command in laid.values()]
        ran = measure.run_all(commands, self.environment, os.cpu_count() or 1)
        codes = {one.log: one.code for one in ran}
        return {name: self.verdict(number, codes[command.log]) for name, (number, command) in laid.items()}

    def _next(self, text: str) -> tuple[int, measure.Command]:
        number = next(self.numbers)
        log = self.folder / f"{number}.log"
        return number, measure.Command(self.command(number, text), log, self.folder)


# ── notebooks ───────────────────────────────────────────────────────────────


def cell(source: str, number: int, **metadata: Any) -> dict[str, Any]:
    """A cell of code that has not run."""
    return {
        "cell_type": "code",
        "id": f"cell-{number}",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def write_notebook(path: Path, cells: Iterable[dict[str, Any]]) -> None:
    """As Jupyter would save it."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = {"cells": list(cells), "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))


def whole_notebook(path: Path, text: str) -> None:
    """Set-up, the answer, and every test in a cell."""
    sources = [SETUP, text, *(test.cell for test in course_tests())]
    write_notebook(path, (cell(source, number) for number, source in enumerate(sources)))
