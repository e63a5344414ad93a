"""From a name to a `TransformerBridge`, without network.

Weights are mapped from the file, not copied: processes forked from one that has loaded a model, and
processes that load it themselves, share the pages until somebody writes to them.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from workers.lab.models.registry import ModelInfo, ModelUnavailable, info

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

SHIPPED = Path(__file__).parent / "shipped"


def load(name: str) -> "TransformerBridge":
    """The model of that name, ready to read: eval mode, parameters frozen, tokenizer attached.

    One process holds one copy: loading twice gives the same object, hooks and all. To train it or to take
    gradients by its weights, say `model.requires_grad_(True)`; to change it at will, take a `deepcopy`.
    Raises `UnknownModel` or `ModelUnavailable`, each with a sentence that says what to do.
    """
    return _load(info(name))


@cache
def _load(entry: ModelInfo) -> "TransformerBridge":
    try:
        model = _boot(entry)
        model.load_state_dict(load_file(_weights(entry)), strict=True, assign=True)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailable(_unavailable(entry)) from error
    _check_hooks(model)
    return model.eval().requires_grad_(False)


def _check_hooks(model: "TransformerBridge") -> None:
    """Mistakes in hooks that TransformerLens passes over in silence become errors with a sentence."""
    from workers.lab.hooks import check_hooks

    check_hooks(model)


def _boot(entry: ModelInfo) -> "TransformerBridge":
    """An empty model of the entry's shape. TransformerLens costs seconds to import, so only here."""
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    config = TransformerBridgeConfig(**_config(entry))
    return TransformerBridge.boot_native(config, tokenizer=_tokenizer(), device="cpu", model_name=entry.name)


def _config(entry: ModelInfo) -> dict[str, Any]:
    """Arguments of `TransformerBridgeConfig`. No random weights: the file brings all of them."""
    return {
        "n_layers": entry.n_layers,
        "n_heads": entry.n_heads,
        "d_model": entry.d_model,
        "d_head": entry.d_model // entry.n_heads,
        "n_ctx": entry.n_ctx,
        "d_vocab": entry.d_vocab,
        "attn_only": True,
        "act_fn": "gelu",
        "normalization_type": "LNPre",
        "init_weights": False,
    }


@cache
def _tokenizer() -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(SHIPPED / "tokenizer", local_files_only=True)


def _weights(entry: ModelInfo) -> Path:
    return SHIPPED / f"{entry.name}.safetensors"


def _unavailable(entry: ModelInfo) -> str:
    return (
        f"The files of {entry.name} are missing or damaged (looked in {SHIPPED.name}/ beside the registry). "
        f"Reinstall Unembed, or make them again with `python -m workers.training {entry.name}`."
    )
