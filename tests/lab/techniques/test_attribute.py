"""Direct logit attribution adds up, and is TransformerLens's where that works."""

from __future__ import annotations

import copy

import pytest
import torch
from transformer_lens.tools.analysis import direct_logit_attribution as theirs_of

from tests.lab.techniques.conftest import Case, case_of
from workers import lab


def test_the_shares_add_up_to_the_logit_difference(case: Case) -> None:
    found = lab.direct_logit_attribution(case.model, case.clean, case.right, case.wrong, pos=case.pos)
    logits = case.model(case.clean)
    want = lab.logit_difference(logits, case.right, case.wrong, pos=case.pos, per_prompt=True)
    torch.testing.assert_close(found.total, want, atol=1e-4, rtol=1e-4)
    biases = [label for label in found.labels if "bias" in label]
    assert len(biases) == case.model.cfg.n_layers + 2


def test_at_all_positions_they_add_up_to_one_answer_s_logit(case: Case) -> None:
    found = lab.direct_logit_attribution(case.model, case.clean, case.right, pos=None)
    want = case.model(case.clean)[torch.arange(3), :, case.right]
    assert found.values.shape == (len(found.labels), *want.shape)
    torch.testing.assert_close(found.total, want, atol=1e-4, rtol=1e-4)


def test_layers_are_their_heads_mlps_and_biases(case: Case) -> None:
    found = lab.direct_logit_attribution(case.model, case.clean, case.right, case.wrong, pos=case.pos)
    outside = ["embed", "bias of ln_final", "bias of unembed", "pos_embed"]
    rest = sum(found[label].mean() for label in outside if label in found.labels)
    torch.testing.assert_close(found.layers.sum() + rest, found.total.mean(), atol=1e-4, rtol=1e-4)
    assert found.heads.shape == (case.model.cfg.n_layers, case.model.cfg.n_heads)
    torch.testing.assert_close(found.heads[1, 0], found["1.0"].mean())


def test_split_by_source_they_are_the_heads_again(case: Case) -> None:
    args = (case.model, case.clean, case.right, case.wrong)
    split = lab.attribution_by_source(*args, pos=case.pos)
    assert split.shape == (case.model.cfg.n_layers, case.model.cfg.n_heads, 9)
    whole = lab.direct_logit_attribution(*args, pos=case.pos)
    # a value's bias comes with whatever is read, so nothing is left out
    torch.testing.assert_close(split.sum(-1), whole.heads, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
@pytest.mark.parametrize("unit", ["component", "head"])
def test_folded_models_have_transformerlens_s_shares(kind: str, unit: str) -> None:
    case = case_of(kind)
    folded = copy.deepcopy(case.model)
    folded.enable_compatibility_mode(disable_warnings=True)
    ours = lab.direct_logit_attribution(folded, case.clean, case.right, case.wrong)
    theirs = theirs_of(folded, case.clean, case.right, case.wrong, unit=unit)
    compared = 0
    for label, value in zip(theirs.labels, theirs.attribution, strict=True):
        name = _ours(label)
        if name in ours.labels:
            torch.testing.assert_close(ours[name], value, atol=1e-4, rtol=1e-4)
            compared += 1
    assert compared >= (case.model.cfg.n_layers * case.model.cfg.n_heads if unit == "head" else 4)


def _ours(label: str) -> str:
    """Their "L1H2", "1_mlp_out" and "embed" are our "1.2", "mlp 1" and "embed"."""
    if label.startswith("L") and "H" in label:
        return label[1:].replace("H", ".")
    return f"mlp {label.split('_')[0]}" if label.endswith("_mlp_out") else label


@pytest.mark.parametrize("kind", ["attn-only-2l", "tiny-gpt2"])
def test_heads_of_shipped_models_have_the_cache_s_shares(kind: str) -> None:
    """Their tool refuses these; the pieces it is made of do not, where the norm has no weights."""
    case = case_of(kind)
    _, cache = case.model.run_with_cache(case.clean)
    stack, labels = cache.stack_head_results(pos_slice=-1, return_labels=True)
    ours = lab.direct_logit_attribution(case.model, case.clean, case.right, case.wrong)
    if kind == "attn-only-2l":
        theirs = cache.logit_attrs(stack, case.right, case.wrong, pos_slice=-1)
    else:  # its norm has a weight, which they would leave out
        centred = (stack - stack.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][:, -1]
        direction = (case.model.W_U[:, case.right] - case.model.W_U[:, case.wrong]).T
        theirs = (centred * case.model.ln_final.weight * direction).sum(-1)
    for label, value in zip(labels, theirs, strict=True):
        torch.testing.assert_close(ours[_ours(label)], value, atol=1e-4, rtol=1e-4)


def test_names_of_components_are_asked_for_by_name() -> None:
    case = case_of("attn-only-2l")
    found = lab.direct_logit_attribution(case.model, case.clean, 5, 6)
    with pytest.raises(KeyError, match=r"no component 'head 1.3'; there are embed"):
        found["head 1.3"]
    assert found.mlps.shape == (0,)
