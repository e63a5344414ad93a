"""The folded copy of a model: what TransformerLens's compatibility mode makes of it, done once, on disk.

Done there, at every load, it takes seconds and keeps a private copy of all weights. Each function changes a
Hugging Face model in place, so that it says the same (up to a shift of all logits of a position).
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

_SMALLEST_SCALE = 1e-4  # of a final norm whose bias has to be divided by it


class NotFoldable(Exception):
    """This model has something that cannot be folded without changing what it says."""


def folded(model: Any) -> Any | None:
    """A folded copy; None where we do not know how to fold a model of this kind."""
    fold = _FOLDS.get(model.config.model_type)
    if fold is None:
        return None
    made = _untied_copy(model)
    try:
        with torch.no_grad():
            fold(made)
    except NotFoldable:
        return None
    return made


def _untied_copy(model: Any) -> Any:
    """With an unembedding of its own, as the last norm is folded into it and not into the embedding."""
    config = copy.deepcopy(model.config)
    config.tie_word_embeddings = False
    made = type(model)(config)
    made.load_state_dict({**model.state_dict(), "lm_head.weight": model.get_output_embeddings().weight})
    return made.eval()


def _llama(model: Any) -> None:
    """The scale of every RMS norm into what reads it; the logits lose their mean."""
    for layer in model.model.layers:
        attention, mlp = layer.self_attn, layer.mlp
        _scale_into(layer.input_layernorm, attention.q_proj, attention.k_proj, attention.v_proj)
        _scale_into(layer.post_attention_layernorm, mlp.gate_proj, mlp.up_proj)
    _scale_into(model.model.norm, model.lm_head)
    model.lm_head.weight.sub_(model.lm_head.weight.mean(0, keepdim=True))


def _scale_into(norm: nn.Module, *readers: nn.Module) -> None:
    """[out, in] weights, which read what the norm has scaled."""
    for reader in readers:
        reader.weight.mul_(norm.weight)
    norm.weight.fill_(1)


def _gpt2(model: Any) -> None:
    """Scale and bias of every norm into what reads it, biases of values into their sum.

    All that is written to the residual stream loses its mean, which no norm lets through; so do the logits.
    """
    body = model.transformer
    for layer in body.h:
        _norm_into(layer.ln_1, layer.attn.c_attn)
        _norm_into(layer.ln_2, layer.mlp.c_fc)
        _value_bias_into_sum(layer.attn)
        for writer in (layer.attn.c_proj, layer.mlp.c_proj):
            _centre(writer.weight)
            _centre(writer.bias)
    for embedding in (body.wte, body.wpe):
        _centre(embedding.weight)
    _last_norm(body.ln_f, model.lm_head)


def _norm_into(norm: nn.LayerNorm, reader: Any) -> None:
    """[in, out] weights, as GPT-2 keeps them, without what they would read from the mean."""
    reader.bias.add_(norm.bias @ reader.weight)
    reader.weight.mul_(norm.weight[:, None])
    reader.weight.sub_(reader.weight.mean(0, keepdim=True))
    norm.weight.fill_(1)
    norm.bias.zero_()


def _value_bias_into_sum(attention: Any) -> None:
    """A pattern's weights add up to 1, so a value's bias is written in full whatever the pattern is."""
    width = attention.c_proj.weight.shape[0]
    bias = attention.c_attn.bias[2 * width :]
    attention.c_proj.bias.add_(bias @ attention.c_proj.weight)
    bias.zero_()


def _last_norm(norm: nn.LayerNorm, unembed: nn.Linear) -> None:
    """The unembedding has no bias to take the norm's: that stays, divided by the scale."""
    if norm.weight.abs().min() < _SMALLEST_SCALE:
        raise NotFoldable("a scale of the last norm is zero")
    norm.bias.div_(norm.weight)
    unembed.weight.mul_(norm.weight)
    norm.weight.fill_(1)
    unembed.weight.sub_(unembed.weight.mean(0, keepdim=True))


def _centre(weight: Tensor) -> None:
    weight.sub_(weight.mean(-1, keepdim=True))


_FOLDS: dict[str, Callable[[Any], None]] = {"llama": _llama, "gpt2": _gpt2}
