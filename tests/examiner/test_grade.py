"""An answer is handed in, runs in a fresh child, and gets a verdict that helps."""

from __future__ import annotations

import pytest

from tests.examiner.conftest import Desk

SCORE = """
def score(pattern, back):
    {body}
"""


def answer(body: str) -> str:
    return SCORE.format(body=body)


@pytest.mark.parametrize("exercise", ["score", "highest", "draw", "ablate", "picture"])
def test_the_reference_passes(exercise: str, desk: Desk) -> None:
    for seed in (1, 2):
        found = desk.hand_in(exercise, desk.course.exercises[exercise].solution, seed)
        assert found["verdict"] == "passed", found
        assert all(check["passed"] for check in found["details"]["checks"])


@pytest.mark.parametrize("exercise", ["score", "highest", "draw", "ablate", "picture"])
def test_every_other_right_answer_passes(exercise: str, desk: Desk) -> None:
    for variant in desk.course.exercises[exercise].also_right:
        assert desk.hand_in(exercise, variant.text)["verdict"] == "passed", variant.name


def test_the_starter_is_not_an_attempt(desk: Desk) -> None:
    found = desk.hand_in("score", desk.course.exercises["score"].starter)
    assert found["verdict"] == "not_attempted"
    assert found["message"] == "This is still the starter: there is nothing to check yet."


def test_a_function_that_is_not_written_yet_is_not_an_attempt(desk: Desk) -> None:
    found = desk.hand_in("score", answer("return later(pattern)\n\ndef later(x): raise NotImplementedError"))
    assert found["verdict"] == "not_attempted"


def test_a_wrong_value_is_told_with_its_place_and_input(desk: Desk) -> None:
    found = desk.hand_in("score", answer("return pattern.diagonal(-back, -2, -1).mean(-1) ** 2"))
    details = found["details"]
    assert found["verdict"] == "failed"
    assert found["message"].startswith("At [0] of the scores: expected 0.")
    assert details["check"] == "Any pattern, any distance."
    assert [check["passed"] for check in details["checks"]] == [True, False]
    named = {each["name"]: each for each in details["input"]}
    assert len(named["pattern"]["shape"]) == 3
    assert named["pattern"]["dtype"] == "float32"
    assert named["back"]["text"] in {"2", "3", "4", "5"}
    assert details["got"]["shape"] == details["expected"]["shape"]


def test_checks_after_the_failed_one_are_not_run(desk: Desk) -> None:
    found = desk.hand_in("score", answer("return torch.zeros(len(pattern))") + "\nimport torch")
    assert [check["passed"] for check in found["details"]["checks"]] == [False, None]
    assert found["message"].startswith("The planted head should score 1.")


def test_a_wrong_shape_is_told_before_any_check_sees_it(desk: Desk) -> None:
    found = desk.hand_in("score", answer("return pattern.diagonal(-back, -2, -1)"))
    assert found["verdict"] == "failed"
    assert "`score` returned a tensor of numbers (float32) with shape (3, " in found["message"]
    assert "Expected: a tensor of numbers with shape (head=3,)." in found["message"]
    assert found["details"]["expected"]["text"] == "a tensor of numbers with shape (head=3,)"


def test_nothing_returned_asks_for_the_return(desk: Desk) -> None:
    found = desk.hand_in("score", answer("pattern.mean()"))
    assert found["message"].endswith("Is a `return` missing?")


def test_an_exception_is_told_with_its_line_and_input(desk: Desk) -> None:
    found = desk.hand_in("score", answer("x = 1\n    return pattern[99]"))
    assert found["verdict"] == "error"
    assert found["message"].startswith("`score` raised in line 4 `IndexError: index 99 is out of bounds")
    assert found["details"]["line"] == 4
    assert found["details"]["input"][0]["shape"] == [3, 9, 9]


def test_an_exception_before_any_check_is_told_with_its_line(desk: Desk) -> None:
    found = desk.hand_in("score", "x = 1\ny = z\n")
    assert found["verdict"] == "error"
    assert found["message"].startswith("Your code stopped in line 2 with NameError: ")


def test_a_syntax_error_is_told_with_its_line(desk: Desk) -> None:
    found = desk.hand_in("score", "def score(pattern, back):\n    return (\n")
    assert found["verdict"] == "error"
    assert "in line 2 with SyntaxError" in found["message"]


def test_a_function_under_another_name_is_missed(desk: Desk) -> None:
    found = desk.hand_in("score", "def scores(pattern, back):\n    return pattern")
    assert found["verdict"] == "error"
    assert "There is no `score`." in found["message"]


def test_an_answer_can_use_what_earlier_exercises_defined(desk: Desk) -> None:
    text = "def highest(pattern):\n    return score(pattern, 1).argmax().item()"
    assert desk.hand_in("highest", text)["verdict"] == "passed"


def test_a_probe_tells_of_the_learners_code_and_not_of_itself(desk: Desk) -> None:
    found = desk.hand_in("ablate", "def silence(z, hook, head):\n    return z[99]")
    assert found["verdict"] == "error"
    assert found["message"].startswith("Your code raised in line 2 `IndexError: ")
    assert "probe" not in found["message"]


def test_a_deterministic_exercise_notices_chance(desk: Desk) -> None:
    found = desk.hand_in("score", "import torch\n" + answer("return torch.rand(len(pattern))"))
    assert found["verdict"] == "failed"
    assert "was asked the same twice and gave two different answers" in found["message"]


def test_hidden_inputs_are_others_each_time(desk: Desk) -> None:
    found = [desk.hand_in("score", answer("return pattern[:, 0, 0] * 0")) for _ in range(6)]
    assert len({each["details"]["input"][1]["text"] for each in found}) > 1
