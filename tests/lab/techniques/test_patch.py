"""Patching maps are TransformerLens's own, batched; and behave as patching has to."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from transformer_lens import patching

from tests.lab.techniques.conftest import Case, case_of
from workers import lab
from workers.lab.techniques import runs
from workers.lab.techniques.shortcut import Shortcut

THEIRS = {"z": "out", "q": "q", "k": "k", "v": "v", "pattern": "pattern"}
STREAM = {
    "resid_pre": patching.get_act_patch_resid_pre,
    "resid_mid": patching.get_act_patch_resid_mid,
    "attn_out": patching.get_act_patch_attn_out,
    "mlp_out": patching.get_act_patch_mlp_out,
}


def clean_cache(case: Case) -> Any:
    return case.model.run_with_cache(case.clean)[1]


@pytest.mark.parametrize("at", list(STREAM))
def test_the_residual_map_is_transformerlens_s(case: Case, at: Any) -> None:
    if at in ("resid_mid", "mlp_out") and case.model.cfg.attn_only:
        pytest.skip("it has no MLPs")
    theirs = STREAM[at](case.model, case.corrupted, clean_cache(case), case.metric)
    ours = lab.patch_residual(case.model, case.clean, case.corrupted, case.metric, at=at)
    assert theirs.std() > 1e-4  # there is something to compare
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("part", list(THEIRS))
def test_the_map_of_heads_is_transformerlens_s(case: Case, part: Any) -> None:
    run = getattr(patching, f"get_act_patch_attn_head_{THEIRS[part]}_all_pos")
    theirs = run(case.model, case.corrupted, clean_cache(case), case.metric)
    ours = lab.patch_heads(case.model, case.clean, case.corrupted, case.metric, part)
    assert theirs.std() > 1e-6
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("part", list(THEIRS))
def test_the_map_of_heads_at_positions_is_transformerlens_s(case: Case, part: Any) -> None:
    run = getattr(patching, f"get_act_patch_attn_head_{THEIRS[part]}_by_pos")
    theirs = run(case.model, case.corrupted, clean_cache(case), case.metric)
    if part != "pattern":  # theirs is [layer pos head] then
        theirs = theirs.transpose(1, 2)
    ours = lab.patch_heads_by_position(case.model, case.clean, case.corrupted, case.metric, part)
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=1e-4)


def test_where_the_prompts_differ_the_whole_stream_is_everything_and_elsewhere_nothing(case: Case) -> None:
    before = lab.patch_residual(case.model, case.clean, case.corrupted, case.metric)[0]
    expected = torch.zeros(9)
    expected[2] = 1
    torch.testing.assert_close(before, expected, atol=1e-3, rtol=0)


def test_after_the_last_layer_only_the_answer_s_position_counts() -> None:
    case = case_of("llama")
    after = lab.patch_residual(case.model, case.clean, case.corrupted, case.metric, at="resid_post")[-1]
    torch.testing.assert_close(after, torch.eye(9)[-1], atol=1e-3, rtol=0)


def test_patching_a_run_into_itself_changes_nothing(case: Case) -> None:
    for prompts, value in ((case.clean, 1.0), (case.corrupted, 0.0)):
        same = lab.patch_heads(case.model, prompts, prompts, case.metric)
        torch.testing.assert_close(same, torch.full_like(same, value), atol=1e-3, rtol=0)


def test_batches_are_cut_and_give_the_same(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = lab.patch_heads_by_position(case.model, case.clean, case.corrupted, case.metric)
    monkeypatch.setattr("workers.lab.techniques.runs.MOST_TOKENS", 5 * case.clean.numel())
    parts = lab.patch_heads_by_position(case.model, case.clean, case.corrupted, case.metric)
    torch.testing.assert_close(parts, whole, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("part", ["z", "pattern"])
def test_the_shortcut_of_long_work_leads_to_the_same(
    case: Case, part: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    args = (case.model, case.clean, case.corrupted, case.metric)
    monkeypatch.setattr(runs, "MOST_TOKENS", 2 * case.clean.numel())
    whole = lab.patch_heads(*args, part), lab.patch_residual(*args)
    monkeypatch.setattr(runs, "_LONG", 0)
    assert Shortcut(case.model, case.corrupted).taken
    short = lab.patch_heads(*args, part), lab.patch_residual(*args)
    torch.testing.assert_close(short, whole, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(case.metric(case.model(case.clean)), torch.tensor(1.0), atol=1e-3, rtol=0)


def test_texts_are_read_as_the_model_reads_them() -> None:
    model, clean, corrupted = lab.load("attn-only-2l"), " Emma saw Emma", " Harriet saw Emma"
    tokens = model.to_tokens(clean), model.to_tokens(corrupted)

    def metric(logits: torch.Tensor) -> torch.Tensor:
        return logits[0, -1, 5] - logits[0, -1, 6]

    by_text = lab.patch_residual(model, clean, corrupted, metric)
    torch.testing.assert_close(by_text, lab.patch_residual(model, *tokens, metric))


def test_hooks_are_gone_afterwards_and_gradients_as_before() -> None:
    case = case_of("tiny-gpt2")
    before = case.model(case.clean)
    lab.patch_heads(case.model, case.clean, case.corrupted, case.metric)
    assert torch.equal(case.model(case.clean), before)
    assert torch.is_grad_enabled()
