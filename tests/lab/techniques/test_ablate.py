"""Zero, mean and resample: three things to put in a head's place, each what it says."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from tests.lab.techniques.conftest import Case, case_of
from workers import lab


def ablated_by_hand(case: Case, layer: int, head: int, instead: Tensor | float) -> Tensor:
    def put(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[:, :, head] = instead
        return z

    return case.model.run_with_hooks(case.clean, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", put)])


def test_zero_is_nothing_at_all(case: Case) -> None:
    ours = lab.ablate(case.model, case.clean, [(1, 1)])
    torch.testing.assert_close(ours, ablated_by_hand(case, 1, 1, 0.0))


def test_mean_is_what_it_says_on_average_over_the_data_at_each_position(case: Case) -> None:
    data = torch.cat([case.clean, case.corrupted, case.clean.flip(1)])
    mean = case.model.run_with_cache(data)[1]["z", 0][:, :, 1].mean(0)
    ours = lab.ablate(case.model, case.clean, [(0, 1)], "mean", data=data)
    torch.testing.assert_close(ours, ablated_by_hand(case, 0, 1, mean), atol=1e-5, rtol=1e-5)


def test_a_mean_over_many_prompts_is_taken_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    case = case_of("tiny-gpt2", batch=7)
    whole = lab.ablate(case.model, case.clean, [(1, 2)], "mean")
    monkeypatch.setattr("workers.lab.techniques.ablation.MOST_TOKENS", 20)
    in_parts = lab.ablate(case.model, case.clean, [(1, 2)], "mean")
    torch.testing.assert_close(in_parts, whole, atol=1e-5, rtol=1e-5)


def test_resampling_gives_each_prompt_another_one_s_activations(case: Case) -> None:
    z = case.model.run_with_cache(case.clean)[1]["z", 1][:, :, 0]
    ours = lab.ablate(case.model, case.clean, [(1, 0)], "resample", seed=3)
    for row in range(3):
        others = [other for other in range(3) if other != row]
        possible = [ablated_by_hand(case, 1, 0, z[other])[row] for other in others]
        assert any(torch.allclose(ours[row], one, atol=1e-4) for one in possible)


def test_resampling_from_the_corrupted_run_is_noising() -> None:
    case = case_of("gpt2", batch=1)
    noised = lab.patch_heads(case.model, case.corrupted, case.clean, case.metric)
    ours = lab.ablate_heads(case.model, case.clean, case.metric, "resample", data=case.corrupted)
    torch.testing.assert_close(ours, noised, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("how", ["zero", "mean", "resample"])
def test_the_map_is_each_head_alone(case: Case, how: Any) -> None:
    grid = lab.ablate_heads(case.model, case.clean, case.metric, how)
    for layer, head in ((0, 1), (1, 0)):
        alone = case.metric(lab.ablate(case.model, case.clean, [(layer, head)], how))
        torch.testing.assert_close(grid[layer, head], alone, atol=1e-4, rtol=1e-4)


def test_heads_and_mlps_go_together_and_hooks_can_be_had_alone() -> None:
    case = case_of("tiny-gpt2")
    heads = [(layer, head) for layer in range(3) for head in range(4)]
    hooks = lab.ablation_hooks(case.model, case.clean, heads, mlps=range(3))
    logits = case.model.run_with_hooks(case.clean, fwd_hooks=hooks)
    found = case.model.run_with_cache(case.clean)[1]
    stream = found["hook_embed"] + found["hook_pos_embed"] + case.model.b_O.sum(0)
    only_biases = case.model.unembed(case.model.ln_final(stream))
    torch.testing.assert_close(logits, only_biases, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(logits, lab.ablate(case.model, case.clean, heads, mlps=range(3)))


def test_nothing_ablated_is_the_model_itself(case: Case) -> None:
    torch.testing.assert_close(lab.ablate(case.model, case.clean), case.model(case.clean))
