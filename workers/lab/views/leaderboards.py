"""All heads, sorted by scores that somebody wrote: `lab.leaderboard`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jaxtyping import Float
from torch import Tensor

from workers.lab.attention import AttentionView, attention_heads
from workers.lab.views.parts import columns, packed

MOST_HEADS = 4096
MOST_COLUMNS = 12


@dataclass(frozen=True, eq=False)
class Leaderboard:
    """Heads with their scores, ready to be shown. As the last line of a cell it shows itself."""

    names: list[str]
    scores: Float[Tensor, "column layer head"]
    title: str
    view: AttentionView | None

    def __repr__(self) -> str:
        return f"Leaderboard({self.scores[0].numel()} heads by {', '.join(self.names)})"

    def describe_output(self) -> dict[str, Any]:
        """JSON for the page."""
        return {
            "kind": "leaderboard",
            "title": self.title,
            "names": self.names,
            "shape": list(self.scores.shape[1:]),
            "data": packed(self.scores),
            "attention": self.view
            and {name: value for name, value in self.view.describe_output().items() if name != "kind"},
        }


def leaderboard(
    scores: Float[Tensor, "layer head"] | Mapping[str, Float[Tensor, "layer head"]],
    pattern: Float[Tensor, "layer head query key"] | None = None,
    tokens: Sequence[str] | None = None,
    *,
    title: str = "",
) -> Leaderboard:
    """Sort all heads by a score, or by one of several: {"induction": …, "previous token": …}.

    With the patterns of one text and its `tokens`, a head that is chosen opens beside the list; without, it
    opens in an attention view that the same cell shows. The largest score comes first.
    Raises `ValueError` with a sentence if shapes do not fit.
    """
    names, found = columns(scores, None, "lab.leaderboard")
    if found.ndim != 3:
        raise ValueError(
            f"lab.leaderboard needs scores [layer, head]; these have shape {list(found.shape[1:])}. "
            "Take the mean over what is left: texts, positions."
        )
    if found[0].numel() > MOST_HEADS or len(names) > MOST_COLUMNS:
        raise ValueError(
            f"A leaderboard has at most {MOST_HEADS} heads and {MOST_COLUMNS} scores for each: choose some."
        )
    named = [name or "score" for name in names]
    return Leaderboard(named, found, str(title), _opened(pattern, tokens, list(found.shape[1:])))


def _opened(pattern: Any, tokens: Sequence[str] | None, shape: list[int]) -> AttentionView | None:
    if pattern is None and tokens is None:
        return None
    if pattern is None or tokens is None:
        missing = "tokens" if tokens is None else "patterns"
        raise ValueError(
            f"lab.leaderboard opens a head with its pattern and its tokens: {missing} are missing."
        )
    if list(pattern.shape[:-2]) != shape:
        raise ValueError(
            f"The scores are of {shape[0]} layers × {shape[1]} heads, and the pattern has shape "
            f"{list(pattern.shape)}: it has to be [layer, head, query, key] of the same heads."
        )
    return attention_heads(tokens, pattern, title="The chosen head")
