"""Views of activations in words and as a table: what a page shows of them where no script runs."""

from __future__ import annotations

import array
import base64
import math
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from typing import Any

TAGS = {  # kind of output → its element
    "attention": "attention-view",
    "tokens": "token-view",
    "leaderboard": "head-leaderboard",
    "top_tokens": "top-tokens",
    "samples": "text-samples",
}

_ROWS, _COLUMNS = 60, 8  # of a table; the rest is behind a link

Data = dict[str, Any]


@dataclass(frozen=True)
class Plain:
    """What a view says, its first numbers, and whether there are more."""

    words: str
    header: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    more: bool = True


def in_plain(data: Data, kind: str) -> Plain:
    """The view without its picture; one sentence for what is no view, should a filter ever fail."""
    try:
        return _PLAIN[kind](data)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError):
        return Plain("A view that is drawn with JavaScript.")


def _attention(data: Data) -> Plain:
    """From where each head reads most, at the last token."""
    heads, length, _ = data["shape"]
    words = f"{data.get('title') or 'Attention patterns'}: {heads} heads over {length} tokens."
    if data.get("guess"):
        return Plain(f"{words} Which token is read can be guessed with JavaScript.")
    weights = base64.b64decode(data["data"])
    if len(weights) != heads * length * length:
        raise ValueError("sizes that lie, as of what was never checked")
    rows = []
    for head in range(min(heads, _ROWS)):
        row = weights[(head * length + length - 1) * length :][:length]
        key = row.index(max(row))
        rows.append([data["labels"][head], f"{data['tokens'][key]} ({key})", f"{row[key] / 255:.0%}"])
    last = f"{data['tokens'][-1]} ({length - 1})"
    return Plain(words, ["head", f"reads most at {last}", "attention"], rows)


def _tokens(data: Data) -> Plain:
    """A row a token: the first columns, and what was expected."""
    tokens, columns = data["tokens"], _columns(data["axes"])
    count = math.prod(len(axis["labels"]) for axis in data["axes"])
    values = _floats(data["data"], count * len(tokens))
    guesses: Any = data.get("guesses")
    header = ["position", "token", *(name or "value" for name in columns[:_COLUMNS])]
    rows = []
    for place, token in enumerate(tokens[:_ROWS]):
        row = [str(place), token]
        row += [_short(values[column * len(tokens) + place]) for column in range(min(len(columns), _COLUMNS))]
        if guesses:
            row += [str(guesses["ranks"][place] or ""), (guesses["words"][place] or [""])[0]]
        rows.append(row)
    header += ["rank", "expected"] if guesses else []
    more = len(tokens) > _ROWS or count > _COLUMNS
    return Plain(
        f"{data.get('title') or 'Tokens and their values'}: {len(tokens)} tokens.", header, rows, more
    )


def _leaderboard(data: Data) -> Plain:
    """The first heads by the first score."""
    (layers, heads), names = data["shape"], data["names"]
    values = _floats(data["data"], len(names) * layers * heads)
    order = sorted(range(layers * heads), key=lambda head: -values[head])
    rows = [
        [f"{head // heads}.{head % heads}"]
        + [_short(values[column * layers * heads + head]) for column in range(len(names))]
        for head in order[:_ROWS]
    ]
    words = f"{data.get('title') or 'Heads'}: {layers * heads} heads, the largest {names[0]} first."
    return Plain(words, ["head", *names], rows, layers * heads > _ROWS)


def _top_tokens(data: Data) -> Plain:
    """The best word of each place, or the best words of each row."""
    rows, columns, words = data["rows"], data["columns"], data["words"]
    said = f"{data.get('title') or 'The top tokens'} of each {data['axis']}."
    if columns:
        shown = [
            [row, *(best[0] for best in words[i * len(columns) :][: min(len(columns), _ROWS)])]
            for i, row in enumerate(rows[:_ROWS])
        ]
        return Plain(said, [data["axis"], *columns[:_ROWS]], shown)
    header = [data["axis"], *(str(place + 1) for place in range(len(words[0])))]
    listed = [[row, *best] for row, best in zip(rows[:_ROWS], words, strict=False)]
    return Plain(said, header, listed)


def _samples(data: Data) -> Plain:
    """The texts of the first feature, each with its strongest token."""
    starts = [0]
    for text in data["texts"]:
        starts.append(starts[-1] + len(text))
    values = _floats(data["data"], starts[-1] * len(data["axis"]["labels"]))
    rows = []
    for text in data["orders"][0][:_ROWS]:
        here = values[starts[text] : starts[text + 1]]
        peak = max(range(len(here)), key=lambda token: here[token])
        rows.append([_short(here[peak]), data["texts"][text][peak], "".join(data["texts"][text])])
    first = f"{data['axis']['name']} {data['axis']['labels'][0]}"
    words = f"{data.get('title') or 'Samples'}: the texts in which {first} fires most."
    return Plain(words, ["activation", "at", "text"], rows, len(data["orders"]) > 1)


def _columns(axes: list[Data]) -> list[str]:
    """The name of each combination, the first few thousand."""
    several = [axis for axis in axes if len(axis["labels"]) > 1]
    if len(several) < 2:
        return [label for axis in several or axes[:1] for label in axis["labels"]]
    named = [[f"{axis['name']} {label}" for label in axis["labels"][:_ROWS]] for axis in several]
    return [", ".join(names) for names in product(*named)]


def _floats(data: str, count: int) -> array.array[float]:
    found = array.array("f", base64.b64decode(data))
    if len(found) != count:
        raise ValueError("sizes that lie, as of what was never checked")
    if sys.byteorder == "big":
        found.byteswap()
    return found


def _short(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.3g}"


_PLAIN: dict[str, Callable[[Data], Plain]] = {
    "attention": _attention,
    "tokens": _tokens,
    "leaderboard": _leaderboard,
    "top_tokens": _top_tokens,
    "samples": _samples,
}
