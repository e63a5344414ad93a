"""Attribution patching is the tangent of patching: exact for small steps, and TransformerLens's numbers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor
from transformer_lens.tools.analysis.attribution_patching import attribution_patch as theirs_of

from tests.lab.techniques.conftest import Case, case_of
from workers import lab
from workers.lab.techniques import gradients


@pytest.mark.parametrize("kind", ["gpt2", "llama", "tiny-gpt2"])
def test_heads_have_transformerlens_s_scores(kind: str) -> None:
    case = case_of(kind, batch=1)
    ours = lab.attribution_patch_heads_by_position(case.model, case.clean, case.corrupted, case.metric)
    weights = {name: one.requires_grad for name, one in case.model.named_parameters()}
    try:
        case.model.requires_grad_(True)  # without it theirs finds no gradient
        theirs = theirs_of(case.model, case.clean, case.corrupted, case.metric)
    finally:
        for name, one in case.model.named_parameters():
            one.requires_grad_(weights[name])
    compared = 0
    for node, score in theirs.node_scores.items():
        if node.kind == "attn_head_out":
            torch.testing.assert_close(
                ours[node.layer, node.head, node.position], torch.tensor(score), atol=1e-4, rtol=1e-3
            )
            compared += 1
    assert compared == ours.numel()


@pytest.mark.parametrize("part", ["z", "q", "k", "v", "pattern"])
def test_for_a_small_step_it_is_patching(case: Case, part: Any) -> None:
    """A thousandth of the way to the clean run."""
    step = 1e-3
    estimate = lab.attribution_patch_heads_by_position(
        case.model, case.clean, case.corrupted, case.metric, part
    )
    layer, head, pos = (int(index) for index in (estimate.abs() == estimate.abs().max()).nonzero()[0])
    name = f"blocks.{layer}.attn.hook_{part}"
    index = (head, pos) if part == "pattern" else (pos, head)
    clean = gradients.recorded(case.model, case.clean, [name])[name]

    def little(value: Tensor, hook: Any) -> Tensor:
        value = value.clone()
        value[:, *index] += step * (clean[:, *index] - value[:, *index])
        return value

    moved = case.metric(case.model.run_with_hooks(case.corrupted, fwd_hooks=[(name, little)]))
    still = case.metric(case.model(case.corrupted))
    torch.testing.assert_close((moved - still) / step, estimate[layer, head, pos], atol=2e-2, rtol=5e-2)


@pytest.mark.parametrize("kind", ["attn-only-2l", "tiny-gpt2", "native", "gpt2", "llama"])
@pytest.mark.parametrize("at", ["resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out"])
def test_for_a_small_step_the_residual_estimate_is_patching(kind: str, at: Any) -> None:
    """Prompts that hardly differ: the clean run's embedding is moved a little away from the corrupted one."""
    case = case_of(kind)
    if at in ("resid_mid", "mlp_out") and case.model.cfg.attn_only:
        pytest.skip("it has no MLPs")
    near = copy.deepcopy(case.model)
    table = near.embed.weight
    source, target = case.corrupted[:, 2], case.clean[:, 2]
    with torch.no_grad():
        table[target] = table[source] + 1e-2 * (table[target] - table[source])
    args = (near, case.clean, case.corrupted, lambda logits: 100 * case.metric(logits))
    estimate = lab.attribution_patch_residual(*args, at)
    real = lab.patch_residual(*args, at) - args[3](near(case.corrupted))
    assert real.abs().max() > 1e-2
    torch.testing.assert_close(estimate, real, atol=0.03 * real.abs().max().item(), rtol=0.1)


def test_after_the_last_layer_the_estimate_is_at_the_answer_alone(case: Case) -> None:
    args = (case.model, case.clean, case.corrupted, case.metric)
    estimate = lab.attribution_patch_residual(*args, at="resid_post")[-1]
    answer = case.pos % 9
    others = [pos for pos in range(9) if pos != answer]
    assert estimate[others].abs().max() < 1e-6
    assert estimate[answer].abs() > 1e-4


def test_heads_are_their_positions_together(case: Case) -> None:
    args = (case.model, case.clean, case.corrupted, case.metric)
    for part in ("z", "k", "pattern"):
        whole = lab.attribution_patch_heads(*args, part)
        split = lab.attribution_patch_heads_by_position(*args, part)
        torch.testing.assert_close(split.sum(-1), whole)


def test_the_model_and_its_original_can_be_copied_afterwards() -> None:
    case = case_of("attn-only-2l")
    case.model(case.clean)
    copied = copy.deepcopy(case.model)
    lab.attribution_patch_heads(copied, case.clean, case.corrupted, case.metric)
    again = copy.deepcopy(case.model)
    torch.testing.assert_close(again(case.clean), copy.deepcopy(copied)(case.clean))


def test_weights_stay_frozen_and_no_gradient_is_left() -> None:
    case = case_of("tiny-gpt2")
    lab.attribution_patch_heads(case.model, case.clean, case.corrupted, case.metric)
    assert not any(weight.requires_grad or weight.grad is not None for weight in case.model.parameters())
