"""Hooks that go wrong loudly: mistakes that pass TransformerLens in silence, and spoil every number after.

What is refused, with a sentence that says what to do: a name that no hook has; a filter that fits nothing; a
place that the model never reaches; another shape or dtype than the hook was given; and an edit at a place
that TransformerLens 4 only shows and does not read back. Which places those are is measured, not guessed:
`tests/lab/test_hook_audit.py` edits every hook point of every model. Hooks that only look stay undisturbed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any, Literal

import torch
from transformer_lens.hook_points import HookPoint
from transformer_lens.model_bridge import TransformerBridge

from workers.lab.hook_names import UnknownHook, check_matched, unknown

_SPLIT = "while inputs are split by head (use_split_qkv_input or use_attn_in)"


def _is_native(model: Any) -> bool:
    """Whether TransformerLens built it from sizes, without a model of Hugging Face inside."""
    return type(getattr(model, "original_model", None)).__module__.startswith("transformer_lens.")


def _is_split(model: Any) -> bool:
    return bool(model.cfg.use_split_qkv_input or getattr(model.cfg, "use_attn_in", False))


def _always(model: Any) -> bool:
    return True


def _is_folded_gated(model: Any) -> bool:
    return bool(model.compatibility_mode and model.cfg.gated_mlp)


@dataclass(frozen=True)
class _Unread:
    """Places whose values were used before the hook came, or are used from elsewhere."""

    endings: tuple[str, ...]
    where: Callable[[Any], bool]
    instead: str
    ways: tuple[Literal["in place", "returned"], ...] = ("in place", "returned")
    why: str = "in this model"


_UNREAD = (
    _Unread(
        ("attn.hook_attn_scores",),
        _is_native,
        "Edit hook_pattern instead: the same weights, after the softmax.",
    ),
    _Unread(
        ("attn.qkv.hook_in", "attn.qkv.hook_out"), _always, "Edit attn.hook_q, hook_k or hook_v instead."
    ),
    _Unread(
        ("rotary_emb.hook_in", "rotary_emb.hook_out"), _always, "Edit attn.hook_q or attn.hook_k instead."
    ),
    _Unread(("attn.hook_rot_q", "attn.hook_rot_k"), _is_native, "Edit attn.hook_q or attn.hook_k instead."),
    _Unread(
        ("mlp.gate.hook_in", "mlp.in.hook_in"),
        _is_folded_gated,
        "Edit ln2.hook_normalized instead, from where the MLP reads.",
    ),
    _Unread(
        ("ln1.hook_in",),
        _is_split,
        "Edit hook_q_input, hook_k_input or hook_v_input (or hook_attn_in) instead.",
        ("returned",),
        _SPLIT,
    ),
    _Unread(
        (
            *("ln1.hook_out", "ln1.hook_normalized", "ln1.hook_scale", "attn.hook_in"),
            *("attn.q.hook_in", "attn.k.hook_in", "attn.v.hook_in"),
        ),
        _is_split,
        "Edit hook_q_input, hook_k_input or hook_v_input (or hook_attn_in) instead.",
        why=_SPLIT,
    ),
    _Unread(
        ("attn.o.hook_out",),
        lambda model: bool(model.cfg.use_attn_result),
        "Edit hook_attn_out instead.",
        why="while use_attn_result is on",
    ),
    _Unread(
        ("hook_normalized", "hook_scale"),
        lambda model: model.cfg.uses_rms_norm or model.cfg.normalization_type in ("RMS", "RMSPre"),
        "Give back a new tensor instead: `return value * 0`, say.",
        ("in place",),
        "in place",
    ),
)


class CheckedHookPoint(HookPoint):
    """A place for hooks where a hook must give back what it got, as to shape and dtype, and where an edit
    that nobody would read is refused.
    """

    _model: Any = None
    reached = 0  # how often a value came by

    def __call__(self, value: Any) -> Any:
        """Run the hooks. Raises `ValueError` with a sentence if one did what cannot have been meant."""
        self.reached += 1
        if not self.fwd_hooks or not isinstance(value, torch.Tensor):
            return super().__call__(value)
        unread = self._unread()
        before = value.clone() if unread else value
        result = super().__call__(value)
        if result is not value:
            _check_form(str(self.name), value, result)
        for place in unread:
            in_place = "in place" in place.ways and not _equal(value, before)
            if in_place or ("returned" in place.ways and result is not value and not _equal(result, before)):
                raise ValueError(
                    f"{self.name} is not read back {place.why}, so an edit does nothing. {place.instead}"
                )
        return result

    def _unread(self) -> list[_Unread]:
        name = str(self.name)
        return [place for place in _UNREAD if name.endswith(place.endings) and place.where(self._model)]


class CheckedBridge(TransformerBridge):
    """A `TransformerBridge` that knows its hooks by name, and says which it never came to."""

    def add_hook(self, name: Any, hook_fn: Any, *args: Any, **kwargs: Any) -> None:
        """As TransformerLens does. Raises `UnknownHook` if no hook has this name or fits the filter."""
        self._known([name])
        super().add_hook(name, hook_fn, *args, **kwargs)

    def run_with_hooks(
        self, input: Any, fwd_hooks: Any = (), bwd_hooks: Any = (), *args: Any, **kwargs: Any
    ) -> Any:
        """As TransformerLens does. Raises `UnknownHook`; `ValueError` if a named hook never ran."""
        forward, backward = list(fwd_hooks), list(bwd_hooks)
        known = self._known([name for name, _ in (*forward, *backward)])
        hooks = [known[name] for name, _ in forward if isinstance(name, str)]
        before = [getattr(hook, "reached", 0) for hook in hooks]
        result = super().run_with_hooks(input, forward, backward, *args, **kwargs)
        if kwargs.get("stop_at_layer") is None and kwargs.get("start_at_layer") is None:
            for hook, count in zip(hooks, before, strict=True):
                if getattr(hook, "reached", count + 1) == count:
                    raise ValueError(_never_reached(str(hook.name)))
        return result

    def hooks(self, fwd_hooks: Any = (), bwd_hooks: Any = (), *args: Any, **kwargs: Any) -> Any:
        """As TransformerLens does. Raises `UnknownHook`."""
        forward, backward = list(fwd_hooks), list(bwd_hooks)
        self._known([name for name, _ in (*forward, *backward)])
        return super().hooks(forward, backward, *args, **kwargs)

    def run_with_cache(self, *args: Any, **kwargs: Any) -> Any:
        """As TransformerLens does. Raises `UnknownHook` if a name or the filter would keep nothing."""
        wanted = kwargs.get("names_filter")
        self._known([] if wanted is None else wanted if isinstance(wanted, (list, tuple)) else [wanted])
        return super().run_with_cache(*args, **kwargs)

    def enable_compatibility_mode(self, *args: Any, **kwargs: Any) -> None:
        """As TransformerLens does; hook points it makes are checked, too."""
        super().enable_compatibility_mode(*args, **kwargs)
        check_hooks(self)

    def _known(self, wanted: Iterable[Any]) -> dict[str, HookPoint]:
        """All hook points by name; raises `UnknownHook` unless these names and filters find some."""
        known = self.hook_dict
        for name in wanted:
            if callable(name):
                check_matched(name, known)
            elif name not in known:
                raise UnknownHook(unknown(name, known, self.cfg))
        return known


# To whoever prints or looks up the class, and to `values`, which packs models, it is TransformerLens' own.
CheckedBridge.__name__ = CheckedBridge.__qualname__ = TransformerBridge.__name__
CheckedBridge.__module__ = TransformerBridge.__module__


def check_hooks(model: Any) -> None:
    """Make every hook point of this model a checked one, and the model one that knows their names."""
    for module in model.modules():
        if type(module) is HookPoint:
            module.__class__ = CheckedHookPoint
        if isinstance(module, CheckedHookPoint):
            object.__setattr__(module, "_model", model)  # not as a part of it: the model would hold itself
    if isinstance(model, TransformerBridge) and not isinstance(model, CheckedBridge):
        model.__class__ = _checked_kind(type(model))  # type: ignore[arg-type]


@cache
def _checked_kind(kind: type[TransformerBridge]) -> type[TransformerBridge]:
    """The same kind of model, whose hooks are checked."""
    if kind is TransformerBridge:
        return CheckedBridge
    return type(
        kind.__name__, (CheckedBridge, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__}
    )


def check_every_model() -> None:
    """From now on in this process, also models that a cell makes for itself."""
    build = TransformerBridge.__init__
    if hasattr(build, "__wrapped__"):
        return

    @wraps(build)
    def checked(self: Any, *args: Any, **kwargs: Any) -> None:
        build(self, *args, **kwargs)
        check_hooks(self)

    TransformerBridge.__init__ = checked  # type: ignore[method-assign]


def _equal(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Whether they hold the same numbers, undefined ones among them; meta tensors hold none to compare."""
    return one.is_meta or torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)


def _check_form(name: str, value: torch.Tensor, result: Any) -> None:
    if not isinstance(result, torch.Tensor) or result.shape != value.shape:
        raise ValueError(_wrong_shape(name, value, result))
    if result.dtype != value.dtype:
        raise ValueError(
            f"A hook at {name} got {_short(value.dtype)} and gave back {_short(result.dtype)}. Give back the "
            "same kind of numbers: `return changed.to(value.dtype)`."
        )


def _wrong_shape(name: str, value: torch.Tensor, result: Any) -> str:
    shape = list(result.shape) if isinstance(result, torch.Tensor) else type(result).__name__
    return (
        f"A hook at {name} got shape {list(value.shape)} and gave back {shape}. Give back the same shape "
        "(change a copy: `value = value.clone()`, then `value[...] = …`), or nothing to leave it as it is."
    )


def _never_reached(name: str) -> str:
    return (
        f"The model never came to {name}, so the hook there did not run. TransformerLens lists this place, "
        "but a model of this build has no use for it. All that is reached: model.run_with_cache(tokens)[1]."
    )


def _short(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
