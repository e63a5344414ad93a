"""From fetched files to an installed model: fp32 safetensors with tokenizer, and a folded copy; tried out.

transformers and torch are imported here, so this module is imported late.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM
from transformers.utils import logging

from workers.installing.folding import folded
from workers.installing.plan import Plan, Refused, mb
from workers.lab.models.loading import FOLDED, boot

WEIGHTS = "model.safetensors"
_ONE_FILE = "1000GB"  # so that there is one to map
_TOKENS = 16
_CACHED_TOKENS = 64
_TOLERANCE = 1e-3  # of log-probabilities, or of the largest of them if that is more than 1
_RUN_BASE_MB = 60  # what a run of anything adds, measured with a toy

Say = Callable[[str], None]


def convert(plan: Plan, fetched: Path, made: Path, say: Say) -> dict[str, Any]:
    """Fill the folder `made`; returns the facts for `model.json`. Raises Refused."""
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    torch.set_num_threads(1)  # two on a busy machine are slower than one
    say("converting")
    model, tokenizer = _read(plan, fetched)
    _save(model, tokenizer, made)
    tokens = _some_tokens(model.config)
    want = _speak(model, tokens)
    say("folding")
    copy = folded(model)
    del model
    if copy is not None:
        _save(copy, tokenizer, made / FOLDED)
        del copy
    say("checking")
    return {**plan.facts, "name": plan.name, "source": plan.source, **_check(plan, made, tokens, want)}


# -- reading -----------------------------------------------------------------------------------------


def _read(plan: Plan, fetched: Path) -> tuple[Any, Any]:
    try:
        read = _from_gguf if plan.source == "package" else _from_folder
        model, tokenizer = read(fetched)
    except Exception as error:  # of the kinds that transformers raises there is no list
        raise Refused(f"{plan.name} cannot be read ({_reason(error)}).") from error
    return model.eval(), tokenizer


def _from_folder(folder: Path) -> tuple[Any, Any]:
    model = AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, trust_remote_code=False, local_files_only=True
    )
    return model, AutoTokenizer.from_pretrained(folder, trust_remote_code=False, local_files_only=True)


def _from_gguf(file: Path) -> tuple[Any, Any]:
    """transformers takes what it read as quantised and refuses to save it: so into a clean one."""
    read = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
    config = read.config.to_dict()
    for key in ("quantization_config", "_name_or_path"):
        config.pop(key, None)
    clean = LlamaForCausalLM(LlamaConfig(**config))
    clean.load_state_dict(read.state_dict(), strict=True)
    return clean, AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)


def _save(model: Any, tokenizer: Any, folder: Path) -> None:
    model.save_pretrained(folder, max_shard_size=_ONE_FILE)
    tokenizer.save_pretrained(folder)


# -- trying out --------------------------------------------------------------------------------------


def _check(plan: Plan, made: Path, tokens: Tensor, want: Tensor) -> dict[str, Any]:
    """Loads it as a run does; a folded copy that says something else is thrown away."""
    try:
        bridge = boot(made)
        got = _speak(bridge, tokens)
    except Exception as error:  # TransformerLens has many ways to say that it does not know a model
        raise Refused(f"TransformerLens cannot load {plan.name} ({_reason(error)}).") from error
    if not bool(want.isfinite().all()):
        raise Refused(f"{plan.name} gives numbers that are not finite: its weights are damaged.")
    if not _agree(got, want):
        raise Refused(f"TransformerLens makes something else of {plan.name} than transformers does.")
    has_folded = _keep_folded(made, tokens, want)
    weights = [made / WEIGHTS, *([made / FOLDED / WEIGHTS] if has_folded else [])]
    measured = {**_sizes(bridge), **_takes(bridge, made, weights)}
    return {**measured, "folded": has_folded, "weights": _hash(weights)}


def _keep_folded(made: Path, tokens: Tensor, want: Tensor) -> bool:
    place = made / FOLDED
    if not place.exists():
        return False
    if _agree(_speak(boot(place), tokens), want):
        return True
    shutil.rmtree(place)
    return False


def _some_tokens(config: Any) -> Tensor:
    """The same for everybody."""
    drawn = torch.Generator().manual_seed(0)
    return torch.randint(0, config.vocab_size, (2, _TOKENS), generator=drawn)


def _speak(model: Any, tokens: Tensor) -> Tensor:
    """Log-probabilities [batch, pos, d_vocab], which do not change when all logits of a position shift."""
    with torch.no_grad():
        said = model(tokens)
    return (said if isinstance(said, Tensor) else said.logits).float().log_softmax(-1)


def _agree(got: Tensor, want: Tensor) -> bool:
    if got.shape != want.shape or not bool(got.isfinite().all()):
        return False
    return bool((got - want).abs().max() <= _TOLERANCE * max(1.0, float(want.abs().max()) / 10))


def _sizes(bridge: Any) -> dict[str, int]:
    names = ("n_layers", "n_heads", "d_model", "n_ctx", "d_vocab")
    return {name: int(getattr(bridge.cfg, name)) for name in names}


def _takes(bridge: Any, made: Path, weights: list[Path]) -> dict[str, int]:
    mapped = sum(path.stat().st_size for path in weights)
    disk = sum(path.stat().st_size for path in made.rglob("*") if path.is_file())
    return {"disk_mb": mb(disk), "memory_mb": mb(mapped), "run_mb": _RUN_BASE_MB + mb(_cache_bytes(bridge))}


def _cache_bytes(bridge: Any) -> int:
    """Of everything that one forward pass over a short text leaves in a full cache."""
    tokens = torch.zeros(1, min(_CACHED_TOKENS, bridge.cfg.n_ctx), dtype=torch.long)
    with torch.no_grad():
        _, cache = bridge.run_with_cache(tokens)
    storages = [cache[name].untyped_storage() for name in cache]
    return sum({storage.data_ptr(): storage.nbytes() for storage in storages}.values())


def _hash(weights: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in weights:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    return digest.hexdigest()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or ['it does not say why'])[0][:200]}"
