"""The logit difference, and a metric's scale from 0 to 1."""

from __future__ import annotations

import torch

from tests.lab.techniques.conftest import Case
from workers import lab


def test_the_logit_difference_is_one_number_or_one_a_prompt() -> None:
    logits = torch.arange(24.0).reshape(2, 3, 4) ** 2
    each = lab.logit_difference(logits, [3, 1], [0, 2], per_prompt=True)
    assert each.tolist() == [11.0**2 - 8**2, 21.0**2 - 22**2]
    assert lab.logit_difference(logits, [3, 1], [0, 2]) == each.mean()
    assert lab.logit_difference(logits, 3, 0, pos=0, per_prompt=True).tolist() == [9.0, 15.0**2 - 12**2]


def test_a_normalised_metric_is_0_and_1_at_its_ends(case: Case) -> None:
    assert torch.allclose(case.metric(case.model(case.corrupted)), torch.tensor(0.0), atol=1e-4)
    assert torch.allclose(case.metric(case.model(case.clean)), torch.tensor(1.0), atol=1e-4)


def test_answers_are_found_by_name() -> None:
    model = lab.load("attn-only-2l")
    found = lab.answer_tokens(model, [" Emma", " Harriet"])
    assert model.to_str_tokens(found) == [" Emma", " Harriet"]
    assert lab.answer_tokens(model, 5).tolist() == [5]
    assert lab.answer_tokens(model, torch.tensor([5, 6])).tolist() == [5, 6]
