"""The course's own questions at the start of the path: the numbers are what a machine gets."""

from __future__ import annotations

import math
from collections import Counter

import pytest
import torch
from einops import einsum

from app.config import ROOT
from app.lessons.questions import Question, read

TEXT = (ROOT / "app" / "course" / "start.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def asked() -> dict[str, Question]:
    """All questions, also those whose lesson nobody has written."""
    lessons = {line.split('"')[1] for line in TEXT.splitlines() if line.startswith("lesson = ")}
    found = read(TEXT, lessons, lambda line, sentence: pytest.fail(f"{line}: {sentence}"))
    return {question.id: question for question in found}


def test_each_lesson_is_asked_for_once_in_a_few_minutes(asked: dict[str, Question]) -> None:
    assert 8 <= len(asked) <= 12
    assert set(Counter(question.lesson for question in asked.values()).values()) == {1}


def test_the_right_choice_is_not_always_the_same_one(asked: dict[str, Question]) -> None:
    places = {q.choices.index(str(q.right)) for q in asked.values() if q.choices}
    assert len(places) > 2


def gradient() -> float:
    w = torch.tensor(1.0, requires_grad=True)
    ((3 * w).relu() - 1).square().backward()
    assert w.grad is not None
    return float(w.grad)


def equal_attention() -> float:
    scores = torch.zeros(5, 5).masked_fill(torch.ones(5, 5).triu(1).bool(), -math.inf)
    return float(scores.softmax(-1)[2, 0])


def cross_entropy() -> float:
    return float(torch.nn.functional.cross_entropy(torch.zeros(1, 8), torch.tensor([5])))


def odds() -> float:
    first, second = (torch.tensor([2.0, 1.0]) / 0.5).softmax(-1)
    return float(first / second)


def test_the_numbers_are_what_a_machine_gets(asked: dict[str, Question]) -> None:
    torch.manual_seed(0)
    product = torch.rand(6, 2, dtype=torch.float64) @ torch.rand(2, 8, dtype=torch.float64)
    answers = {
        "broadcasting": (torch.ones(6, 1, 4) + torch.ones(5, 1)).numel(),
        "rank": int((torch.linalg.svdvals(product) > 1e-9).sum()),
        "uniform": round(cross_entropy(), 2),
        "chain_rule": gradient(),
        "equal_scores": round(equal_attention(), 2),
        "temperature": round(odds(), 1),
    }
    assert answers.keys() == {name for name, question in asked.items() if not question.choices}
    for name, answer in answers.items():
        assert asked[name].is_right(str(answer)), (name, answer)


def test_what_can_be_tried_is_so(asked: dict[str, Question]) -> None:
    shape = einsum(torch.rand(5, 3, 4), torch.rand(4, 7), "x y k, k z -> z x").shape
    assert asked["einsum"].is_right(str(tuple(shape)))
    x = torch.randn(4, 16, dtype=torch.float64)
    norm = torch.nn.functional.layer_norm
    torch.testing.assert_close(norm(x, [16]), norm(10 * x + 3, [16]), atol=1e-4, rtol=1e-4)
