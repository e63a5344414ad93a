"""Forms are judged without a child: their values are read as people type them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.lessons import Exercise, load
from tests.examiner.conftest import COURSE, Desk
from workers.examiner import forms

RIGHT: dict[str, Any] = {"layers": 2, "heads": [[1, 0], [1, 2]], "why": "copying", "share": 0.5, "sure": True}


@pytest.fixture(scope="module")
def form() -> Exercise:
    return load(COURSE).exercises["form"]


def test_the_right_values_pass(desk: Desk) -> None:
    assert desk.hand_in("form", desk.course.exercises["form"].solution)["verdict"] == "passed"


def test_nothing_filled_in_is_not_an_attempt(desk: Desk) -> None:
    found = desk.hand_in("form", json.dumps({**RIGHT, "heads": "", "layers": None}))
    assert found["verdict"] == "not_attempted"
    assert found["message"] == "Nothing is filled in yet at: How many layers?; Which heads?"


def test_what_cannot_be_read_is_told(desk: Desk) -> None:
    found = desk.hand_in("form", json.dumps({**RIGHT, "layers": "two"}))
    assert found["verdict"] == "failed"
    assert found["message"] == "How many layers? Give a whole number, such as 3."


def test_a_wrong_value_is_told_by_its_check(desk: Desk) -> None:
    found = desk.hand_in("form", json.dumps({**RIGHT, "layers": 5}))
    assert (found["verdict"], found["message"]) == ("failed", "Not 5 layers.")
    assert [check["passed"] for check in found["details"]["checks"]] == [False, None, None]


@pytest.mark.parametrize(
    ("values", "mistake"),
    [
        ({"layers": "1"}, "mistake_one__layers"),
        ({"heads": "0.0, 0.2"}, "mistake_first_layer__heads"),
        ({"why": "luck"}, "mistake_luck__why"),
        ({"why": "luck", "layers": 7}, None),
        ({"heads": "0.1"}, None),
    ],
)
def test_a_known_mistake_is_named(values: dict[str, Any], mistake: str | None, desk: Desk) -> None:
    found = desk.hand_in("form", json.dumps({**RIGHT, **values}))
    assert found["verdict"] == "failed"
    assert found["details"]["mistake"] == mistake


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("layers", "2", 2),
        ("layers", " 2 ", 2),
        ("layers", 2.0, 2),
        ("share", "0,5", 0.5),
        ("share", "1e-3", 0.001),
        ("sure", "on", True),
        ("sure", "no", False),
        ("heads", "1.0, 1.2", [(1, 0), (1, 2)]),
        ("heads", "1.2 1.0 1.2", [(1, 0), (1, 2)]),
        ("heads", "(1, 0), (1, 2)", [(1, 0), (1, 2)]),
        ("heads", "L1H0; l1h2", [(1, 0), (1, 2)]),
        ("heads", "[[1, 0], [1, 2]]", [(1, 0), (1, 2)]),
        ("heads", [[1, 2], (1, 0)], [(1, 0), (1, 2)]),
    ],
)
def test_values_are_read_as_people_type_them(name: str, given: Any, value: Any, form: Exercise) -> None:
    assert forms.read(form, {**RIGHT, name: given})[name] == value


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("layers", "2.5"),
        ("layers", True),
        ("layers", [2]),
        ("layers", "1" * 400),
        ("share", "nan"),
        ("share", "inf"),
        ("share", {}),
        ("why", "because"),
        ("sure", "perhaps"),
        ("heads", "all"),
        ("heads", "1.0 and more"),
        ("heads", [[1]]),
        ("heads", [[1, -1]]),
        ("heads", [[1, True]]),
        ("heads", [[0, 0]] * 1000),
    ],
)
def test_anything_else_is_refused_in_a_sentence(name: str, given: Any, form: Exercise) -> None:
    with pytest.raises(forms.Unusable, match=r"Give|Choose|Answer"):
        forms.read(form, {**RIGHT, name: given})


def test_a_form_that_is_no_object_is_not_an_attempt(desk: Desk) -> None:
    assert desk.hand_in("form", "[]")["verdict"] == "not_attempted"
