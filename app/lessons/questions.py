"""The questions at the start of the path. Read from `start.toml`.

::

    [[questions]]               # in the order in which they are asked
    id, lesson                  # whose skill it asks for
    text, why                   # Markdown; one sentence why the right answer is right
    choices = ["…", "…"]        # or none: then the answer is a number
    right = "…"                 # one of the choices, or the number
    tolerance = 0.01            # how far off a number may be
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from app.lessons.path import Report


@dataclass(frozen=True)
class Question:
    """A short question whose answer a machine can mark."""

    id: str
    lesson: str
    text: str
    right: str | float
    why: str
    choices: tuple[str, ...] = ()
    tolerance: float = 0.0

    def is_right(self, answer: str) -> bool:
        """Whether this is what the question asks for; a number may be written with a comma, or as 1/3."""
        if isinstance(self.right, str):
            return answer == self.right
        return abs(_number(answer) - self.right) <= self.tolerance + 1e-9  # no number: nan, never within


def _number(text: str) -> float:
    above, _, below = text.replace(",", ".").partition("/")
    try:
        return float(above) / float(below or 1)
    except (ValueError, ZeroDivisionError, OverflowError):
        return math.nan


def read(text: str, lessons: Set[str], report: Report) -> tuple[Question, ...]:
    """The questions that `text` (TOML) asks; problems are reported, and what can't be asked is left out."""
    try:
        entries = tomllib.loads(text).get("questions", [])
    except tomllib.TOMLDecodeError as error:
        report(1, f"This is not TOML: {error}.")
        return ()
    lines = text.splitlines()

    def at(name: object) -> int:
        return next((number for number, line in enumerate(lines, 1) if f'"{name}"' in line), 1)

    found: dict[str, Question] = {}
    for entry in entries:
        for sentence in _problems(entry, lessons, found):
            report(at(entry.get("id")), sentence)
        if entry.get("lesson") in lessons and not list(_problems(entry, lessons, found)):
            question = Question(**{**entry, "choices": tuple(entry.get("choices", ()))})
            found[question.id] = question
    return tuple(found.values())


_NEEDED = {"id", "lesson", "text", "right", "why"}


def _problems(entry: Mapping[str, Any], lessons: Set[str], found: Mapping[str, Question]) -> list[str]:
    name = entry.get("id")
    if missing := sorted(_NEEDED - entry.keys()):
        return [f"The question {name!r} lacks {', '.join(missing)}."]
    if unknown := sorted(entry.keys() - _NEEDED - {"choices", "tolerance"}):
        return [f"A question knows no {', '.join(unknown)}."]
    if name in found:
        return [f"Two questions are called {name!r}."]
    if entry["lesson"] not in lessons:
        return [f"The question {name!r} asks for {entry['lesson']!r}, which is no lesson of this course."]
    if "choices" in entry and entry["right"] not in entry["choices"]:
        return [f"The right answer to {name!r} is none of its choices."]
    if "choices" not in entry and not isinstance(entry["right"], int | float):
        return [f"The right answer to {name!r} has to be a number, or one of its choices."]
    return []
