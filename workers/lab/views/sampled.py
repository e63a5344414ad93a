"""The texts in which something fires most: `lab.samples`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workers.lab.views.parts import MOST_NUMBERS, Axis, numbers, packed, words

MOST_SAMPLES = 50  # for one feature
MOST_TEXTS = 500  # of one view


@dataclass(frozen=True, eq=False)
class Samples:
    """Texts and activations, ready to be shown. As the last line of a cell it shows itself."""

    axis: Axis
    texts: list[list[str]]
    places: list[int]  # of each text, among those that were given
    orders: list[list[int]]  # for each feature its texts, from where it fires most
    values: list[Float[Tensor, "token feature"]]
    title: str

    def __repr__(self) -> str:
        return f"Samples({len(self.texts)} texts for {len(self.axis.labels)} {self.axis.name}s)"

    def describe_output(self) -> dict[str, Any]:
        """JSON for the page; numbers feature after feature, each for all tokens of all texts."""
        return {
            "kind": "samples",
            "title": self.title,
            "axis": self.axis.described(),
            "texts": self.texts,
            "places": self.places,
            "orders": self.orders,
            "data": packed(torch.cat(self.values).T),
        }


def samples(
    texts: Sequence[Sequence[str]],
    activations: Sequence[Float[Tensor, "token"] | Float[Tensor, "token feature"]],
    *,
    k: int = 8,
    axis: str = "feature",
    names: Sequence[Any] | None = None,
    title: str = "",
) -> Samples:
    """The k texts in which a neuron, a head or a feature fires most, coloured by how much at each token.

    `texts` are lists of tokens; `activations` holds for each text a value a token, or [token, feature], of
    which the reader chooses one (`names` calls them something). A text ranks by its largest value.
    Raises `ValueError` with a sentence if shapes do not fit.
    """
    if not 1 <= k <= MOST_SAMPLES:
        raise ValueError(f"lab.samples shows 1 to {MOST_SAMPLES} texts, not {k}.")
    if not len(texts) or len(texts) != len(activations):
        raise ValueError(
            f"lab.samples needs activations for each text: {len(texts)} texts, {len(activations)}."
        )
    read = [words(text, "lab.samples") for text in texts]
    found = [_values(values, text, i) for i, (values, text) in enumerate(zip(activations, read, strict=True))]
    widths = {values.shape[1] for values in found}
    if len(widths) != 1:
        raise ValueError(f"The texts have values for different numbers of features: {sorted(widths)}.")
    (width,) = widths
    labels = [str(name) for name in (range(width) if names is None else names)]
    if len(labels) != width:
        raise ValueError(f"There are {width} features but {len(labels)} names.")
    return _chosen(read, found, k, Axis(str(axis), labels), str(title))


def _values(values: Any, text: list[str], place: int) -> Float[Tensor, "token feature"]:
    found = numbers(values, "lab.samples", "activations")
    found = found[:, None] if found.ndim == 1 else found
    if found.ndim != 2:
        raise ValueError(
            f"The activations of text {place} have shape {list(found.shape)}; "
            "[token] or [token, feature] can be shown."
        )
    if len(found) != len(text):
        raise ValueError(
            f"Text {place} has {len(text)} tokens, but {len(found)} values. "
            "Cut padding off: activations[i][:len(text)]."
        )
    return found


def _chosen(
    texts: list[list[str]], values: list[Float[Tensor, "token feature"]], k: int, axis: Axis, title: str
) -> Samples:
    """Only those texts that are among the first k of some feature."""
    peaks = torch.stack([text.max(0).values for text in values])  # text, feature
    best = peaks.topk(min(k, len(texts)), dim=0).indices.T.tolist()
    kept = sorted({text for order in best for text in order})
    total = sum(len(texts[text]) for text in kept) * len(axis.labels)
    if len(kept) > MOST_TEXTS or total > MOST_NUMBERS:
        raise ValueError(
            f"{len(kept)} texts with {total:,} values do not fit into one view: "
            "choose fewer features or a smaller k."
        )
    place = {text: i for i, text in enumerate(kept)}
    orders = [[place[text] for text in order] for order in best]
    return Samples(axis, [texts[i] for i in kept], kept, orders, [values[i] for i in kept], title)
