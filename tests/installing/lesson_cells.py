"""A cell of a lesson as it runs for somebody who has written everything it stands on."""

from __future__ import annotations

from pathlib import Path

from app.config import ROOT
from app.lessons import Exercise, load
from workers.examiner.hand_in import LIMITS
from workers.runner.client import RunnerClient


def run_cell(runner: Path, lesson: str, cell: str) -> str:
    """What it prints, after all cells above it and our own solutions to the exercises."""
    course = load(ROOT / "app" / "course")
    ids = [each.id for each in course.lessons[lesson].cells()]
    above = course.lessons[lesson].cells()[: ids.index(cell) + 1]
    beneath = [course.exercises[used] for used in course.foundation(course.lessons[lesson])]
    printed = ""
    with RunnerClient(runner, LIMITS, seed=1) as child:
        for each in (*beneath, *above):
            text = each.solution if isinstance(each, Exercise) else each.source
            events = list(child.cell(each.id, text))
            assert events[-1]["error"] is None, (each.id, events[-1]["error"])
            printed = "".join(event["text"] for event in events if event["event"] == "text")
    return printed
