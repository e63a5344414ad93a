"""What a cell shows: any object becomes one JSON description, and goes where its process says.

Kinds: `figure` (Plotly's JSON), the views of activations (`attention`, `tokens`, … of lab/views), `image`
(a PNG), `progress` (how far a loop is), `result` (the text of the last expression). Printed text never comes
through here.

An output with a key takes the place of the one before with the same key. Those come by the thousand, so most
of them are never described: what is sent is the newest, a few times a second, and the last in any case.
"""

from __future__ import annotations

import base64
import io
import reprlib
import time
import warnings
from collections.abc import Callable
from typing import Any

from workers.values import figure_json

LONGEST_TEXT = 20_000  # characters of one result
LONGEST_KEY = 100  # characters
PAUSE = 0.2  # seconds between two outputs of one key, at least
_SHARE = (
    10  # … and so many times what the last one took to make and to send: a loop is to compute, not to draw
)
_APART = 0.05  # seconds between two outputs of any keys

Output = dict[str, Any]

SINK: Callable[[Output], None] | None = None  # where outputs go; the process that runs cells sets it


class _Waiting:
    """What was shown last under one key, and when the next may be sent."""

    def __init__(self) -> None:
        self.thing: object = None
        self.due = 0.0
        self.unsent = False


_keys: dict[str, _Waiting] = {}
_due = 0.0  # no key may be sent before


def show(thing: object, key: str | None = None) -> None:
    """Show a figure, an attention view, an image or any value, here and now, in the middle of a cell.

    With a `key`, it takes the place of what the same run has shown with this key before. In a loop that is
    cheap: only a few of them a second are drawn, and the last in any case, as it is when its turn comes.
    """
    if key is not None:
        return _show_in_place(thing, str(key)[:LONGEST_KEY])
    return send(describe(thing))


def show_all(*things: object, **options: object) -> None:
    """As `display` in a notebook: each of them, here and now."""
    for thing in things:
        show(thing)


def send(output: Output | None) -> None:
    """Show what is described already."""
    if output is not None and SINK is not None:
        SINK(output)


def settle() -> None:
    """The cell is over: what has not been sent yet goes now."""
    try:
        for key, waiting in list(_keys.items()):
            if waiting.unsent:
                _send(key, waiting)
    finally:
        _keys.clear()


def _show_in_place(thing: object, key: str) -> None:
    if SINK is None:
        return
    if (waiting := _keys.get(key)) is None:
        waiting = _keys[key] = _Waiting()
    waiting.thing, waiting.unsent = thing, True
    moment = time.monotonic()
    if moment >= _due and moment >= waiting.due:
        _send(key, waiting)


def _send(key: str, waiting: _Waiting) -> None:
    global _due
    began = time.monotonic()
    thing, waiting.thing, waiting.unsent = waiting.thing, None, False
    if (output := describe(thing)) is not None:
        send({**output, "key": key})
    now = time.monotonic()
    waiting.due = now + max(PAUSE, _SHARE * (now - began))
    _due = now + _APART


def describe(thing: object) -> Output | None:
    """The JSON of one output, or None if there is nothing to show."""
    if thing is None or _is_drawing_part(thing):
        return None
    if callable(own := getattr(type(thing), "describe_output", None)):
        return own(thing)
    module = type(thing).__module__ or ""
    if module.startswith("plotly.") and hasattr(thing, "to_plotly_json") and hasattr(thing, "layout"):
        return describe_figure(thing)
    if module.startswith("matplotlib.") and hasattr(thing, "savefig"):
        return describe_drawing(thing)
    return {"kind": "result", "text": _text(thing)}


def describe_figure(figure: Any) -> Output:
    """A Plotly figure; its title serves as the text alternative."""
    plain = figure_json(figure)
    title = plain["layout"].get("title") or {}
    return {"kind": "figure", "figure": plain, "title": str(title.get("text") or "")}


def describe_drawing(drawing: Any) -> Output:
    """A matplotlib figure as a PNG of at most 1600 pixels a side, whatever size was asked for."""
    file = io.BytesIO()
    dots = min(144.0, 1600 / max(*drawing.get_size_inches(), 1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a missing glyph is no reason to frighten anybody
        drawing.savefig(file, format="png", dpi=dots, bbox_inches="tight")
    png = base64.b64encode(file.getvalue()).decode()
    return {"kind": "image", "png": png, "alt": _drawing_title(drawing)}


def _drawing_title(drawing: Any) -> str:
    titles = [drawing.get_suptitle(), *(axes.get_title() for axes in drawing.axes)]
    return "; ".join(title for title in titles if title) or "A drawing made with matplotlib"


def _is_drawing_part(thing: object) -> bool:
    """What `plt.plot` returns: the drawing is shown at the end of the cell, a list of lines helps nobody."""
    parts = thing if isinstance(thing, (list, tuple)) and thing else [thing]
    return all(
        (type(part).__module__ or "").startswith("matplotlib.") and not hasattr(part, "savefig")
        for part in parts
    )


def _text(thing: object) -> str:
    try:
        text = repr(thing)
    except RecursionError:
        text = reprlib.repr(type(thing).__name__)
    if len(text) <= LONGEST_TEXT:
        return text
    return f"{text[:LONGEST_TEXT]}\n… {len(text) - LONGEST_TEXT} more characters are not shown"
