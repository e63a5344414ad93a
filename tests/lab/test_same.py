"""`lab.same` is the one comparison, and its message says where two values first differ."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from workers import lab
from workers.lab.compare import Different, number

SAME = [
    (torch.ones(3), torch.ones(3)),
    (torch.ones(3), torch.ones(3, dtype=torch.float64)),
    (torch.ones(3, dtype=torch.long), torch.ones(3)),
    (torch.ones(3) + 5e-5, torch.ones(3)),
    (torch.full((2,), 1e6 + 50), torch.full((2,), 1e6)),
    (torch.tensor([float("inf"), float("nan")]), torch.tensor([float("inf"), float("nan")])),
    (torch.tensor(2.0), 2.0),
    (2, torch.tensor(2.0)),
    (np.ones(3), torch.ones(3)),
    (np.float32(0.5), 0.5),
    (1, 1.0),
    (True, True),
    ("a", "a"),
    (None, None),
    ([1, 2.0], (1, 2)),
    ({"a": [torch.ones(2)]}, {"a": [torch.ones(2)]}),
    (torch.ones(2, 3, requires_grad=True), torch.ones(3, 2).T),
    (torch.zeros(0, 3), torch.zeros(0, 3)),
]

DIFFERENT = [
    (torch.zeros(3), torch.tensor([0.0, 1, 1]), "At [1] of it: expected 1, got 0. (2 of 3 values differ.)"),
    (torch.zeros(2, 2), torch.eye(2), "At [0, 0] of it: expected 1, got 0. (2 of 4 values differ.)"),
    (torch.zeros(2), torch.zeros(3), "It should have shape (3,), but has (2,)."),
    (torch.zeros(()), torch.zeros(3), "It should have shape (3,), but has ()."),
    (0.0, torch.zeros(3), "It should be a tensor of shape (3,), not a float (0)."),
    (torch.ones(2) > 0, torch.ones(2), "It should hold numbers (float32), but holds truth values (bool)."),
    (torch.tensor([1.0, float("nan")]), torch.ones(2), "At [1] of it: expected 1, got nan."),
    (torch.tensor(float("nan")), torch.tensor(1.0), "It: expected 1, got nan."),
    (
        torch.tensor([2**53 + 1]),
        torch.tensor([2**53]),
        "At [0] of it: expected 9007199254740992, got 9007199254",
    ),
    (1.001, 1.0, "It: expected 1, got 1.001."),
    (torch.tensor([2.98442]), torch.tensor([2.98401]), "At [0] of it: expected 2.98401, got 2.98442."),
    (2, 1, "It: expected 1, got 2."),
    (float("nan"), 1.0, "It: expected 1, got nan."),
    (torch.ones(2), torch.tensor([1.0, float("inf")]), "At [1] of it: expected inf, got 1."),
    (torch.tensor([float("inf")]), torch.tensor([-float("inf")]), "At [0] of it: expected -inf, got inf."),
    (1.0, float("inf"), "It: expected inf, got 1."),
    (10**400, 1.0, "It: expected 1, got a whole number of 401 digits."),
    (True, 1, "It should be a number, not a bool (True)."),
    (1, True, "It: expected True, got 1."),
    ("b", "a", "It: expected 'a', got 'b'."),
    (None, "a", "It: expected 'a', got None."),
    ([1], [1, 2], "It should have 2 entries, but has 1."),
    ([1, 3], [1, 2], "Entry 1 of it: expected 2, got 3."),
    (5, [1], "It should be a list of 1, not an int (5)."),
    ({}, {"a": 1}, "It lacks 'a'."),
    ({"a": 1, "b": 2}, {"a": 1}, "It has 'b', which does not belong there."),
    ({"a": 2}, {"a": 1}, "'a' of it: expected 1, got 2."),
    ([], {}, "It should be a dictionary, not a list ([])."),
]


@pytest.mark.parametrize(("got", "want"), SAME)
def test_these_are_the_same(got: Any, want: Any) -> None:
    lab.same(got, want)


@pytest.mark.parametrize(("got", "want", "message"), DIFFERENT)
def test_these_differ_and_the_message_says_where(got: Any, want: Any, message: str) -> None:
    with pytest.raises(Different) as different:
        lab.same(got, want, name="it")
    assert str(different.value).startswith(message)


def test_the_tolerance_is_absolute_below_one_and_relative_above() -> None:
    lab.same(torch.tensor([0.01, 1000.0]), torch.tensor([0.0, 1009.0]), tol=0.01)
    with pytest.raises(Different):
        lab.same(torch.tensor([0.02]), torch.tensor([0.0]), tol=0.01)
    with pytest.raises(Different):
        lab.same(torch.tensor([1000.0]), torch.tensor([1011.0]), tol=0.01)


def test_a_factored_matrix_is_multiplied_out() -> None:
    model = lab.load("attn-only-1l")
    lab.same(model.OV[0, 0], model.W_V[0, 0] @ model.W_O[0, 0])


def test_numbers_are_written_as_people_write_them() -> None:
    assert [number(value) for value in (3.0, 0.123456, 1e-9, -2, True)] == [
        "3",
        "0.1235",
        "1e-09",
        "-2",
        "True",
    ]
