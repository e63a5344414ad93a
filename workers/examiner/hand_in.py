"""One hand-in as the worker does it, without a database: run the answer in a fresh child, and judge it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.lessons import Exercise
from workers.examiner import client
from workers.runner.client import ChildEnded, RunnerClient
from workers.runner.limits import Limits

LIMITS = Limits(wall=60, cpu=60)


@dataclass(frozen=True)
class Sockets:
    """Where runner and examiner listen."""

    runner: Path
    examiner: Path


def hand_in(
    sockets: Sockets,
    exercise: Exercise,
    answer: str,
    given: Sequence[tuple[str, str]] = (),
    seed: int = 1,
    limits: Limits = LIMITS,
) -> dict[str, Any]:
    """The verdict on an answer that builds on `given`, (id, text); of a form, the values as JSON.

    Raises RunnerGone and ExaminerGone, which are our faults.
    """
    if exercise.is_form:
        return client.grade(sockets.examiner, exercise.id, json.loads(answer), None)
    try:
        with (
            client.Grading(sockets.examiner, exercise.id, answer) as grading,
            RunnerClient(sockets.runner, limits, seed) as child,
        ):
            for cell, text in (*given, (exercise.id, answer)):
                if error := _run(child, cell, text):
                    return _not_judged(exercise, error)
            child.hide()
            return grading.verdict(child)
    except ChildEnded as end:
        return _verdict(end.message)


def _run(child: RunnerClient, cell: str, text: str) -> dict[str, Any] | None:
    """The error that this cell ends in, if any."""
    return [event.get("error") for event in child.cell(cell, text, show=False)][-1]


def _not_judged(exercise: Exercise, error: dict[str, Any]) -> dict[str, Any]:
    line = f" in line {error['line']}" if error.get("line") and error.get("cell") == exercise.id else ""
    sentence = f"Your code stopped{line} with {error.get('type')}: {error.get('message')}"
    return _verdict(sentence, line=error.get("line"), cell=error.get("cell"))


def _verdict(message: str, **details: Any) -> dict[str, Any]:
    return {"verdict": "error", "message": message, "details": details, "seconds": 0.0}
