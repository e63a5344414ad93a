"""What a run claims to be a view of activations, checked before anybody stores or sees it. No torch.

Everything is copied name by name: texts are cut to what a page has room for, sizes have to fit each other,
and numbers are counted and looked at, for the page takes them as they are.
"""

from __future__ import annotations

import array
import math
import sys
from collections.abc import Callable
from typing import Any

from workers.claims import Unshowable, clean_text, decoded

MAX_ATTENTION = 2 << 20
MAX_TOKENS = 1024
MAX_NUMBERS = 1 << 19  # float32, of one view
MAX_AXES = 3
MAX_LABELS = 20_000  # of one axis
MAX_GUESSES = 20  # at one token
MAX_HEADS = 4096
MAX_SCORES = 12  # of one head
MAX_SAMPLES = 500  # texts
MAX_ORDER = 50  # of them, for one feature

Output = dict[str, Any]


# -- attention ---------------------------------------------------------------------------------------


def check_attention(output: Output) -> Output:
    """A clean copy of an attention view. Raises `Unshowable`."""
    shape: Any = output.get("shape")
    tokens: Any = output.get("tokens")
    labels: Any = output.get("labels")
    if not (_is_shape(shape) and _are_texts(tokens, shape[1]) and _are_texts(labels, shape[0])):
        raise _malformed("attention view", "its tokens, labels and shape do not fit together")
    heads, length, _ = shape
    if heads * length * length > MAX_ATTENTION:
        raise Unshowable("This attention view is too large: show fewer heads or tokens.")
    if len(decoded(output.get("data"), MAX_ATTENTION)) != heads * length * length:
        raise _malformed("attention view", "its data does not fit its shape")
    return {
        "tokens": [clean_text(token, 200) for token in tokens],
        "labels": [clean_text(label, 40) for label in labels],
        "shape": [heads, length, length],
        "data": output["data"],
        "title": clean_text(output.get("title"), 300),
        "guess": _check_guess(output.get("guess"), heads, length),
        "grid": _check_grid(output.get("grid"), heads),
    }


def _is_shape(shape: Any) -> bool:
    whole = isinstance(shape, list) and len(shape) == 3 and all(type(size) is int for size in shape)
    return whole and shape[0] > 0 and 0 < shape[1] <= MAX_TOKENS and shape[1] == shape[2]


def _check_guess(guess: Any, heads: int, length: int) -> dict[str, int] | None:
    if not isinstance(guess, dict):
        return None
    head, query = guess.get("head"), guess.get("query")
    if type(head) is int and type(query) is int and 0 <= head < heads and 0 <= query < length:
        return {"head": head, "query": query}
    return None


def _check_grid(grid: Any, heads: int) -> int:
    """Heads a row, if all rows are full."""
    return grid if type(grid) is int and 0 < grid <= heads and heads % grid == 0 else 0


# -- coloured tokens ---------------------------------------------------------------------------------


def check_tokens(output: Output) -> Output:
    """A clean copy of a text with values. Raises `Unshowable`."""
    tokens = _texts(output.get("tokens"), "view of tokens", MAX_TOKENS)
    axes = _axes(output.get("axes"), "view of tokens")
    columns = math.prod(len(axis["labels"]) for axis in axes)
    return {
        "title": clean_text(output.get("title"), 300),
        "tokens": tokens,
        "axes": axes,
        "data": _numbers(output.get("data"), columns * len(tokens), "view of tokens"),
        "unit": clean_text(output.get("unit"), 40),
        "most": _most(output.get("most"), columns),
        "guesses": _guesses(output.get("guesses"), len(tokens)),
    }


def _most(most: Any, columns: int) -> list[float | None]:
    """At which value a column has its full colour; none for its own largest."""
    if not isinstance(most, list) or len(most) != columns:
        return []
    return [float(value) if _is_positive(value) else None for value in most]


def _is_positive(value: Any) -> bool:
    return type(value) in (int, float) and 0 < value < 1e30


def _guesses(guesses: Any, length: int) -> dict[str, Any] | None:
    if guesses is None:
        return None
    what = "view of tokens"
    words: Any = guesses.get("words") if isinstance(guesses, dict) else None
    ranks: Any = guesses.get("ranks") if isinstance(guesses, dict) else None
    if not isinstance(words, list) or not isinstance(ranks, list) or not len(words) == len(ranks) == length:
        raise _malformed(what, "its predictions do not fit its tokens")
    width = max((len(row) for row in words if isinstance(row, list)), default=0)
    if not 0 < width <= MAX_GUESSES:
        raise _malformed(what, f"it has no predictions, or more than {MAX_GUESSES} at a token")
    of: Any = guesses.get("of")
    return {
        "words": [_texts(row, what, width) if row else [] for row in words],
        "data": _numbers(guesses.get("data"), length * width, what),
        "width": width,
        "ranks": [rank if type(rank) is int and 0 < rank < 10**9 else None for rank in ranks],
        "of": of if type(of) is int and 0 < of < 10**9 else 0,
    }


# -- lists -------------------------------------------------------------------------------------------


def check_leaderboard(output: Output) -> Output:
    """A clean copy of heads and their scores. Raises `Unshowable`."""
    what, shape = "leaderboard", output.get("shape")
    if not isinstance(shape, list) or len(shape) != 2 or not all(_is_size(size, MAX_HEADS) for size in shape):
        raise _malformed(what, "it has no layers or no heads")
    names = _texts(output.get("names"), what, MAX_SCORES, longest=80)
    heads, attention = shape[0] * shape[1], output.get("attention")
    if heads > MAX_HEADS:
        raise Unshowable(f"This {what} is too large: a page shows at most {MAX_HEADS} heads.")
    if attention is not None and not isinstance(attention, dict):
        raise _malformed(what, "its attention view is none")
    opened = check_attention(attention) if attention else None
    if opened and opened["shape"][0] != heads:
        raise _malformed(what, "it has other heads than its attention view")
    return {
        "title": clean_text(output.get("title"), 300),
        "names": names,
        "shape": shape,
        "data": _numbers(output.get("data"), len(names) * heads, what),
        "attention": opened,
    }


def check_top_tokens(output: Output) -> Output:
    """A clean copy of the best words of each place. Raises `Unshowable`."""
    what, words = "view of top tokens", output.get("words")
    rows = _texts(output.get("rows"), what, MAX_LABELS, longest=80)
    columns = _texts(output.get("columns"), what, MAX_TOKENS) if output.get("columns") else []
    places = len(rows) * max(1, len(columns))
    if not isinstance(words, list) or len(words) != places or not isinstance(words[0], list):
        raise _malformed(what, "its words do not fit its rows and columns")
    width = len(words[0])
    if not 0 < width <= MAX_GUESSES or not all(_are_texts(row, width) for row in words):
        raise _malformed(what, f"it needs 1 to {MAX_GUESSES} words at each place, and everywhere as many")
    if places * width > MAX_LABELS:
        raise Unshowable(f"This {what} is too large: a page shows at most {MAX_LABELS:,} words.")
    return {
        "title": clean_text(output.get("title"), 300),
        "axis": clean_text(output.get("axis"), 40),
        "rows": rows,
        "columns": columns,
        "words": [_texts(row, what, width) for row in words],
        "data": _numbers(output.get("data"), places * width, what),
    }


def check_samples(output: Output) -> Output:
    """A clean copy of texts and how strongly something fires in them. Raises `Unshowable`."""
    what, texts, places = "view of samples", output.get("texts"), output.get("places")
    axis, orders = _axis(output.get("axis"), what), output.get("orders")
    if not isinstance(texts, list) or not 0 < len(texts) <= MAX_SAMPLES:
        raise _malformed(what, f"it needs 1 to {MAX_SAMPLES} texts")
    clean = [_texts(text, what, MAX_TOKENS) for text in texts]
    if not isinstance(places, list) or len(places) != len(texts) or not all(map(_is_place, places)):
        raise _malformed(what, "its texts have no places")
    if not isinstance(orders, list) or len(orders) != len(axis["labels"]):
        raise _malformed(what, "it has an order of texts for other features than it has")
    total = sum(map(len, clean)) * len(axis["labels"])
    return {
        "title": clean_text(output.get("title"), 300),
        "axis": axis,
        "texts": clean,
        "places": places,
        "orders": [_order(order, len(texts), what) for order in orders],
        "data": _numbers(output.get("data"), total, what),
    }


def _order(order: Any, texts: int, what: str) -> list[int]:
    if not isinstance(order, list) or not 0 < len(order) <= MAX_ORDER:
        raise _malformed(what, f"an order needs 1 to {MAX_ORDER} texts")
    if not all(_is_place(text) and text < texts for text in order) or len(set(order)) != len(order):
        raise _malformed(what, "an order names a text twice, or one that is not there")
    return order


def _is_place(number: Any) -> bool:
    return type(number) is int and 0 <= number < 10**9


def _is_size(number: Any, most: int) -> bool:
    return type(number) is int and 0 < number <= most


# -- of all views ------------------------------------------------------------------------------------


def _malformed(what: str, why: str) -> Unshowable:
    return Unshowable(f"This {what} is malformed: {why}.")


def _are_texts(texts: Any, count: int) -> bool:
    return isinstance(texts, list) and len(texts) == count and all(isinstance(text, str) for text in texts)


def _texts(texts: Any, what: str, most: int, longest: int = 200) -> list[str]:
    """One to `most` texts, each cut to its length."""
    if not isinstance(texts, list) or not 0 < len(texts) <= most or not _are_texts(texts, len(texts)):
        raise _malformed(what, f"it needs 1 to {most} texts where it has none, more, or something else")
    return [clean_text(text, longest) for text in texts]


def _axes(axes: Any, what: str, fewest: int = 1) -> list[dict[str, Any]]:
    """What its numbers are sorted by, from the outermost."""
    if not isinstance(axes, list) or not fewest <= len(axes) <= MAX_AXES:
        raise _malformed(what, f"it needs {fewest} to {MAX_AXES} axes")
    return [_axis(axis, what) for axis in axes]


def _axis(axis: Any, what: str) -> dict[str, Any]:
    if not isinstance(axis, dict):
        raise _malformed(what, "an axis is not one")
    labels = _texts(axis.get("labels"), what, MAX_LABELS, longest=80)
    return {"name": clean_text(axis.get("name"), 40), "labels": labels}


def _numbers(data: Any, count: int, what: str) -> str:
    """The base64 of exactly so many float32; none of them infinite. NaN stands where there is no value."""
    if not 0 < count <= MAX_NUMBERS:
        raise Unshowable(f"This {what} is too large: a page shows at most {MAX_NUMBERS:,} numbers.")
    raw = decoded(data, 4 * MAX_NUMBERS)
    if len(raw) != 4 * count:
        raise _malformed(what, "its data does not fit its axes")
    found = array.array("f", raw)
    if sys.byteorder == "big":
        found.byteswap()
    if any(map(math.isinf, found)):
        raise _malformed(what, "it has numbers that are infinite")
    return str(data)


VIEWS: dict[str, Callable[[Output], Output]] = {  # kind → its check
    "attention": check_attention,
    "tokens": check_tokens,
    "leaderboard": check_leaderboard,
    "top_tokens": check_top_tokens,
    "samples": check_samples,
}
