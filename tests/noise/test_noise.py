"""Honest noise costs nothing: right answers that are loud, untidy or unusual pass every check.

One file each, in a folder named after its exercise, handed in below the starter; the first line says what the
noise is. Wrong answers with the same noise are still told what is wrong with them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.examiner.conftest import Desk
from tests.noise.conftest import HERE

RIGHT = sorted((HERE / "answers").glob("*/*.py"))
WRONG = sorted((HERE / "wrong").glob("*.py"))


def _id(file: Path) -> str:
    return f"{file.parent.name}-{file.stem}"


def hand_in(desk: Desk, exercise: str, file: Path) -> dict[str, Any]:
    text = f"{desk.course.exercises[exercise].starter}\n\n{file.read_text()}"
    return desk.hand_in(exercise, text, wall=60, cpu=60)


def test_every_file_says_what_its_noise_is_and_every_exercise_has_a_wrong_answer() -> None:
    assert len(RIGHT) >= 24
    assert [file for file in (*RIGHT, *WRONG) if not file.read_text().startswith("# Noise: ")] == []
    assert {file.parent.name for file in RIGHT} == {file.stem for file in WRONG}


@pytest.mark.parametrize("file", RIGHT, ids=_id)
def test_a_right_answer_passes_every_check(file: Path, desk: Desk) -> None:
    found = hand_in(desk, file.parent.name, file)
    assert found["verdict"] == "passed", found["message"]
    checks = desk.course.exercises[file.parent.name].checks
    assert [check["passed"] for check in found["details"]["checks"]] == [True] * len(checks)


@pytest.mark.parametrize("file", WRONG, ids=_id)
def test_a_wrong_answer_as_noisy_fails_with_its_mistake(file: Path, desk: Desk) -> None:
    named = re.search(r"Named: (\w+)$", file.read_text().splitlines()[0])
    assert named, "the first line has to end in the mistake's name"
    found = hand_in(desk, file.stem, file)
    assert found["verdict"] == "failed", found["message"]
    assert found["details"]["mistake"] == named[1], found["message"]
