"""What no grader can save, and what ours adds first: the code's own computing, the way to its first line."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from app.config import ROOT
from app.lessons import course
from tests.benchmarks import measure
from tests.benchmarks.exercise import NAME
from workers.examiner import references
from workers.examiner.grading import grade
from workers.examiner.references import StandIn
from workers.rehearsal import rehearse
from workers.runner.client import RunnerClient, status
from workers.runner.limits import Limits

_WHEN = "import time\nprint(time.monotonic())"
_REST = 1.0  # seconds after a run, in which the pool fills again


class OwnComputing:
    """The answer and its checks in one warm process, called as functions: nothing is sent, kept or shown."""

    def __init__(self) -> None:
        torch.set_num_threads(1)
        loaded, _ = references.load(course(ROOT / "app" / "course").exercises, {})
        self._reference = loaded[NAME]
        rehearse()

    def seconds(self, number: int) -> float:
        """Of one grading, from a seed of its own."""
        text = self._reference.exercise.solution
        answer = StandIn(self._reference, text)
        begun = time.monotonic()
        verdict = grade(self._reference, text, answer, number)["verdict"]
        assert verdict == "passed", verdict
        return time.monotonic() - begun


@dataclass
class FirstLines:
    """Seconds from a job's arrival at the runner to the first line of the learner's code."""

    runner: Path
    from_pool: list[float] = field(default_factory=list)
    fresh: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """Once with a child that waits, once with none left."""
        time.sleep(_REST)
        self.from_pool.append(self._first_line())
        time.sleep(_REST)
        with contextlib.ExitStack() as taken:
            for _ in range(status(self.runner)["spare"]):
                taken.enter_context(RunnerClient(self.runner, Limits(), 1))
            self.fresh.append(self._first_line())

    def _first_line(self) -> float:
        begun = time.monotonic()
        with RunnerClient(self.runner, Limits(), 1) as child:
            told = [event["text"] for event in child.cell("when", _WHEN) if event.get("event") == "text"]
        return float("".join(told)) - begun


def described(computing: list[float], lines: FirstLines, ours: list[float]) -> dict[str, Any]:
    """For the report, all in seconds: medians, and by how much ours lies above the computing."""
    floor = measure.percentile(computing, 0.5)
    return {
        "own_computing": floor,
        "above_p50": measure.percentile(ours, 0.5) - floor,
        "above_p95": measure.percentile(ours, 0.95) - floor,
        "first_line_from_pool": measure.percentile(lines.from_pool, 0.5),
        "first_line_by_fork": measure.percentile(lines.fresh, 0.5),
    }
