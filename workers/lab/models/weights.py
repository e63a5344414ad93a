"""The weights of a GPT-2 under the names that a transformer written by hand gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from workers.lab.models import devices
from workers.lab.models.registry import info, models

if TYPE_CHECKING:
    from torch import Tensor, nn

_SIZES = ("d_vocab", "n_ctx", "d_model", "n_layers", "n_heads", "d_head", "d_mlp", "eps")


def weights(name: str) -> dict[str, Tensor]:
    """All weights of a GPT-2, by TransformerLens' names and in its shapes.

    embed.W_E [d_vocab, d_model], pos_embed.W_pos [n_ctx, d_model]; in each layer ln1 and ln2 (w, b:
    [d_model]), attn (W_Q, W_K, W_V: [n_heads, d_model, d_head], W_O: [n_heads, d_head, d_model], b_Q, b_K,
    b_V: [n_heads, d_head], b_O: [d_model]) and mlp (W_in: [d_model, d_mlp], b_in, W_out: [d_mlp, d_model],
    b_out); ln_final (w, b), unembed.W_U [d_model, d_vocab], unembed.b_U. Nothing is folded.

    They are the model's own, which others read, too: `load_weights` copies them. To change one, `clone`
    it first.
    Raises `ValueError` for a model of another architecture, and what `lab.load` raises.

    >>> weights("tiny-gpt2")["blocks.0.attn.W_Q"].shape
    torch.Size([4, 128, 32])
    """
    _check(name)
    model: Any = devices.load(name)
    found: dict[str, Tensor] = {"embed.W_E": model.embed.W_E, "pos_embed.W_pos": model.pos_embed.W_pos}
    for layer, block in enumerate(model.blocks):
        found |= {f"blocks.{layer}.{key}": weight for key, weight in _of_block(block).items()}
    found |= _named("ln_final", model.ln_final, "w", "b") | _named("unembed", model.unembed, "W_U", "b_U")
    return {key: weight.detach() for key, weight in found.items()}


def config(name: str) -> dict[str, int | float]:
    """The sizes of a GPT-2 and the eps of its norms, by TransformerLens' names: `Config(**lab.config(name))`.

    Raises as `weights` does.

    >>> config("tiny-gpt2")["d_mlp"]
    512
    """
    _check(name)
    sizes = devices.load(name).cfg
    return {key: getattr(sizes, key) for key in _SIZES}


def load_weights(module: nn.Module, given: Mapping[str, Tensor]) -> None:
    """Copy weights into a module that has parameters of these names and shapes.

    As `module.load_state_dict`, but what a module keeps for itself with `register_buffer` (a mask, say) stays
    as it is.
    Raises `ValueError`, which names the first that is missing, or too many, or of another shape.
    """
    theirs = {name: list(weight.shape) for name, weight in module.state_dict().items()}
    for name, weight in given.items():
        if theirs.get(name) != list(weight.shape):
            other = f"has the shape {theirs[name]} there" if name in theirs else "has no place there"
            raise ValueError(
                f"The weight {name!r} {list(weight.shape)} {other}: the module has {_listed(theirs)}."
            )
    filled = {id(weight) for name, weight in module.named_parameters(remove_duplicate=False) if name in given}
    for name, weight in module.named_parameters():
        if id(weight) not in filled:
            raise ValueError(f"There is no weight for the parameter {name!r}: given are {_listed(given)}.")
    module.load_state_dict(given, strict=False)


def gpt2s() -> list[str]:
    """The models that can be loaded here now whose weights `weights` gives: the shipped one first."""
    return [entry.name for entry in models() if entry.is_gpt2]


def _listed(names: Iterable[str]) -> str:
    """The first dozen of them."""
    some = list(islice(names, 13))
    return ", ".join(some[:12]) + (", …" if len(some) > 12 else "") or "no names"


def _of_block(block: Any) -> dict[str, Tensor]:
    attention = ("W_Q", "W_K", "W_V", "W_O", "b_Q", "b_K", "b_V", "b_O")
    return {
        **_named("ln1", block.ln1, "w", "b"),
        **_named("attn", block.attn, *attention),
        **_named("ln2", block.ln2, "w", "b"),
        **_named("mlp", block.mlp, "W_in", "b_in", "W_out", "b_out"),
    }


def _named(part: str, module: Any, *names: str) -> dict[str, Tensor]:
    return {f"{part}.{name}": getattr(module, name) for name in names}


def _check(name: str) -> None:
    entry = info(name)
    if not entry.is_gpt2:
        others = ", ".join(gpt2s())
        raise ValueError(f"{name} is no GPT-2: its parts are others. lab.weights knows those of {others}.")
