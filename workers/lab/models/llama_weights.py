"""A Llama-shaped model as a plain dictionary of tensors, for code that is nobody's but the learner's.

Names, shapes and sizes are those of Hugging Face's files: `model.layers.0.self_attn.q_proj.weight` [out, in].
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from workers.lab.models.registry import ModelInfo, ModelUnavailable, info

if TYPE_CHECKING:
    from torch import Tensor


def llama_weights(name: str) -> dict[str, Tensor]:
    """The weights of an installed model, by Hugging Face's names; in fp32, mapped from the file and not
    copied.

    Raises `UnknownModel` or `ModelUnavailable`, each with a sentence that says what to do.
    """
    from safetensors.torch import load_file

    folder = _installed(name)
    found: dict[str, Tensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= load_file(file)
    return found


def llama_sizes(name: str) -> dict[str, Any]:
    """What `llama_model` has to be told besides: `n_heads`, `n_kv_heads`, `theta` and `eps`.

    Raises `UnknownModel` or `ModelUnavailable`.
    """
    said = json.loads((_installed(name) / "config.json").read_text(encoding="utf-8"))
    rotary = said.get("rope_parameters") or said.get("rope_scaling") or {}
    return {
        "n_heads": said["num_attention_heads"],
        "n_kv_heads": said.get("num_key_value_heads", said["num_attention_heads"]),
        "theta": float(said.get("rope_theta") or rotary.get("rope_theta") or 10_000.0),
        "eps": said["rms_norm_eps"],
    }


def _installed(name: str) -> Any:
    entry: ModelInfo = info(name)
    config = None if entry.folder is None else entry.folder / "config.json"
    if config is None or not config.is_file() or json.loads(config.read_text())["model_type"] != "llama":
        raise ModelUnavailable(f"{name} has no weights of Llama's shape. Ask for smollm2-135m.")
    return config.parent
