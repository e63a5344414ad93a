"""Attention patterns to look at: every head as a thumbnail, linked to the tokens."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

MOST_BYTES = 2 << 20  # of one view: heads × query × key, a byte each
_ROUNDING = 0.01


@dataclass(frozen=True, eq=False)
class AttentionView:
    """Patterns with their tokens, ready to be shown. As the last line of a cell it shows itself."""

    tokens: list[str]
    labels: list[str]
    pattern: Float[Tensor, "head query key"]
    title: str
    guess: dict[str, int] | None
    grid: int = 0  # heads a row, where each row is a layer

    def __repr__(self) -> str:
        heads, query, _ = self.pattern.shape
        return f"AttentionView({heads} heads, {query} tokens)"

    def describe_output(self) -> dict[str, Any]:
        """JSON for the page: probabilities as bytes, round(255 p)."""
        data = (self.pattern * 255).round().to(torch.uint8).contiguous().numpy().tobytes()
        return {
            "kind": "attention",
            "tokens": self.tokens,
            "labels": self.labels,
            "shape": list(self.pattern.shape),
            "data": base64.b64encode(data).decode(),
            "title": self.title,
            "guess": self.guess,
            "grid": self.grid,
        }


def attention(
    tokens: Sequence[str],
    pattern: Float[Tensor, "*layer head query key"],
    *,
    labels: Sequence[str] | None = None,
    title: str = "",
    guess: tuple[int | str, int] | None = None,
) -> AttentionView:
    """Look at attention patterns over `tokens`.

    `pattern` is [head, query, key], or [layer, head, query, key]; each row is a distribution over keys.
    `labels` name the heads ("1.3" is head 3 of layer 1); they are made from the shape if you give none.
    `guess=(head, query)` hides what that head reads at that token until the reader has guessed.
    Raises `ValueError` with a sentence if shapes do not fit or the numbers are no probabilities.
    """
    names = [str(token) for token in tokens]
    given = torch.as_tensor(pattern).detach().float().cpu()
    heads = _heads(given, len(names))
    made = _labels(given.shape[:-2]) if labels is None else [str(label) for label in labels]
    if len(made) != len(heads):
        raise ValueError(f"There are {len(heads)} heads but {len(made)} labels; give one label a head.")
    return AttentionView(names, made, heads, str(title), _guess(guess, made, len(names)))


def attention_heads(
    tokens: Sequence[str], pattern: Float[Tensor, "layer head query key"], *, title: str = ""
) -> AttentionView:
    """All heads of a model at a glance, a layer a row; a click opens one.

    Raises `ValueError` with a sentence if shapes do not fit or the numbers are no probabilities.
    """
    given = torch.as_tensor(pattern).detach()
    if given.ndim != 4:
        raise ValueError(
            "lab.attention_heads needs patterns [layer, head, query, key]; "
            f"this has shape {list(given.shape)}. "
            'Stack the layers: torch.stack([cache["pattern", layer][0] for layer in range(n_layers)]).'
        )
    shown = attention(tokens, given, title=title or "All heads, a layer a row")
    return replace(shown, grid=given.shape[1])


def _heads(pattern: Float[Tensor, "*layer head query key"], length: int) -> Float[Tensor, "head query key"]:
    """One list of heads, after all checks."""
    shape = list(pattern.shape)
    if pattern.ndim not in (3, 4):
        raise ValueError(
            "lab.attention needs a pattern [head, query, key] or [layer, head, query, key]; "
            f"this one has shape {shape}. Take one text of the batch (pattern[0]), or add a head "
            "dimension (pattern[None])."
        )
    if shape[-2] != length or shape[-1] != length:
        size = f"{shape[-2]} × {shape[-1]}"
        raise ValueError(f"The pattern is for {size} tokens, but you gave {length} tokens.")
    heads = pattern.reshape(-1, length, length)
    if heads.numel() > MOST_BYTES or heads.numel() == 0:
        raise ValueError(
            f"{len(heads)} heads × {length} × {length} tokens do not fit into one view: "
            "choose fewer heads or tokens."
        )
    if not torch.isfinite(heads).all():
        raise ValueError("The pattern has numbers that are not finite (NaN or infinity).")
    if heads.min() < -_ROUNDING or heads.max() > 1 + _ROUNDING:
        raise ValueError("The pattern has numbers outside 0 … 1. Are these scores, from before the softmax?")
    return heads.clamp(0, 1)


def _labels(leading: Sequence[int]) -> list[str]:
    if len(leading) == 1:
        return [str(head) for head in range(leading[0])]
    return [f"{layer}.{head}" for layer in range(leading[0]) for head in range(leading[1])]


def _guess(guess: tuple[int | str, int] | None, labels: list[str], length: int) -> dict[str, int] | None:
    if guess is None:
        return None
    head, query = guess
    if isinstance(head, str):
        if head not in labels:
            raise ValueError(f"There is no head {head!r} here to guess; there are {', '.join(labels[:12])}.")
        head = labels.index(head)
    if not 0 <= head < len(labels) or not -length <= query < length:
        raise ValueError(f"guess=({head}, {query}) is outside of {len(labels)} heads and {length} tokens.")
    return {"head": int(head), "query": int(query) % length}
