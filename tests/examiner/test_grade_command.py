"""`unembed grade LESSON/EXERCISE FILE` sends a file the way of a hand-in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import SMALL_COURSE
from workers.examiner import grade

RIGHT = "def double(x):\n    return x + x\n"
WRONG = "def double(x):\n    return x * x\n"


@pytest.fixture
def graded(
    machines: None, change_settings: Callable[..., None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Runs the command on a text, beside a running installation: its exit code and what it printed."""
    change_settings(course_dir=SMALL_COURSE)

    def run(text: str, *options: str, exercise: str = "counting/double") -> tuple[int, str]:
        file = tmp_path / "answer"
        file.write_text(text)
        code = grade.main([exercise, str(file), *options])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    return run


def test_a_right_answer_passes(graded: Callable[..., tuple[int, str]]) -> None:
    assert graded(RIGHT) == (0, "passed: Right.\n  ✓ Twice 3 is 6.\n")


def test_a_wrong_answer_says_why(graded: Callable[..., tuple[int, str]]) -> None:
    code, printed = graded(WRONG)
    assert code == 1
    assert printed.startswith("failed: Twice 3 is 6.")
    assert "This looks like *square*: You squared it." in printed
    assert printed.endswith("  ✗ Twice 3 is 6.\n  x: int  3\n")


def test_json_holds_the_whole_verdict(graded: Callable[..., tuple[int, str]]) -> None:
    code, printed = graded(WRONG, "--json")
    found = json.loads(printed)
    assert code == 1
    assert found["verdict"] == "failed"
    assert found["details"]["mistake"] == "mistake_square__double"


def test_what_it_builds_on_is_given(graded: Callable[..., tuple[int, str]]) -> None:
    text = "def quadruple(x):\n    return double(x) + double(x)\n"
    assert graded(text, exercise="counting/quadruple")[0] == 0


def test_a_form_is_handed_in_as_json(graded: Callable[..., tuple[int, str]]) -> None:
    assert graded('{"largest": "three"}', exercise="counting/largest")[0] == 0
    assert graded('{"largest": "two"}', exercise="counting/largest")[0] == 1


def test_no_verdict_is_told_apart(graded: Callable[..., tuple[int, str]]) -> None:
    code, printed = graded(RIGHT, exercise="counting/magic")
    assert code == 2
    assert printed.startswith("unembed grade: there is no exercise counting/magic; there are counting/double")
    assert graded("not json", exercise="counting/largest")[0] == 2
