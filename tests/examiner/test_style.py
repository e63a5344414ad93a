"""Style is a note: what stands in an answer, told only where the author has something to say of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.lessons import load
from tests.conftest import SMALL_COURSE
from workers.examiner import style

NOTES = {"loop": "Without a loop.", "view": "Use rearrange."}


@pytest.mark.parametrize(
    ("answer", "notes"),
    [
        ("def f(x):\n    return x", []),
        ("def f(x):\n    for _ in x: pass\n    while x: pass", ["Without a loop."]),
        ("def f(x):\n    return [y for y in x]", ["Without a loop."]),
        ("def f(x):\n    return x.view(2)[0]", ["Use rearrange."]),
        ("def f(x):\n    return [view(y) for y in x]", ["Without a loop.", "Use rearrange."]),
        ("def f(view):\n    return view", []),
        ("def f(:", []),
        ("-" * 100_000 + "1", []),
    ],
)
def test_notes(answer: str, notes: list[str]) -> None:
    exercise = replace(load(SMALL_COURSE).exercises["double"], style=NOTES)
    assert style.notes(exercise, answer) == notes
