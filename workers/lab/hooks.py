"""Hooks that go wrong loudly: two mistakes pass TransformerLens in silence, and spoil every number after."""

from __future__ import annotations

from typing import Any

import torch
from transformer_lens.hook_points import HookPoint

_IGNORED = "hook_attn_scores"


class CheckedHookPoint(HookPoint):
    """A place for hooks where a hook must give back the shape it got, and where an edit has an effect."""

    def __call__(self, value: Any) -> Any:
        """Run the hooks. Raises `ValueError` with a sentence if one did what cannot have been meant."""
        result = super().__call__(value)
        if result is value or not isinstance(value, torch.Tensor):
            return result
        if (self.name or "").endswith(_IGNORED):
            raise ValueError(
                f"These models do not read {self.name} back, so an edit there does nothing. "
                "Edit hook_pattern instead: the same weights, after the softmax."
            )
        if not isinstance(result, torch.Tensor) or result.shape != value.shape:
            raise ValueError(_wrong_shape(str(self.name), value, result))
        return result


def check_hooks(model: torch.nn.Module) -> None:
    """Make every hook point of this model a checked one."""
    for module in model.modules():
        if type(module) is HookPoint:
            module.__class__ = CheckedHookPoint


def _wrong_shape(name: str, value: torch.Tensor, result: Any) -> str:
    shape = list(result.shape) if isinstance(result, torch.Tensor) else type(result).__name__
    return (
        f"A hook at {name} got shape {list(value.shape)} and gave back {shape}. Give back the same shape "
        "(change a copy: `value = value.clone()`, then `value[...] = …`), or nothing to leave it as it is."
    )
