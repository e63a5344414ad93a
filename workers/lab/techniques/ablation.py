"""Ablation: take a part away, and see what breaks. What stands in its place decides what you have asked.

*Zero* takes away the part and also everything it always says, whatever the input: no place the model has
been. *Mean* keeps what the part says on average, and takes away what it says about this input.
*Resample* lets it speak about another input: every activation is one the model really makes. See Wang et al.
2022, https://arxiv.org/abs/2211.00593, and Chan et al. 2022 (causal scrubbing) for resampling.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.lab.techniques.metrics import Metric
from workers.lab.techniques.places import Head, checked_heads, has_mlps, head_hook, layers_of
from workers.lab.techniques.prompts import Prompts, tokens_of
from workers.lab.techniques.runs import MOST_TOKENS, Edit, Hook, edits, recorded, swept

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

How: TypeAlias = Literal["zero", "mean", "resample"]

_ALL = slice(None)


@torch.no_grad()
def ablate(
    model: "TransformerBridge",
    prompts: Prompts,
    heads: Iterable[Head] = (),
    how: How = "zero",
    *,
    mlps: Iterable[int] = (),
    data: Prompts | None = None,
    seed: int = 0,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits without these heads, as (layer, head), and without the MLPs of these layers.

    `how`: "zero"; "mean", over the prompts of `data` at each position; "resample", from a prompt of `data`
    drawn by `seed` for each prompt. Without `data` both take the prompts themselves; resampling then gives no
    prompt its own. Raises `ValueError` with a sentence for heads that do not exist or data that do not fit.
    """
    tokens = tokens_of(model, prompts)
    hooks = ablation_hooks(model, tokens, heads, how, mlps=mlps, data=data, seed=seed)
    return model.run_with_hooks(tokens, fwd_hooks=hooks)


def ablation_hooks(
    model: "TransformerBridge",
    prompts: Prompts,
    heads: Iterable[Head] = (),
    how: How = "zero",
    *,
    mlps: Iterable[int] = (),
    data: Prompts | None = None,
    seed: int = 0,
) -> list[Hook]:
    """As `ablate`, but the hooks, for `model.run_with_hooks(prompts, fwd_hooks=…)` on the same prompts."""
    tokens = tokens_of(model, prompts)
    places: list[tuple[str, tuple[Any, ...]]] = [
        (head_hook(layer, "z"), (_ALL, head)) for layer, head in checked_heads(model, heads)
    ]
    places += [(f"blocks.{layer}.hook_mlp_out", ()) for layer in _checked_layers(model, mlps)]
    instead = _instead(model, tokens, [name for name, _ in places], how, data, seed)
    ours = [Edit(name, index, instead[name][(_ALL, *index)]) for name, index in places]
    return edits([ours], len(tokens))


def ablate_heads(
    model: "TransformerBridge",
    prompts: Prompts,
    metric: Metric,
    how: How = "zero",
    *,
    data: Prompts | None = None,
    seed: int = 0,
) -> Float[Tensor, "layer head"]:
    """The metric without one head, for each head alone; `how` and `data` as in `ablate`.

    One run a head, stacked into few forward passes. A head whose absence changes nothing may have a deputy.
    """
    tokens = tokens_of(model, prompts)
    names = [head_hook(layer, "z") for layer in layers_of(model)]
    instead = _instead(model, tokens, names, how, data, seed)
    sites = [
        [Edit(name, (_ALL, head), instead[name][:, :, head])]
        for name in names
        for head in range(model.cfg.n_heads)
    ]
    values = swept(model, tokens, sites, metric, f"{how}-ablating all heads")
    return values.reshape(model.cfg.n_layers, model.cfg.n_heads)


@torch.no_grad()
def _instead(
    model: "TransformerBridge",
    tokens: Int[Tensor, "batch pos"],
    names: Iterable[str],
    how: str,
    data: Prompts | None,
    seed: int,
) -> dict[str, Tensor]:
    """What stands in the place of each activation, [batch, pos, …]."""
    names = list(dict.fromkeys(names))
    if how == "zero":
        return {name: torch.zeros_like(value) for name, value in recorded(model, tokens, names).items()}
    others = tokens if data is None else tokens_of(model, data)
    if others.shape[1] != tokens.shape[1]:
        raise ValueError(
            f"The data have {others.shape[1]} tokens a prompt and the prompts {tokens.shape[1]}: "
            "an activation is replaced by ones from the same position, so take equal lengths."
        )
    if how == "mean":
        means = _means(model, others, names)
        return {name: mean[None].expand(len(tokens), *mean.shape) for name, mean in means.items()}
    if how == "resample":
        return recorded(model, others[_drawn(len(tokens), len(others), data is None, seed)], names)
    raise ValueError(f'`how` is "zero", "mean" or "resample"; {how!r} is none of them.')


def _means(
    model: "TransformerBridge", tokens: Int[Tensor, "batch pos"], names: list[str]
) -> dict[str, Tensor]:
    """Over the batch, at each position; a large batch in parts."""
    sums: dict[str, Tensor] = {}
    for part in tokens.split(max(1, MOST_TOKENS // tokens.shape[1])):
        for name, value in recorded(model, part, names).items():
            sums[name] = sums.get(name, 0) + value.sum(0)
    return {name: total / len(tokens) for name, total in sums.items()}


def _drawn(count: int, among: int, themselves: bool, seed: int) -> Int[Tensor, "batch"]:
    """For each prompt the number of another; of itself never."""
    draw = torch.Generator().manual_seed(seed)
    if not themselves:
        return torch.randint(among, (count,), generator=draw)
    if among == 1:
        raise ValueError("One prompt alone has no other to resample from: give several, or `data`.")
    return (torch.arange(count) + torch.randint(1, among, (count,), generator=draw)) % among


def _checked_layers(model: "TransformerBridge", layers: Iterable[int]) -> list[int]:
    found = [int(layer) for layer in layers]
    if found and not has_mlps(model):
        raise ValueError("This model has attention only: there are no MLPs to ablate.")
    for layer in found:
        if not 0 <= layer < model.cfg.n_layers:
            raise ValueError(f"There is no layer {layer}: layers are 0 to {model.cfg.n_layers - 1}.")
    return found
