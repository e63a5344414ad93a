"""Models at a step of their training, in the examiner: told by name, and free of hooks for the next check."""

from __future__ import annotations

import torch

from workers import lab
from workers.examiner.answer import described
from workers.examiner.references import reset_models


def test_a_checkpoint_is_told_by_its_model_and_its_step() -> None:
    assert described(lab.load("attn-only-2l", step=900))["text"] == "attn-only-2l at step 900"
    assert described(lab.load("attn-only-2l"))["text"] == "attn-only-2l"


def test_no_hook_on_a_checkpoint_outlives_a_check() -> None:
    model, tokens = lab.load("attn-only-2l", step=900), torch.arange(1, 9)[None]
    before = model(tokens)
    model.add_hook("blocks.0.hook_resid_pre", lambda value, hook: 2 * value)
    assert not torch.allclose(model(tokens), before)
    reset_models()
    assert torch.equal(model(tokens), before)
