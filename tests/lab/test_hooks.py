"""A hook that would silently spoil a forward pass stops it, with a sentence."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
import torch
from torch import Tensor

from workers import lab

TOKENS = torch.arange(8)[None]


def run(name: str, hook: Callable[..., object]) -> Tensor:
    return lab.load("attn-only-2l").run_with_hooks(TOKENS, fwd_hooks=[(name, hook)])


@pytest.mark.parametrize(
    ("name", "hook"),
    [
        ("blocks.0.hook_resid_post", lambda value, hook: value[:, :1]),
        ("blocks.1.hook_resid_pre", lambda value, hook: torch.zeros(128)),
        ("blocks.0.attn.hook_pattern", lambda value, hook: value[:, :1]),
        ("blocks.0.attn.hook_pattern", lambda value, hook: 0.0),
    ],
)
def test_a_wrong_shape_is_named(name: str, hook: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match="Give back the same shape"):
        run(name, hook)


def test_an_edit_that_would_be_ignored_is_refused_and_looking_is_not() -> None:
    with pytest.raises(ValueError, match="Edit hook_pattern instead"):
        run("blocks.0.attn.hook_attn_scores", lambda value, hook: value * 0)
    seen: list[Tensor] = []
    run("blocks.0.attn.hook_attn_scores", lambda value, hook: seen.append(value))
    assert seen[0].shape == (1, 8, 8, 8)


def test_right_hooks_work_also_after_wrong_ones_and_on_copies() -> None:
    model = lab.load("attn-only-2l")
    plain = model(TOKENS)
    with pytest.raises(ValueError, match="same shape"):
        run("blocks.0.hook_resid_post", lambda value, hook: value[:, :1])
    assert torch.equal(model(TOKENS), plain)
    assert not torch.equal(run("blocks.0.attn.hook_pattern", lambda value, hook: value * 0), plain)
    copied = deepcopy(model)
    assert torch.equal(copied.run_with_cache(TOKENS)[0], plain)
    with pytest.raises(ValueError, match="same shape"):
        copied.run_with_hooks(TOKENS, fwd_hooks=[("blocks.0.hook_resid_post", lambda value, hook: value[0])])


def zero(value: Tensor, hook: object) -> None:
    value[...] = 0


def zero_and_return(value: Tensor, hook: object) -> Tensor:
    value[...] = 0
    return value


def zero_behind_the_back(value: Tensor, hook: object) -> None:
    value.data.numpy()[...] = 0  # no version counter sees that


@pytest.mark.parametrize("hook", [zero, zero_and_return, zero_behind_the_back])
def test_an_edit_in_place_that_would_be_ignored_is_refused(hook: Callable[..., object]) -> None:
    with pytest.raises(ValueError, match=r"hook_attn_scores is not read back .* Edit hook_pattern instead"):
        run("blocks.0.attn.hook_attn_scores", hook)
    assert not torch.equal(run("blocks.0.attn.hook_pattern", hook), lab.load("attn-only-2l")(TOKENS))


def test_a_copy_without_a_change_is_no_edit() -> None:
    plain = lab.load("attn-only-2l")(TOKENS)
    assert torch.equal(run("blocks.0.attn.hook_attn_scores", lambda value, hook: value.clone()), plain)


@pytest.mark.parametrize("kind", [torch.float64, torch.float16, torch.bool])
def test_another_kind_of_numbers_is_named(kind: torch.dtype) -> None:
    with pytest.raises(ValueError, match=rf"got float32 and gave back {kind}".replace("torch.", "")):
        run("blocks.0.attn.hook_z", lambda value, hook: value.to(kind))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("blocks.1.attn.hook_patern", "blocks.1.attn.hook_pattern"),
        ("blocks.1.hook_z", "blocks.1.attn.hook_z"),
        ("hook_resid_pre", "blocks.0.hook_resid_pre"),
        ("pattern", "blocks.0.attn.hook_pattern"),
        ("blocks.2.hook_resid_pre", "the last is blocks.1"),
        ("blocks.0.mlp.hook_post", "attention only: no MLPs"),
        ("something else", r"list\(model\.hook_dict\)"),
    ],
)
def test_a_name_that_no_hook_has_is_met_with_the_one_that_was_meant(name: str, meant: str) -> None:
    model = lab.load("attn-only-2l")
    with pytest.raises(KeyError, match=meant):
        run(name, zero)
    with pytest.raises(KeyError, match=meant):
        model.add_hook(name, zero)
    with pytest.raises(KeyError, match=meant), model.hooks(fwd_hooks=[(name, zero)]):
        pass
    with pytest.raises(KeyError, match=meant):
        model.run_with_cache(TOKENS, names_filter=name)


def test_a_filter_that_fits_nothing_is_no_experiment() -> None:
    model = lab.load("attn-only-2l")
    for ask in (
        lambda: run(lambda name: name.endswith("hook_pattern_"), zero),  # type: ignore[arg-type]
        lambda: model.add_hook(lambda name: False, zero),
        lambda: model.run_with_cache(TOKENS, names_filter=lambda name: name == "pattern"),
    ):
        with pytest.raises(KeyError, match="fits the name of no hook"):
            ask()


def test_a_place_that_the_model_never_reaches_is_named() -> None:
    with pytest.raises(ValueError, match="never came to blocks"):
        run("blocks.0.attn.hook_hidden_states", zero)


def test_where_the_run_was_to_stop_early_a_later_hook_may_stay_silent() -> None:
    model = lab.load("attn-only-2l")
    model.run_with_hooks(TOKENS, stop_at_layer=1, fwd_hooks=[("blocks.1.attn.hook_z", zero)])


def test_a_model_with_hooks_that_are_checked_says_the_same_and_keeps_the_same() -> None:
    """Beside one without checks, made from the same weights."""
    from transformer_lens.hook_points import HookPoint
    from transformer_lens.model_bridge import TransformerBridge

    ours, plain = lab.load("tiny-gpt2"), deepcopy(lab.load("tiny-gpt2"))
    plain.__class__ = TransformerBridge
    for module in plain.modules():
        if isinstance(module, HookPoint):
            module.__class__ = HookPoint
    (want, kept), (got, ours_kept) = plain.run_with_cache(TOKENS), ours.run_with_cache(TOKENS)
    assert torch.equal(got, want)
    assert list(kept) == list(ours_kept)
    assert all(torch.equal(kept[name], ours_kept[name]) for name in kept)
    assert isinstance(ours, TransformerBridge)
    assert (type(ours).__module__, type(ours).__name__) == (plain.__module__, "TransformerBridge")
