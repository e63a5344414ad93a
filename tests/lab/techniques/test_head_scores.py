"""Scores of heads: TransformerLens's detector, the lesson's formula, and planted heads."""

from __future__ import annotations

import pytest
import torch
from transformer_lens.head_detector import detect_head

from workers import lab
from workers.lab.techniques.detectors import looked_for

TEXT = " Emma and Harriet walked. Emma and Harriet talked. Emma"


@pytest.mark.parametrize("model", ["attn-only-2l", "tiny-gpt2"])
@pytest.mark.parametrize("habit", ["previous", "duplicate", "induction"])
def test_everywhere_they_are_transformerlens_s(model: str, habit: str) -> None:
    name = f"{habit}{'_token' if habit != 'induction' else ''}_head"
    theirs = detect_head(lab.load(model), TEXT, name)  # type: ignore[arg-type]
    ours = lab.head_scores(lab.load(model), TEXT, habit, everywhere=True)  # type: ignore[arg-type]
    assert theirs.max() > 0.01
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_induction_is_the_lesson_s_score() -> None:
    model, period = lab.load("attn-only-2l"), 20
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(4)])
    tokens = torch.cat([torch.zeros(4, 1, dtype=torch.long), once, once], dim=1)
    _, cache = model.run_with_cache(tokens)
    patterns = torch.stack([cache["pattern", 0], cache["pattern", 1]])
    second = torch.arange(period + 1, 2 * period + 1)
    want = patterns[..., second, second - period + 1].mean(dim=(1, -1))
    ours = lab.head_scores(model, tokens)
    torch.testing.assert_close(ours, want, atol=1e-5, rtol=1e-5)
    assert (ours[1] > 0.8).any()
    assert ours[0].max() < 0.2


def test_current_and_previous_are_diagonals() -> None:
    model, tokens = lab.load("tiny-gpt2"), torch.randint(1, 1024, (3, 12))
    _, cache = model.run_with_cache(tokens)
    pattern = torch.stack([cache["pattern", layer] for layer in range(3)])
    current = pattern.diagonal(0, -2, -1).mean((1, -1))
    torch.testing.assert_close(lab.head_scores(model, tokens, "current"), current)
    previous = pattern.diagonal(-1, -2, -1).mean((1, -1))
    torch.testing.assert_close(lab.head_scores(model, tokens, "previous"), previous)


def test_where_each_habit_looks() -> None:
    tokens = torch.tensor([[7, 8, 7, 9, 7]])
    looks = {
        habit: looked_for(tokens, habit)[0].nonzero().tolist()
        for habit in ("current", "previous", "duplicate", "induction")
    }
    assert looks == {
        "current": [[0, 0], [1, 1], [2, 2], [3, 3], [4, 4]],
        "previous": [[1, 0], [2, 1], [3, 2], [4, 3]],
        "duplicate": [[2, 0], [4, 0], [4, 2]],
        "induction": [[2, 1], [4, 1], [4, 3]],
    }
