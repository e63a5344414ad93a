"""Path patching takes the direct path alone: TransformerLens's exact edges, and a slow version by hand."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from transformer_lens import patching

from tests.lab.techniques.conftest import Case, case_of
from workers import lab


@pytest.mark.parametrize(("kind", "part"), [("gpt2", "q"), ("gpt2", "k"), ("gpt2", "v"), ("llama", "q")])
def test_an_edge_past_the_mlps_is_transformerlens_s(kind: str, part: Any) -> None:
    case = case_of(kind)
    _, clean = case.model.run_with_cache(case.clean)
    _, corrupted = case.model.run_with_cache(case.corrupted)
    theirs = patching.get_act_patch_direct_path(
        case.model, case.corrupted, clean, corrupted, case.metric, 0, 1, part, verbose=False
    )
    for layer, head in ((1, 0), (2, 3)):
        ours = lab.path_patch(
            case.model,
            case.clean,
            case.corrupted,
            case.metric,
            [(layer, head)],
            part,
            senders=[(0, 1)],
            through_mlps=False,
        )
        assert abs(theirs[layer, head]) > 1e-6
        torch.testing.assert_close(ours, theirs[layer, head], atol=1e-4, rtol=1e-4)


def by_hand(case: Case, sender: tuple[int, int], mlps_held: bool) -> Tensor:
    """The final residual stream with one head's clean output, MLPs computed from their own weights."""
    model = case.model
    _, new = model.run_with_cache(case.clean)
    _, old = model.run_with_cache(case.corrupted)
    stream = old["blocks.0.hook_resid_pre"].clone()
    for layer, block in enumerate(model.blocks):
        stream = stream + old[f"blocks.{layer}.hook_attn_out"]
        if layer == sender[0]:
            change = (new["z", layer] - old["z", layer])[:, :, sender[1]]
            stream = stream + change @ block.attn.W_O[sender[1]]
        if not model.cfg.attn_only:
            held = old[f"blocks.{layer}.hook_mlp_out"]
            stream = stream + (held if mlps_held else block.mlp(block.ln2(stream)))
    return stream


@pytest.mark.parametrize("mlps_held", [False, True])
def test_a_path_to_the_logits_is_what_it_is_by_hand(case: Case, mlps_held: bool) -> None:
    ours = lab.path_patch(case.model, case.clean, case.corrupted, case.metric, through_mlps=not mlps_held)
    for sender in ((0, 1), (1, 0)):
        stream = by_hand(case, sender, mlps_held)
        expected = case.metric(case.model.unembed(case.model.ln_final(stream)))
        torch.testing.assert_close(ours[sender], expected, atol=1e-4, rtol=1e-4)


def test_a_path_through_mlps_to_a_query_is_what_it_is_by_hand() -> None:
    case, sender, receiver = case_of("tiny-gpt2"), (0, 1), (2, 3)
    model = case.model
    _, new = model.run_with_cache(case.clean)
    _, old = model.run_with_cache(case.corrupted)
    stream = old["blocks.0.hook_resid_pre"]
    for layer in range(receiver[0]):
        stream = stream + old[f"blocks.{layer}.hook_attn_out"]
        if layer == sender[0]:
            change = (new["z", layer] - old["z", layer])[:, :, sender[1]]
            stream = stream + change @ model.blocks[layer].attn.W_O[sender[1]]
        stream = stream + model.blocks[layer].mlp(model.blocks[layer].ln2(stream))
    read = model.blocks[receiver[0]].ln1(stream)
    query = read @ model.W_Q[receiver] + model.b_Q[receiver]

    def put(value: Tensor, hook: Any) -> Tensor:
        value = value.clone()
        value[:, :, receiver[1]] = query
        return value

    logits = model.run_with_hooks(case.corrupted, fwd_hooks=[(f"blocks.{receiver[0]}.attn.hook_q", put)])
    ours = lab.path_patch(model, case.clean, case.corrupted, case.metric, [receiver], "q", senders=[sender])
    assert abs(ours) > 1e-6
    torch.testing.assert_close(ours, case.metric(logits), atol=1e-4, rtol=1e-4)


def test_a_head_of_the_last_layer_has_no_other_path_than_the_direct_one(case: Case) -> None:
    straight = lab.path_patch(case.model, case.clean, case.corrupted, case.metric)
    every = lab.patch_heads(case.model, case.clean, case.corrupted, case.metric)
    torch.testing.assert_close(straight[-1], every[-1], atol=1e-4, rtol=1e-4)
    assert (straight[0] - every[0]).abs().max() > 1e-4


def test_a_head_cannot_send_to_its_own_layer_or_back(case: Case) -> None:
    last = case.model.cfg.n_layers - 1
    to_the_last = lab.path_patch(case.model, case.clean, case.corrupted, case.metric, [(last, 0)], "v")
    torch.testing.assert_close(to_the_last[last], torch.zeros_like(to_the_last[last]), atol=1e-3, rtol=0)
    assert to_the_last[:last].abs().max() > 1e-4


def test_several_senders_send_together_and_all_of_them_are_all_that_attention_does() -> None:
    case = case_of("attn-only-2l")
    heads = [(layer, head) for layer in range(2) for head in range(8)]
    args = (case.model, case.clean, case.corrupted, case.metric)
    by_all = lab.path_patch(*args, senders=heads)
    by_none = lab.path_patch(*args, senders=[])
    # position 2 is not the answer's, so nothing but attention can bring the answer there
    torch.testing.assert_close(by_all, torch.tensor(1.0), atol=1e-3, rtol=0)
    torch.testing.assert_close(by_none, torch.tensor(0.0), atol=1e-3, rtol=0)


def test_one_receiver_after_the_other_is_not_both_together_but_each_is_reached() -> None:
    case = case_of("llama")
    args = (case.model, case.clean, case.corrupted, case.metric)
    both = lab.path_patch(*args, [(1, 0), (2, 5)], "q")
    one, other = lab.path_patch(*args, [(1, 0)], "q"), lab.path_patch(*args, [(2, 5)], "q")
    assert not torch.allclose(both, one, atol=1e-6)
    assert not torch.allclose(both, other, atol=1e-6)
    torch.testing.assert_close(both[1], other[1], atol=1e-4, rtol=1e-4)  # layer 1 reaches only the second
