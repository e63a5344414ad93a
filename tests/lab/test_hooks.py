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
