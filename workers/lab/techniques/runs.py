"""Many runs that differ in one place each, as few forward passes: the engine below all patching.

Each place ("site") gets its own copy of the prompts; copies are stacked along the batch, as many as fit.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.lab.bars import progress
from workers.lab.techniques.metrics import Metric, number
from workers.lab.techniques.places import layers_of, stream_hook
from workers.lab.techniques.shortcut import Shortcut

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Hook: TypeAlias = tuple[str, Callable[..., Any]]
Index: TypeAlias = tuple[slice | int, ...]

MOST_LOGITS = 1 << 24  # numbers that one forward pass may return: 64 MB
MOST_TOKENS = 1 << 12  # that one forward pass may read
_LONG = 2e10  # parameters × tokens: about a second or two on one core; from here on there is a bar


@dataclass(frozen=True)
class Edit:
    """At the hook `name`, what is at `index` (of the axes after the batch) is replaced by `value`."""

    name: str
    index: Index
    value: Tensor  # [batch, *what the index leaves]


Site: TypeAlias = Sequence[Edit]


@torch.no_grad()
def recorded(
    model: "TransformerBridge",
    tokens: Int[Tensor, "batch pos"],
    names: Iterable[str],
    hooks: Sequence[Hook] = (),
) -> dict[str, Tensor]:
    """One run's activations at these hooks, by the names asked for; `hooks` are in force before."""
    found: dict[str, Tensor] = {}

    def keep(name: str) -> Hook:
        return name, lambda value, hook: found.__setitem__(name, value.detach().clone())

    model.run_with_hooks(tokens, fwd_hooks=[*hooks, *(keep(name) for name in names)])
    return found


def streams(model: "TransformerBridge", tokens: Int[Tensor, "batch pos"], at: str) -> dict[str, Tensor]:
    """That part of the residual stream in each layer, [batch, pos, d_model], by its hook.

    "resid_mid" can be read at its hook, but not written: there TransformerLens 4 hands out what the MLP is
    about to read, and the stream goes on beside it. Attention's output is what can be edited instead.
    """
    return recorded(model, tokens, [stream_hook(model, layer, at) for layer in layers_of(model)])


@torch.no_grad()
def swept(
    model: "TransformerBridge",
    tokens: Int[Tensor, "batch pos"],
    sites: Sequence[Site],
    metric: Metric,
    title: str,
) -> Float[Tensor, "site"]:
    """The metric of a run for each site, in which only that site's edits are made.

    The metric sees each run's logits alone, [batch, pos, d_vocab]. Long work shows how far it is.
    """
    shortcut = Shortcut(model, tokens) if _is_long(model, tokens, sites) else None
    values: list[Tensor] = []
    for chunk in chunks(model, tokens, sites, title):
        stacked, hooks = tokens.repeat(len(chunk), 1), edits(chunk, len(tokens))
        with shortcut.to(_first_layer(chunk), len(chunk)) if shortcut else nullcontext():
            logits = model.run_with_hooks(stacked, fwd_hooks=hooks)
        values += [number(metric, one).cpu() for one in logits.split(len(tokens))]
    return torch.stack(values) if values else torch.zeros(0)


def _first_layer(sites: Sequence[Site]) -> int:
    """The first that is edited; 0 if an edit is outside of the layers."""
    names = [edit.name.split(".") for site in sites for edit in site]
    return min((int(name[1]) if name[0] == "blocks" else 0 for name in names), default=0)


def chunks(
    model: "TransformerBridge", tokens: Int[Tensor, "batch pos"], sites: Sequence[Any], title: str
) -> Iterator[Sequence[Any]]:
    """The sites in order, as many at a time as one forward pass may hold; with a bar, if it takes long."""
    many = min(MOST_TOKENS, MOST_LOGITS // model.cfg.d_vocab) // tokens.numel()
    size = max(1, many)
    parts = [sites[start : start + size] for start in range(0, len(sites), size)]
    return iter(progress(parts, title) if _is_long(model, tokens, sites) and len(parts) > 1 else parts)


def _is_long(model: "TransformerBridge", tokens: Int[Tensor, "batch pos"], sites: Sequence[Any]) -> bool:
    return sum(weight.numel() for weight in model.parameters()) * tokens.numel() * len(sites) > _LONG


def edits(sites: Sequence[Site], batch: int) -> list[Hook]:
    """Hooks for stacked copies: the edits of the first site in the first `batch` rows, and so on."""
    by_name: dict[str, list[tuple[int, Edit]]] = {}
    for place, site in enumerate(sites):
        for edit in site:
            by_name.setdefault(edit.name, []).append((place, edit))
    return [(name, _editor(ours, batch)) for name, ours in by_name.items()]


def _editor(ours: Sequence[tuple[int, Edit]], batch: int) -> Callable[..., Tensor]:
    def edit_rows(value: Tensor, hook: Any) -> Tensor:
        value = value.clone()
        for place, edit in ours:
            value[(slice(place * batch, (place + 1) * batch), *edit.index)] = edit.value
        return value

    return edit_rows


def replaced(source: Mapping[str, Tensor], name: str, *index: slice | int) -> Edit:
    """The edit that puts there what `source` has there: activations of another run, by name."""
    return Edit(name, index, source[name][(slice(None), *index)])
