"""At every hook point of every model an edit changes what the model says, or stops with a sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from workers import lab
from workers.lab.hooks import check_hooks
from workers.lab.models import loading
from workers.lab.models.registry import look_in

INSTALLED = os.environ.get("UNEMBED_TEST_MODELS", "")  # a folder of installed models
# The last MLP of the brackets is zero, as the card says: whatever goes into it cannot matter. What a hook
# gives back at hook_resid_mid goes there, too, and nowhere else.
_LAST = ("ln2.", "mlp.", "hook_mlp_in", "hook_resid_mid', 'returned")
DEAD = {"brackets": tuple(f"('blocks.2.{place}" for place in _LAST)}
FLAGS = ("set_use_attn_result", "set_use_hook_mlp_in")


def silent(model: Any, names: list[str] | None = None) -> list[str]:
    """Where an edit does nothing, and nobody says so."""
    torch.manual_seed(0)
    tokens = torch.randint(1, model.cfg.d_vocab, (2, min(6, model.cfg.n_ctx)))
    plain = model(tokens.clone())
    tries = [(name, way) for name in names or model.hook_dict for way in ("returned", "in place")]
    says = [edited(model, tokens.clone(), name, way) for name, way in tries]
    return [str(one) for one, said in zip(tries, says, strict=True) if said is not None and said.equal(plain)]


def edited(model: Any, tokens: Tensor, name: str, way: str) -> Tensor | None:
    """What the model says while a hook there puts noise in the value's place; None if it refuses."""

    def scramble(value: Tensor, hook: object) -> Tensor | None:
        noise = value.flip(-1) if value.dtype == torch.long else torch.randn_like(value)
        if way == "returned":
            return noise
        value[...] = noise
        return None

    try:
        return model.run_with_hooks(tokens, fwd_hooks=[(name, scramble)])
    except Exception as error:
        return None if len(str(error)) > 30 else pytest.fail(f"{name}: {error!r} says too little")


@pytest.mark.parametrize("name", [entry.name for entry in lab.models()])
def test_no_edit_of_a_shipped_model_is_lost_in_silence(name: str) -> None:
    dead = DEAD.get(name, ())
    assert [one for one in silent(lab.load(name)) if not one.startswith(dead)] == []


def hugging_face(kind: str) -> TransformerBridge:
    """A tiny random model with the parts of GPT-2, or of Llama."""
    sizes: dict[str, Any] = {"vocab_size": 1024}
    if kind == "gpt2":
        inside: Any = GPT2LMHeadModel(GPT2Config(n_positions=16, n_embd=16, n_layer=1, n_head=2, **sizes))
    else:
        sizes |= {"hidden_size": 16, "intermediate_size": 24, "max_position_embeddings": 16}
        heads = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 1}
        inside = LlamaForCausalLM(LlamaConfig(**sizes, **heads))
    for weight in inside.parameters():
        torch.nn.init.normal_(weight, std=0.3)
    name = {"gpt2": "gpt2", "llama": "meta-llama/Llama-2-7b-hf"}[kind]
    model = TransformerBridge.boot_transformers(
        name, hf_model=inside.eval(), tokenizer=loading._tokenizer("tokenizer"), device="cpu"
    )
    check_hooks(model)
    return model.eval().requires_grad_(False)


@pytest.mark.parametrize("folded", [False, True])
@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_no_edit_of_a_model_of_hugging_face_is_lost_in_silence(kind: str, folded: bool) -> None:
    model = hugging_face(kind)
    if folded:
        model.enable_compatibility_mode(disable_warnings=True)
    assert silent(model) == []
    for switch in (*FLAGS, "set_use_split_qkv_input"):
        getattr(model, switch)(True)
    assert silent(model) == []
    model.set_use_split_qkv_input(False)
    model.set_use_attn_in(True)
    assert silent(model) == []


@pytest.mark.parametrize(
    "build",
    [
        {"normalization_type": "RMS", "gated_mlp": True, "act_fn": "silu"},
        {"normalization_type": "RMSPre", "act_fn": "gelu", "positional_embedding_type": "rotary"},
        {"normalization_type": None, "act_fn": "relu"},
        {"normalization_type": "LN", "attention_dir": "bidirectional", "act_fn": "relu", "d_vocab_out": 2},
    ],
)
def test_no_edit_of_a_model_from_sizes_is_lost_in_silence(build: dict[str, Any]) -> None:
    sizes: dict[str, Any] = {"n_layers": 1, "n_heads": 2, "d_model": 16, "d_head": 8, "n_ctx": 16}
    config = TransformerBridgeConfig(**sizes, d_vocab=64, d_mlp=24, **build)
    model = TransformerBridge.boot_native(config, device="cpu")
    check_hooks(model)
    assert silent(model.eval().requires_grad_(False)) == []


@pytest.fixture
def installed() -> Iterator[None]:
    look_in(Path(INSTALLED))
    yield
    look_in(None)


@pytest.mark.skipif(not (Path(INSTALLED) / "smollm2-135m").exists() or not INSTALLED, reason="not installed")
@pytest.mark.parametrize("folded", [False, True])
def test_no_edit_of_the_real_model_is_lost_in_silence(installed: None, folded: bool) -> None:
    model = lab.load("smollm2-135m", folded=folded)
    once = [name for name in model.hook_dict if not name.startswith("blocks.") or "blocks.29." in name]
    assert silent(model, once) == []
