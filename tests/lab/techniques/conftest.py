"""Models of every kind that a learner may meet, small and random; and the shipped ones.

`gpt2` and `llama` are Hugging Face's, wrapped; `native` and `bidirectional` are TransformerLens's own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from workers import lab

KINDS = ("attn-only-2l", "tiny-gpt2", "native", "bidirectional", "gpt2", "llama")


@dataclass(frozen=True)
class Case:
    """A model with two prompts of its own that differ at position 2 alone, and a metric between them."""

    model: TransformerBridge
    clean: Tensor  # [batch, pos]
    corrupted: Tensor
    right: Tensor  # [batch]
    wrong: Tensor
    pos: int
    metric: Callable[[Tensor], Tensor]


@pytest.fixture(params=KINDS)
def case(request: pytest.FixtureRequest) -> Case:
    """One of every kind."""
    return case_of(request.param)


def case_of(kind: str, batch: int = 3, length: int = 9) -> Case:
    """Two prompts and a metric for a model of that kind."""
    model = model_of(kind)
    outputs = 2 if kind == "bidirectional" else model.cfg.d_vocab
    draw = torch.Generator().manual_seed(1)
    clean = torch.randint(1, model.cfg.d_vocab, (batch, length), generator=draw)
    corrupted = clean.clone()
    corrupted[:, 2] = (clean[:, 2] + 1) % model.cfg.d_vocab
    right = torch.randint(outputs, (batch,), generator=draw)
    wrong = (right + 1) % outputs
    pos = 0 if kind == "bidirectional" else -1
    metric = lab.normalised(
        model, clean, corrupted, lambda logits: lab.logit_difference(logits, right, wrong, pos=pos)
    )
    return Case(model, clean, corrupted, right, wrong, pos, metric)


@cache
def model_of(kind: str) -> TransformerBridge:
    """Shipped models by their name, others by their kind."""
    if kind not in ("native", "bidirectional", "gpt2", "llama"):
        return lab.load(kind)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return {"gpt2": _gpt2, "llama": _llama}[kind]() if kind in ("gpt2", "llama") else _native(kind)


def _native(kind: str) -> TransformerBridge:
    sizes: dict[str, Any] = {
        "n_layers": 3,
        "n_heads": 3,
        "d_model": 24,
        "d_head": 8,
        "d_mlp": 40,
        "n_ctx": 20,
    }
    if kind == "bidirectional":  # as a classifier of brackets
        sizes |= {"attention_dir": "bidirectional", "d_vocab": 5, "d_vocab_out": 2, "act_fn": "relu"}
    else:
        sizes |= {"d_vocab": 50, "act_fn": "gelu", "positional_embedding_type": "rotary"}
    config = TransformerBridgeConfig(normalization_type="LN", **sizes)
    return _shaken(TransformerBridge.boot_native(config, device="cpu"))


def _gpt2() -> TransformerBridge:
    return _booted(
        GPT2LMHeadModel(GPT2Config(n_layer=3, n_head=4, n_embd=32, vocab_size=1024, n_positions=64))
    )


def _llama() -> TransformerBridge:
    shared = LlamaConfig(
        num_hidden_layers=3,
        num_attention_heads=6,
        num_key_value_heads=2,
        hidden_size=48,
        intermediate_size=64,
        vocab_size=1024,
        max_position_embeddings=64,
    )
    return _booted(LlamaForCausalLM(shared))


def _booted(model: Any) -> TransformerBridge:
    import tempfile

    _shaken(model)
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        lab.load("attn-only-2l").tokenizer.save_pretrained(folder)
        return _frozen(TransformerBridge.boot_transformers(folder, device="cpu"))


def _shaken(model: Any) -> Any:
    """Every weight and bias at random, so that no part is idle and no bias zero."""
    for weight in model.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    return _frozen(model)


def _frozen(model: Any) -> Any:
    return model.eval().requires_grad_(False)
