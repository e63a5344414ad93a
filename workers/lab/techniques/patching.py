"""Activation patching: put one activation of the clean run into the corrupted run; what does it bring back?

That way round it is *denoising*: a high value says that this activation is sufficient, there, to bring the
answer back. With the two prompts exchanged it is *noising*, and asks what is necessary. The answers differ
wherever the model has a deputy: see Heimersheim and Nanda 2024, https://arxiv.org/abs/2404.15255, and for the
choice of metric and corruption Zhang and Nanda 2023, https://arxiv.org/abs/2309.16042. The method goes back
to Vig et al. 2020 and, as causal tracing, to Meng et al. 2022, https://arxiv.org/abs/2202.05262.

All values are the metric's, in its own units: with `lab.normalised` 0 is the corrupted run, 1 the clean one.
"""

from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor

from workers.lab.techniques.metrics import Metric
from workers.lab.techniques.places import HeadPart, StreamPart, head_hook, heads_of, layers_of, stream_hook
from workers.lab.techniques.prompts import Prompts, pair_of
from workers.lab.techniques.runs import recorded, replaced, streams, swept

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

_ALL = slice(None)


def patch_residual(
    model: "TransformerBridge",
    clean: Prompts,
    corrupted: Prompts,
    metric: Metric,
    at: StreamPart = "resid_pre",
) -> Float[Tensor, "layer pos"]:
    """The metric after patching the residual stream, for each layer and position alone.

    `at` says where in the layer: before it ("resid_pre"), between attention and MLP ("resid_mid"), after it
    ("resid_post"), or what attention or the MLP alone adds there ("attn_out", "mlp_out").
    One run for each of layers × positions, stacked into few forward passes.
    Raises `ValueError` with a sentence for prompts that do not pair up, and for a metric that is no number.
    """
    one, other = pair_of(model, clean, corrupted)
    layers, length = layers_of(model), one.shape[1]
    source = streams(model, one, at)
    if at == "resid_mid":  # reached by way of attention's output, see `streams`
        before = streams(model, other, "resid_pre")
        source = {
            stream_hook(model, layer, "attn_out"): source[stream_hook(model, layer, at)]
            - before[stream_hook(model, layer, "resid_pre")]
            for layer in layers
        }
    sites = [[replaced(source, name, pos)] for name in source for pos in range(length)]
    return swept(model, other, sites, metric, f"patching {at}").reshape(len(layers), length)


def patch_heads(
    model: "TransformerBridge",
    clean: Prompts,
    corrupted: Prompts,
    metric: Metric,
    part: HeadPart = "z",
) -> Float[Tensor, "layer head"]:
    """The metric after patching one head at all positions, for each head alone.

    `part` says what of the head: what it passes on ("z"), whom it reads ("pattern"), or its queries, keys or
    values ("q", "k", "v"). Where heads share keys and values (GQA), "k" and "v" have a column for each shared
    head. One run a head, stacked into few forward passes.
    Raises `ValueError` with a sentence for prompts that do not pair up, and for a metric that is no number.
    """
    one, other = pair_of(model, clean, corrupted)
    layers, heads = layers_of(model), heads_of(model, part)
    names = [head_hook(layer, part) for layer in layers]
    source = recorded(model, one, names)
    where = [(head,) if part == "pattern" else (_ALL, head) for head in range(heads)]
    sites = [[replaced(source, name, *index)] for name in names for index in where]
    return swept(model, other, sites, metric, f"patching {part} of all heads").reshape(len(layers), heads)


def patch_heads_by_position(
    model: "TransformerBridge",
    clean: Prompts,
    corrupted: Prompts,
    metric: Metric,
    part: HeadPart = "z",
) -> Float[Tensor, "layer head pos"]:
    """The metric after patching one head at one position, for each head and position alone.

    As `patch_heads`; of a "pattern" one row is patched: whom the head reads at that position.
    One run for each of layers × heads × positions: minutes on a model of 135 million parameters.
    """
    one, other = pair_of(model, clean, corrupted)
    layers, heads, length = layers_of(model), heads_of(model, part), one.shape[1]
    names = [head_hook(layer, part) for layer in layers]
    source = recorded(model, one, names)
    where = [
        (head, pos) if part == "pattern" else (pos, head) for head in range(heads) for pos in range(length)
    ]
    sites = [[replaced(source, name, *index)] for name in names for index in where]
    values = swept(model, other, sites, metric, f"patching {part} of heads at positions")
    return values.reshape(len(layers), heads, length)
