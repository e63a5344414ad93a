"""The best few of many, at every layer, position or neuron: `lab.top_tokens`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workers.lab.views.parts import packed, words
from workers.lab.views.vocabulary import spelled

MOST_WORDS = 20_000  # of one view
MOST_PLACES = 20  # k


@dataclass(frozen=True, eq=False)
class TopTokens:
    """The best words of each place, ready to be shown. As the last line of a cell it shows itself."""

    axis: str
    rows: list[str]
    columns: list[str]  # none: one list a row
    words: list[list[str]]  # of each place, row after row, best first
    values: Float[Tensor, "place k"]
    title: str

    def __repr__(self) -> str:
        size = f"{len(self.rows)}" + (f" × {len(self.columns)}" if self.columns else "")
        return f"TopTokens({size} places, the best {self.values.shape[1]})"

    def describe_output(self) -> dict[str, Any]:
        """JSON for the page."""
        return {
            "kind": "top_tokens",
            "title": self.title,
            "axis": self.axis,
            "rows": self.rows,
            "columns": self.columns,
            "words": self.words,
            "data": packed(self.values),
        }


def top_tokens(
    values: Float[Tensor, "row candidate"] | Float[Tensor, "row column candidate"],
    candidates: Any,
    *,
    rows: Sequence[Any] | None = None,
    columns: Sequence[str] | None = None,
    axis: str = "layer",
    k: int = 5,
    largest: bool = True,
    title: str = "",
) -> TopTokens:
    """The k candidates with the largest values in each row, or at each row and column.

    A logit lens has layers for rows, tokens for columns, and the vocabulary for candidates:
    `lab.top_tokens(lens.softmax(-1), model, columns=words)`. Neurons have the tokens of a text for
    candidates: `lab.top_tokens(activations.T, words, axis="neuron")`. `candidates` is a model, or the list
    of their names; `largest=False` takes the smallest. Raises `ValueError` with a sentence if shapes do not
    fit.
    """
    found = _checked(torch.as_tensor(values).detach().float().cpu(), columns)
    if not 1 <= k <= MOST_PLACES:
        raise ValueError(f"lab.top_tokens shows the 1 to {MOST_PLACES} best, not {k}.")
    if not hasattr(candidates, "to_str_tokens") and len(candidates) != found.shape[-1]:
        raise ValueError(f"There are {found.shape[-1]} values a place, but {len(candidates)} candidates.")
    best = found.topk(min(k, found.shape[-1]), largest=largest)
    width = best.indices.shape[-1]
    if best.indices.numel() > MOST_WORDS:
        size = f"{best.indices.numel() // width} places with {width} words each"
        raise ValueError(f"{size} do not fit into one view: choose fewer rows, fewer columns or a smaller k.")
    flat = spelled(
        best.indices.flatten(), candidates if hasattr(candidates, "to_str_tokens") else list(candidates)
    )
    names = [str(row) for row in (range(len(found)) if rows is None else rows)]
    if len(names) != len(found):
        raise ValueError(f"There are {len(found)} rows but {len(names)} names for them.")
    above = [] if found.ndim == 2 else _columns(columns, found.shape[1])
    grouped = [flat[at : at + width] for at in range(0, len(flat), width)]
    return TopTokens(str(axis), names, above, grouped, best.values.reshape(-1, width), str(title))


def _checked(values: Float[Tensor, "..."], columns: Sequence[str] | None) -> Float[Tensor, "..."]:
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise ValueError(
            "lab.top_tokens needs values [row, candidate] or [row, column, candidate]; "
            f"these have shape {list(values.shape)}."
        )
    if values.ndim == 2 and columns is not None:
        raise ValueError("These values have no columns: they are [row, candidate]. Leave `columns` out.")
    if not torch.isfinite(values).all():
        raise ValueError("The values have numbers that are not finite (NaN or infinity).")
    return values


def _columns(columns: Sequence[str] | None, count: int) -> list[str]:
    names = words(range(count) if columns is None else columns, "lab.top_tokens")
    if len(names) != count:
        raise ValueError(f"There are {count} columns but {len(names)} names for them.")
    return names
