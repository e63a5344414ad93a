"""What single presses take: every cell and every exercise of the course, on a cohort's installation."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.config import ROOT
from app.lessons import Lesson, course
from app.steps import Failed
from tests import cohort
from tests.benchmarks import measure
from tests.chaos.browsing import Browser, watch
from tests.cohort import Cohort

_REST = 1.0  # seconds after each: what is done for it after its verdict counts too
_PLAIN = ("ok", "passed")


@dataclass(frozen=True)
class Pressed:
    """One kind of press: a cell to run, or an exercise to hand in with the course's own answer."""

    kind: str
    lesson: str
    cell: str
    fields: dict[str, str]

    @property
    def path(self) -> str:
        last = f"exercises/{self.cell}/attempts" if self.kind == "hand_ins" else f"cells/{self.cell}/runs"
        return f"/lessons/{self.lesson}/{last}"


def take(rounds: int) -> dict[str, Any]:
    """Press everything so many times, one after the other. Raises Failed if something goes wrong."""
    here = str(ROOT / "app" / "course")
    with cohort.folder() as folder, cohort.start(folder, course_dir=here, sandbox="required") as running:
        presses = list(_all_rounds(running, rounds))
    return {
        "when": time.strftime("%Y-%m-%d"),
        "machine": f"{_processor()}, Python {platform.python_version()}",
        "presses": presses,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def _all_rounds(running: Cohort, rounds: int) -> Iterator[dict[str, Any]]:
    for number, token in enumerate(running.sign_in(rounds), 1):
        browser = Browser(*running.sites, session=token)
        for lesson in course().lessons.values():
            _place_bets(browser, lesson)
            for pressed in _presses(lesson):
                yield _press(running, browser, pressed)
        print(f"  round {number} of {rounds}", flush=True)
        browser.close()


def _place_bets(browser: Browser, lesson: Lesson) -> None:
    browser.get(f"/lessons/{lesson.slug}")
    for block in [*lesson.cells(), *lesson.exercises()]:
        if block.predict:
            guess = {"choice": block.predict.choices[0]} if block.predict.choices else {"value": "1"}
            browser.post(f"/lessons/{lesson.slug}/cells/{block.id}/prediction", confidence="70", **guess)


def _presses(lesson: Lesson) -> Iterator[Pressed]:
    handed_in = {exercise.id for exercise in lesson.exercises()}
    for cell in lesson.cells():
        if cell.id not in handed_in:
            yield Pressed("runs", lesson.slug, cell.id, {})
    for exercise in lesson.exercises():
        fields = json.loads(exercise.solution) if exercise.is_form else {"text": exercise.solution}
        yield Pressed("hand_ins", lesson.slug, exercise.id, fields)


def _press(running: Cohort, browser: Browser, pressed: Pressed) -> dict[str, Any]:
    running.tend()
    before, begun = cpu(running), time.monotonic()
    section = browser.submit(f"/lessons/{pressed.lesson}", pressed.cell, pressed.path, **pressed.fields)
    word = watch(browser, section)[0].word
    wall = time.monotonic() - begun
    if word not in _PLAIN:
        raise Failed(f"{pressed.cell} of {pressed.lesson} ended with {word!r}: nothing to measure.")
    time.sleep(_REST)
    used = {part: round(total - before[part], 2) for part, total in cpu(running).items()}
    return {"kind": pressed.kind, "cell": pressed.cell, "wall": round(wall, 3), "cpu": used}


def cpu(running: Cohort) -> dict[str, float]:
    """CPU-seconds so far: of each part, the sites together, and Postgres."""
    found = {"site": 0.0, "postgres": measure.cpu(running.postgres.pid)}
    for name in running.parts:
        part = "site" if name.startswith("site-") else name
        found[part] = found.get(part, 0.0) + measure.cpu(running.process(name))
    return found
