"""Attribution patching: all patches at once, estimated from one gradient.

The effect of patching an activation is (clean − corrupted) · ∂metric/∂activation to first order, with the
gradient taken on the corrupted run: two forward passes and one backward pass for everything, instead of one
run a place. Neel Nanda 2023, https://www.neelnanda.io/attribution-patching; tested by Syed et al. 2023,
https://arxiv.org/abs/2310.10348.

It is a tangent. It is good for small steps (one head) and bad where the metric bends: the residual stream at
early layers, a saturated softmax in attention or in the metric, a LayerNorm whose scale the patch would move.
All values are *changes* of the metric against the corrupted run, in the metric's units.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers.lab.techniques.metrics import Metric, number
from workers.lab.techniques.places import HeadPart, StreamPart, head_hook, layers_of, stream_hook
from workers.lab.techniques.prompts import Prompts, pair_of
from workers.lab.techniques.runs import Hook, recorded, streams

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge


def attribution_patch_residual(
    model: "TransformerBridge",
    clean: Prompts,
    corrupted: Prompts,
    metric: Metric,
    at: StreamPart = "resid_pre",
) -> Float[Tensor, "layer pos"]:
    """An estimate of what `patch_residual` would change, for all layers and positions at once.

    Raises `ValueError` with a sentence for prompts that do not pair up, and for a metric without a gradient.
    """
    one, other = pair_of(model, clean, corrupted)
    source, values = streams(model, one, at), streams(model, other, at)
    # whatever is added in the middle of a layer goes through attention's output, see `streams`
    place = "attn_out" if at == "resid_mid" else at
    written = [stream_hook(model, layer, place) for layer in layers_of(model)]
    gradients = _gradients(model, other, metric, written)[1].values()
    terms = [(source[name] - values[name]) * slope for name, slope in zip(source, gradients, strict=True)]
    return torch.stack(terms).sum(-1).sum(1).cpu()


def attribution_patch_heads(
    model: "TransformerBridge",
    clean: Prompts,
    corrupted: Prompts,
    metric: Metric,
    part: HeadPart = "z",
) -> Float[Tensor, "layer head"]:
    """An estimate of what `patch_heads` would change, for all heads at once.

    Raises `ValueError` with a sentence for prompts that do not pair up, and for a metric without a gradient.
    """
    return attribution_patch_heads_by_position(model, clean, corrupted, metric, part).sum(-1)


def attribution_patch_heads_by_position(
    model: "TransformerBridge",
    clean: Prompts,
    corrupted: Prompts,
    metric: Metric,
    part: HeadPart = "z",
) -> Float[Tensor, "layer head pos"]:
    """An estimate of what `patch_heads_by_position` would change, for all heads and positions at once.

    Raises `ValueError` with a sentence for prompts that do not pair up, and for a metric without a gradient.
    """
    names = [head_hook(layer, part) for layer in layers_of(model)]
    summed = _estimated(model, clean, corrupted, metric, names).sum(-1).sum(1)
    return summed if part == "pattern" else summed.transpose(1, 2)  # [layer head query] already


def _estimated(
    model: "TransformerBridge", clean: Prompts, corrupted: Prompts, metric: Metric, names: Sequence[str]
) -> Float[Tensor, "layer batch ..."]:
    """(clean − corrupted) · gradient, number by number."""
    one, other = pair_of(model, clean, corrupted)
    source = recorded(model, one, names)
    values, gradients = _gradients(model, other, metric, names)
    terms = [(source[name] - values[name]) * gradients[name] for name in names]
    return torch.stack(terms).cpu()


def _gradients(
    model: "TransformerBridge", tokens: Int[Tensor, "batch pos"], metric: Metric, names: Sequence[str]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Activations at these hooks, and the metric's gradient by each."""
    kept: dict[str, Tensor] = {}

    def keep(name: str) -> Hook:
        def remember(value: Tensor, hook: Any) -> Tensor:
            kept[name] = value
            return value

        return name, remember

    with torch.enable_grad():
        # the weights are frozen: without this nothing below would have a gradient
        begin = ("blocks.0.hook_resid_pre", lambda value, hook: value.detach().requires_grad_(True))
        logits = model.run_with_hooks(tokens, fwd_hooks=[begin, *(keep(name) for name in names)])
        said = number(metric, logits)
        if not said.requires_grad:
            raise ValueError(
                "The metric's result has no gradient. Compute it with torch alone, from the logits it is "
                "given: no `.item()`, `.detach()`, `argmax` or comparison."
            )
        found = torch.autograd.grad(said, [kept[name] for name in names], allow_unused=True)
    with torch.no_grad():
        model(tokens[:1, :1])  # modules remember their last input: one with a graph could not be copied
    blank = [
        torch.zeros_like(kept[name]) if one is None else one for name, one in zip(names, found, strict=True)
    ]
    return {name: kept[name].detach() for name in names}, dict(zip(names, blank, strict=True))
