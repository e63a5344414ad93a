"""A circuit on trial: only what it names works, and everything else speaks about another prompt.

The test of Wang et al. 2022, https://arxiv.org/abs/2211.00593, section 4, with resampled activations in the
place of means: each prompt has its own counterpart, in which the same positions hold other words.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers.lab.techniques.places import checked_heads, head_hook, layers_of
from workers.lab.techniques.prompts import Prompts, pair_of
from workers.lab.techniques.runs import recorded

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

Position: TypeAlias = int | Int[Tensor, "batch"]
# (layer, head) counts everywhere; (layer, head, position) only there
Part: TypeAlias = tuple[int, int] | tuple[int, int, Position]


@torch.no_grad()
def run_circuit(
    model: "TransformerBridge", clean: Prompts, others: Prompts, circuit: Iterable[Part]
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits of the clean prompts when only the parts of this circuit are left alone.

    At every other place a head writes what it writes on the counterpart in `others`. Parts are (layer,
    head), or (layer, head, position) with one position for all prompts or one a prompt. Heads of the circuit
    read whatever arrives at them, changed or not; embeddings, MLPs and norms are never replaced.
    Raises `ValueError` with a sentence for prompts that do not pair up and parts that do not exist.
    """
    tokens, counterparts = pair_of(model, clean, others)
    kept = _kept(model, tokens, circuit)
    names = [head_hook(layer, "z") for layer in layers_of(model)]
    instead = recorded(model, counterparts, names)

    def keep(z: Tensor, hook: Any, layer: int) -> Tensor:
        return torch.where(kept[layer][..., None], z, instead[head_hook(layer, "z")])

    hooks = [(name, _of_layer(keep, layer)) for layer, name in enumerate(names)]
    return model.run_with_hooks(tokens, fwd_hooks=hooks)


def _of_layer(edit: Any, layer: int) -> Any:
    return lambda z, hook: edit(z, hook, layer)


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
