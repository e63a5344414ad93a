"""The logit lens ends in the model's own logits, and is TransformerLens's on the way."""

from __future__ import annotations

import pytest
import torch
from transformer_lens.tools.analysis import logit_lens as theirs_of

from tests.lab.techniques.conftest import Case, case_of
from workers import lab


def test_the_last_stage_is_the_model_s_own_answer(case: Case) -> None:
    stages = lab.logit_lens(case.model, case.clean)
    assert len(stages) == case.model.cfg.n_layers + 1
    torch.testing.assert_close(stages[-1], case.model(case.clean), atol=1e-4, rtol=1e-4)
    assert (stages[0] - stages[-1]).abs().max() > 0.1


@pytest.mark.parametrize("kind", ["gpt2", "llama", "tiny-gpt2"])
def test_every_stage_is_transformerlens_s(kind: str) -> None:
    case = case_of(kind)
    ours = lab.logit_lens(case.model, case.clean).log_softmax(-1)
    theirs = theirs_of(case.model, case.clean, positions=None, return_type="log_probs")
    wanted = [theirs.labels.index(f"{layer}_pre") for layer in range(case.model.cfg.n_layers)] + [-1]
    torch.testing.assert_close(ours, theirs.values[wanted], atol=1e-4, rtol=1e-4)


def test_a_metric_is_asked_at_every_stage_and_may_say_more_than_one_number(case: Case) -> None:
    logits = lab.logit_lens(case.model, case.clean)
    line = lab.logit_lens(case.model, case.clean, case.metric)
    torch.testing.assert_close(line[-1], torch.tensor(1.0), atol=1e-3, rtol=0)
    grid = lab.logit_lens(case.model, case.clean, lambda logits: logits[1, :, 0])
    torch.testing.assert_close(grid, logits[:, 1, :, 0])


def test_a_model_without_layers_has_one_stage() -> None:
    model, tokens = lab.load("attn-only-0l"), torch.arange(5)
    torch.testing.assert_close(lab.logit_lens(model, tokens)[0], model(tokens[None]))
