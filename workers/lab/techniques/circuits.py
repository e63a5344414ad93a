"""A circuit on trial: only what it names works, and everything else says what it says of other prompts.

The test of Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 4.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers.lab.techniques.places import Head, checked_heads, head_hook, layers_of
from workers.lab.techniques.prompts import Prompts, pair_of, tokens_of
from workers.lab.techniques.runs import recorded

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Position: TypeAlias = int | Int[Tensor, "batch"]
# (layer, head) counts everywhere; (layer, head, position) only there
Part: TypeAlias = tuple[int, int] | tuple[int, int, Position]


@torch.no_grad()
def run_circuit(
    model: "TransformerBridge",
    clean: Prompts,
    others: Prompts,
    circuit: Iterable[Part],
    how: Literal["mean", "resample"] = "mean",
    *,
    silent: Iterable[Head] = (),
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits of the clean prompts when only the parts of this circuit are left alone.

    Every other head writes, at each position, its mean over the prompts of `others`, which are equally long;
    or, with "resample", what it writes on the counterpart of each prompt. Means say nothing about any name;
    another prompt's activations say something about *its* names, and a backup that waits for silence is not
    woken by them. Parts are (layer, head), or (layer, head, position) with one position for all prompts or
    one a prompt. Heads of the circuit read whatever arrives at them, changed or not; embeddings, MLPs and
    norms are never replaced. Raises `ValueError` with a sentence for prompts that do not fit together and
    parts that do not exist.
    """
    tokens, instead = tokens_of(model, clean), _instead(model, clean, others, how)
    kept, gone = _kept(model, tokens, circuit), checked_heads(model, silent, "silent heads")

    def keep(z: Tensor, hook: Any) -> Tensor:
        layer = hook.layer()
        z = torch.where(kept[layer][..., None], z, instead[layer])
        z[:, :, [head for its_layer, head in gone if its_layer == layer]] = 0
        return z

    hooks = [(head_hook(layer, "z"), keep) for layer in layers_of(model)]
    return model.run_with_hooks(tokens, fwd_hooks=hooks)


def _instead(
    model: "TransformerBridge", clean: Prompts, others: Prompts, how: str
) -> list[Float[Tensor, "#batch pos head d_head"]]:
    """What stands in the place of each layer's heads."""
    names = [head_hook(layer, "z") for layer in layers_of(model)]
    if how == "resample":
        found = recorded(model, pair_of(model, clean, others)[1], names)
        return [found[name] for name in names]
    if how != "mean":
        raise ValueError(f'There is no how={how!r}. Take "mean" or "resample".')
    length, other = tokens_of(model, clean).shape[1], tokens_of(model, others)
    if other.shape[1] != length:
        raise ValueError(
            f"The other prompts have {other.shape[1]} tokens and the clean ones {length}: a mean is taken at "
            "each position, so they have to be equally long, with the same part of the sentence there."
        )
    found = recorded(model, other, names)
    return [found[name].mean(0, keepdim=True) for name in names]


def _kept(
    model: "TransformerBridge", tokens: Int[Tensor, "batch pos"], circuit: Iterable[Part]
) -> Bool[Tensor, "layer batch pos head"]:
    """Where the circuit's heads are left alone."""
    batch, length = tokens.shape
    kept = torch.zeros(model.cfg.n_layers, batch, length, model.cfg.n_heads, dtype=torch.bool)
    for part in circuit:
        head, where = _parted(part)
        [(layer, number)] = checked_heads(model, [head], "the parts of a circuit")
        if where is None:
            kept[layer, :, :, number] = True
        else:
            kept[layer, torch.arange(batch), _positions(where, batch, length), number] = True
    return kept.to(tokens.device)


def _parted(part: Any) -> tuple[Any, Any]:
    try:
        size = len(part)
    except TypeError:
        size = 0
    if size not in (2, 3):
        raise ValueError(
            f"A part of a circuit is (layer, head) or (layer, head, position), like (2, 0, 14); got {part!r}."
        )
    return tuple(part[:2]), part[2] if size == 3 else None


def _positions(where: Any, batch: int, length: int) -> Int[Tensor, "batch"]:
    found = torch.as_tensor(where)
    if found.is_floating_point() or found.numel() not in (1, batch):
        raise ValueError(
            f"A position is a whole number, or a tensor with one for each of the {batch} prompts; this is "
            f"{found.dtype} with shape {list(found.shape)}."
        )
    if found.min() < -length or found.max() >= length:
        raise ValueError(f"There is no position {int(found.max())} in prompts of {length} tokens.")
    return found.reshape(-1).expand(batch) % length
