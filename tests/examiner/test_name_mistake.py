"""After a failure the known mistakes are replayed, and the one that behaves the same is named."""

from __future__ import annotations

import pytest

from tests.examiner.conftest import Desk


@pytest.mark.parametrize("exercise", ["score", "highest", "draw", "ablate", "picture"])
def test_every_known_mistake_is_named(exercise: str, desk: Desk) -> None:
    for variant in desk.course.exercises[exercise].mistakes:
        found = desk.hand_in(exercise, variant.text)
        assert found["verdict"] == "failed", variant.name
        assert found["details"]["mistake"] == variant.name, found["message"]
        assert found["message"].endswith(f"\n\nThis looks like *{variant.label}*: {variant.doc}")


def test_a_mistake_is_known_however_it_is_written(desk: Desk) -> None:
    written = """
        def score(pattern, back):
            rows = range(pattern.shape[-1])
            return sum(pattern[:, row, row] for row in rows).double() / len(rows)
    """
    assert desk.hand_in("score", written)["details"]["mistake"] == "mistake_own_token__score"


def test_a_mistake_of_an_answer_that_draws_is_known_by_what_the_check_says(desk: Desk) -> None:
    written = """
        import random, torch

        def draw(length, low, high):
            return torch.tensor([random.choice(range(low, high)) for _ in range(length)])
    """
    assert desk.hand_in("draw", written)["details"]["mistake"] == "mistake_high_left_out__draw"


def test_an_unknown_mistake_is_not_named(desk: Desk) -> None:
    written = "def score(pattern, back):\n    return pattern.diagonal(-back, -2, -1).mean(-1) * 0.5"
    found = desk.hand_in("score", written)
    assert found["verdict"] == "failed"
    assert found["details"]["mistake"] is None
    assert "This looks like" not in found["message"]


def test_an_unknown_mistake_of_an_answer_that_draws_is_not_named(desk: Desk) -> None:
    written = (
        "import torch\n\ndef draw(length, low, high):\n    return torch.randint(-9, high + 1, (length,)) * 3"
    )
    assert desk.hand_in("draw", written)["details"]["mistake"] is None
