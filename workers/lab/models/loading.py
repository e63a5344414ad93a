"""From a name to a `TransformerBridge`, without network.

Weights are mapped from the file, not copied: processes forked from one that has loaded a model, and
processes that load it themselves, share the pages until somebody writes to them.
"""

import copy
import gc
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from safetensors import SafetensorError
from safetensors.torch import load_file

from workers.lab.models import steps
from workers.lab.models.registry import ModelInfo, ModelUnavailable, info, installed

if TYPE_CHECKING:
    from torch import Tensor
    from transformer_lens.model_bridge import TransformerBridge

SHIPPED = Path(__file__).parent / "shipped"
FOLDED = "folded"  # in the folder of an installed model: its folded copy


def load(name: str, folded: bool = False, step: int | None = None) -> "TransformerBridge":
    """The model as all processes share it, on the processors; see `devices.load`, which learners call.

    Raises `UnknownModel` or `ModelUnavailable`, each with a sentence that says what to do.
    """
    entry = info(name)
    if step is not None:
        return _load_checkpoint(entry, steps.whole(step))
    if entry.folder is None:
        return _load(entry)
    if folded and not entry.folded:
        raise ModelUnavailable(_no_folded_copy(entry))
    place = entry.folder / FOLDED if folded else entry.folder
    if place not in _booted:
        _booted[place] = _load_installed(entry, place)
    return _booted[place]


def forget_removed() -> None:
    """Let go of models that are installed no longer."""
    here = {entry.folder for entry in installed().values()}
    gone = [place for place in _booted if place not in here and place.parent not in here]
    for place in gone:
        del _booted[place]
    if gone:
        gc.collect()  # a model and its hooks know each other: only this lets go of the mapped files


def checkpoints(name: str) -> list[int]:
    """The training steps at which `load` gives this model. Raises as `load` does."""
    return steps.known(info(name), SHIPPED)


def on_the_way() -> dict[tuple[str, int], "TransformerBridge"]:
    """The checkpoints that somebody in this process holds, by name and step."""
    return dict(_on_the_way)


_booted: dict[Path, "TransformerBridge"] = {}  # by folder
# There are dozens, and a run needs few at a time: one that nobody holds is let go.
_on_the_way: WeakValueDictionary[tuple[str, int], "TransformerBridge"] = WeakValueDictionary()


@cache
def _load(entry: ModelInfo) -> "TransformerBridge":
    try:
        return _filled(entry, _state(entry))
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise ModelUnavailable(_unavailable(entry)) from error


def _load_checkpoint(entry: ModelInfo, step: int) -> "TransformerBridge":
    model = _on_the_way.get((entry.name, step))
    if model is None:
        model = _with_other_weights(entry, steps.at(entry, step, SHIPPED))
        _on_the_way[entry.name, step] = model
    return model


def _with_other_weights(entry: ModelInfo, state: dict[str, "Tensor"]) -> "TransformerBridge":
    """A copy of the trained model that holds these weights, and none of its hooks.

    Booting another would read the tokenizer's files again, which a confined process may not do.
    """
    trained = _load(entry)
    model = copy.deepcopy(trained, {id(trained.tokenizer): trained.tokenizer})
    model.reset_hooks(including_permanent=True)
    try:
        model.requires_grad_(False).load_state_dict(state, strict=True)
    except RuntimeError as error:  # torch's, over names and shapes
        raise ModelUnavailable(steps.damaged(entry)) from error
    return model.eval()


def _filled(entry: ModelInfo, state: dict[str, "Tensor"]) -> "TransformerBridge":
    """A shipped model with these weights. Raises what torch raises over those of another model."""
    model = _boot(entry)
    # TransformerLens keeps the norms' first tensors as `w` and `b`: those are filled, not replaced.
    model.load_state_dict(state, strict=True, assign=entry.norm != "LN")
    if entry.tokenizer == "none":
        _without_text(model)
    _check_hooks(model)
    return model.eval().requires_grad_(False)


def _load_installed(entry: ModelInfo, place: Path) -> "TransformerBridge":
    try:
        model = boot(place)
    except Exception as error:  # of what transformers raises over a damaged folder there is no list
        raise ModelUnavailable(_damaged(entry)) from error
    model.cfg.model_name = entry.name
    return model


def boot(place: Path) -> "TransformerBridge":
    """A model from a Hugging Face folder, in which everything is: its fp32 weights stay mapped from the file.

    A folder called `folded` holds one whose weights need no more processing. Raises what transformers raises.
    """
    from transformer_lens.model_bridge import TransformerBridge
    from transformers.utils import logging

    logging.disable_progress_bar()
    model = TransformerBridge.boot_transformers(str(place), device="cpu")
    if place.name == FOLDED:
        model.enable_compatibility_mode(no_processing=True, disable_warnings=True)
    _check_hooks(model)
    return model.eval().requires_grad_(False)


def _check_hooks(model: "TransformerBridge") -> None:
    """Mistakes in hooks that TransformerLens passes over in silence become errors with a sentence."""
    from workers.lab.hooks import check_hooks

    check_hooks(model)


def _without_text(model: "TransformerBridge") -> None:
    """TransformerLens' assertions about text become a sentence."""
    from workers.lab.models.tokenless import without_text

    without_text(model)


def _boot(entry: ModelInfo) -> "TransformerBridge":
    """An empty model of the entry's shape. TransformerLens costs seconds to import, so only here."""
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    config = TransformerBridgeConfig(**_config(entry))
    tokenizer = None if entry.tokenizer == "none" else _tokenizer(entry.tokenizer)
    return TransformerBridge.boot_native(config, tokenizer=tokenizer, device="cpu", model_name=entry.name)


def _config(entry: ModelInfo) -> dict[str, Any]:
    """Arguments of `TransformerBridgeConfig`. No random weights: the file brings all of them."""
    return {
        "n_layers": entry.n_layers,
        "n_heads": entry.n_heads,
        "d_model": entry.d_model,
        "d_head": entry.d_head or entry.d_model // entry.n_heads,
        "n_ctx": entry.n_ctx,
        "d_vocab": entry.d_vocab,
        "d_vocab_out": entry.d_vocab_out or entry.d_vocab,
        "act_fn": entry.act_fn,
        "normalization_type": None if entry.norm == "none" else entry.norm,
        "attention_dir": "bidirectional" if entry.bidirectional else "causal",
        "init_weights": False,
        **({"d_mlp": entry.d_mlp} if entry.d_mlp else {"attn_only": True}),
    }


def _state(entry: ModelInfo) -> dict[str, "Tensor"]:
    """The weights as they lie in the file, if they are fp32; those of a file in fp16 become so here."""
    return {name: weight.float() for name, weight in load_file(_weights(entry)).items()}


@cache
def _tokenizer(folder: str) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(SHIPPED / folder, local_files_only=True)


def _weights(entry: ModelInfo) -> Path:
    return SHIPPED / f"{entry.name}.safetensors"


def _unavailable(entry: ModelInfo) -> str:
    return (
        f"The files of {entry.name} are missing or damaged (looked in {SHIPPED.name}/ beside the registry). "
        f"Reinstall Unembed, or make them again with `python -m workers.training {entry.name}`."
    )


def _damaged(entry: ModelInfo) -> str:
    return (
        f"The files of {entry.name} are damaged. An admin of this site can remove it at /models and install "
        "it again."
    )


def _no_folded_copy(entry: ModelInfo) -> str:
    return (
        f"There is no folded copy of {entry.name}: nobody has shown how to fold a model of its kind. "
        f"lab.load({entry.name!r}) gives it as its makers wrote it."
    )
