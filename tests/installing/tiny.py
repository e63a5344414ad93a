"""Tiny models with random weights, laid out as the hub's cache on this machine would hold them."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM

from app.config import SHIPPED

REVISION = "0123456789abcdef0123456789abcdef01234567"
VOCABULARY = 1024  # of the shipped tokenizer


def gpt2() -> GPT2LMHeadModel:
    sizes = {"vocab_size": VOCABULARY, "n_positions": 32, "n_embd": 32, "n_layer": 2, "n_head": 4}
    return lively(GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=0, eos_token_id=0)))


def llama() -> LlamaForCausalLM:
    heads = {"num_attention_heads": 4, "num_key_value_heads": 2, "num_hidden_layers": 2}
    sizes = {"hidden_size": 32, "intermediate_size": 48, "max_position_embeddings": 64}
    config = LlamaConfig(vocab_size=VOCABULARY, **heads, **sizes, tie_word_embeddings=True)
    return lively(LlamaForCausalLM(config))


def lively(model):
    """Norms and biases as training leaves them: far from one and zero."""
    drawn = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            scale = 1.0 if ("norm" in name or "ln_" in name) and name.endswith("weight") else 0.0
            weight.copy_(scale + 0.2 * torch.randn(weight.shape, generator=drawn))
    return model.eval()


def lay_out(cache: Path, name: str, model) -> Path:
    """Returns the folder of its files."""
    repository = cache / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text(REVISION)
    folder = repository / "snapshots" / REVISION
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(SHIPPED / "tokenizer", local_files_only=True).save_pretrained(folder)
    return folder


def change_config(folder: Path, **changes: object) -> None:
    file = folder / "config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def installed(models: Path, name: str, model) -> None:
    """Put it into the models folder as the installer does, in this process."""
    from workers.installing import converting, place
    from workers.installing.plan import of_hub

    plan = of_hub(name, model.config.model_type, 10**5, 0, facts={"title": name, "summary": "Tiny."})
    with place.beside(models) as work:
        (work / "made").mkdir()
        fetched = lay_out(work / "hub", name, model)
        place.move_in(
            work / "made", models, converting.convert(plan, fetched, work / "made", lambda stage: None)
        )
