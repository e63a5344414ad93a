"""The names of hooks, and what lies there: which heads, which positions."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from transformer_lens.model_bridge import TransformerBridge

HeadPart: TypeAlias = Literal["z", "q", "k", "v", "pattern"]
StreamPart: TypeAlias = Literal["resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out"]
Head: TypeAlias = tuple[int, int]

HEAD_PARTS = ("z", "q", "k", "v", "pattern")
STREAM_PARTS = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")


def head_hook(layer: int, part: str) -> str:
    """Where this part of a layer's heads passes: [batch, pos, head, d_head]; a pattern has its head first."""
    if part not in HEAD_PARTS:
        raise ValueError(f"Of a head there is {_listed(HEAD_PARTS)}; {part!r} is none of them.")
    return f"blocks.{layer}.attn.hook_{part}"


def stream_hook(model: "TransformerBridge", layer: int, part: str) -> str:
    """Where this part of the residual stream passes in a layer: [batch, pos, d_model]."""
    if part not in STREAM_PARTS:
        raise ValueError(
            f"In the residual stream there is {_listed(STREAM_PARTS)}; {part!r} is none of them."
        )
    if part in ("resid_mid", "mlp_out") and not has_mlps(model):
        raise ValueError(f"This model has attention only: it has no MLPs, and so no {part}.")
    return f"blocks.{layer}.hook_{part}"


def layers_of(model: "TransformerBridge") -> range:
    """The numbers of its layers. Raises `ValueError` with a sentence if it has none."""
    if model.cfg.n_layers == 0:
        raise ValueError("This model has no layers, and so nothing to patch, ablate or score.")
    return range(model.cfg.n_layers)


def has_mlps(model: "TransformerBridge") -> bool:
    """Whether its blocks hold MLPs beside attention."""
    return model.cfg.n_layers > 0 and getattr(model.blocks[0], "mlp", None) is not None


def heads_of(model: "TransformerBridge", part: str = "z") -> int:
    """How many heads a layer has of this: of keys and values perhaps fewer, which several heads share."""
    shared: int | None = getattr(model.cfg, "n_key_value_heads", None)
    return int((shared if part in ("k", "v") else None) or model.cfg.n_heads)


def checked_heads(model: "TransformerBridge", heads: Iterable[Head], what: str = "heads") -> list[Head]:
    """These heads as (layer, head). Raises `ValueError` with a sentence if they are no heads of the model."""
    found: list[Head] = []
    for one in heads:
        try:
            layer, head = (int(index) for index in one)
        except (TypeError, ValueError):
            raise ValueError(
                f"{what} are a list of (layer, head), like [(1, 3), (1, 5)]; got {one!r}."
            ) from None
        if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
            raise ValueError(
                f"There is no head {layer}.{head}: layers are 0 to {model.cfg.n_layers - 1}, "
                f"heads 0 to {model.cfg.n_heads - 1}."
            )
        found.append((layer, head))
    return found


def _listed(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}"
