"""Path patching: what one head tells another, or the logits, by the direct way alone.

Wang et al. 2022, https://arxiv.org/abs/2211.00593, generalised by Goldowsky-Dill et al. 2023,
https://arxiv.org/abs/2304.05969. A sender's activation is taken from the clean run. All heads are held at the
corrupted run's values, so nothing reaches the receiver but what the sender writes itself. What the receiver
would then have read is put into an otherwise ordinary corrupted run.

TransformerLens wants `set_use_split_qkv_input` for this, which natively booted models do not have. There is
no need: in the run in which all heads are held, the receiver's layer computes the very query, key or value.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.lab.techniques.metrics import Metric, number
from workers.lab.techniques.places import Head, checked_heads, has_mlps, head_hook, heads_of, layers_of
from workers.lab.techniques.prompts import Prompts, pair_of
from workers.lab.techniques.runs import Edit, chunks, edits, recorded, replaced

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Input: TypeAlias = Literal["q", "k", "v"]

_ALL = slice(None)


@torch.no_grad()
def path_patch(
    model: "TransformerBridge",
    clean: Prompts,
    corrupted: Prompts,
    metric: Metric,
    receivers: Iterable[Head] | None = None,
    part: Input = "q",
    *,
    senders: Iterable[Head] | None = None,
    through_mlps: bool = True,
) -> Float[Tensor, "layer head"] | Float[Tensor, ""]:
    """The metric after patching the direct path from a head to the receivers, for each sending head alone.

    `receivers=None` is the final residual stream, so the path goes straight to the logits; or a list of
    (layer, head), whose queries, keys or values (`part`) are reached. With `senders` all these send
    together, and the result is one number. A head that is not before a receiver cannot reach it: there
    the value is the corrupted run's.

    MLPs on the way are computed anew, as in the paper, and so belong to the path;
    `through_mlps=False` holds them like the heads. Where heads share keys and values (GQA), a receiver's key
    or value is that of all heads it is shared with.
    Raises `ValueError` with a sentence for prompts that do not pair up, and for heads that do not exist.
    """
    one, other = pair_of(model, clean, corrupted)
    readers = None if receivers is None else _inputs(model, receivers, part)
    groups = [[head] for head in _every_head(model)] if senders is None else [checked_heads(model, senders)]
    held = [head_hook(layer, "z") for layer in layers_of(model)]
    if has_mlps(model) and not through_mlps:
        held += [f"blocks.{layer}.hook_mlp_out" for layer in range(model.cfg.n_layers)]
    new, old = recorded(model, one, held), recorded(model, other, held)
    values: list[Tensor] = []
    for group in chunks(model, other, groups, "patching paths"):
        sites = [_sending(new, old, heads) for heads in group]
        logits = _run(model, other, sites, readers)
        values += [number(metric, logit).cpu() for logit in logits.split(len(other))]
    if senders is not None:
        return values[0]
    return torch.stack(values).reshape(model.cfg.n_layers, model.cfg.n_heads)


def _run(
    model: "TransformerBridge",
    tokens: Int[Tensor, "batch pos"],
    sites: Sequence[Sequence[Edit]],
    readers: Mapping[str, Sequence[int]] | None,
) -> Float[Tensor, "rows pos d_vocab"]:
    """The logits of each site's run, stacked."""
    stacked, hooks = tokens.repeat(len(sites), 1), edits(sites, len(tokens))
    if readers is None:  # with all heads held, only the direct path leads to these logits
        return model.run_with_hooks(stacked, fwd_hooks=hooks)
    read = recorded(model, stacked, readers, hooks)
    ours = [replaced(read, name, _ALL, head) for name, heads in readers.items() for head in heads]
    return model.run_with_hooks(stacked, fwd_hooks=edits([ours], len(stacked)))


def _sending(new: Mapping[str, Tensor], old: Mapping[str, Tensor], senders: Sequence[Head]) -> list[Edit]:
    """Everything held as it was in the corrupted run, but what these heads pass on."""
    mixed = dict(old)
    for layer, head in senders:
        name = head_hook(layer, "z")
        mixed[name] = mixed[name].clone()
        mixed[name][:, :, head] = new[name][:, :, head]
    return [Edit(name, (), value) for name, value in mixed.items()]


def _inputs(model: "TransformerBridge", receivers: Iterable[Head], part: str) -> dict[str, list[int]]:
    """Hook → which of its heads the receivers read."""
    if part not in ("q", "k", "v"):
        raise ValueError(f"A path leads into a head's q, k or v; {part!r} is none of them.")
    shared = model.cfg.n_heads // heads_of(model, part)
    found: dict[str, list[int]] = {}
    for layer, head in checked_heads(model, receivers, "receivers"):
        found.setdefault(head_hook(layer, part), []).append(head // shared)
    if not found:
        raise ValueError("Name at least one receiver, or leave `receivers` out: then it is the logits.")
    return found


def _every_head(model: "TransformerBridge") -> list[Head]:
    return [(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)]
