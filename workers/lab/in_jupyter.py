"""The lab in a Jupyter kernel elsewhere: what `lab.show` and the last line of a cell look like there.

Figures are Plotly's own, attention becomes a heat map with a menu of heads, other views become tables.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from workers.lab import bars, display

PLOTLY = "application/vnd.plotly.v1+json"

Data = dict[str, Any]
Bundle = dict[str, Any]  # media type → data

_places: dict[str, Any] = {}  # key → what this cell shows there


def begin() -> None:
    """From here on, what is shown appears below its cell. Outside of Jupyter nothing is changed."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return
    shell: Any = get_ipython()
    if shell is None:
        return
    from workers import lab

    display.SINK = _show
    shell.events.register("post_run_cell", lambda *_: _settle())
    for kind in vars(lab).values():
        if isinstance(kind, type) and hasattr(kind, "describe_output"):
            shell.display_formatter.ipython_display_formatter.for_type(kind, display.show)


def _settle() -> None:
    bars.settle()
    display.settle()
    _places.clear()


def _show(output: Data) -> None:
    from IPython.display import display as put

    key, made = output.get("key"), list(bundles(output))
    if key is None or len(made) != 1:
        for each in made:
            put(each, raw=True)
    elif key in _places:
        _places[key].update(made[0], raw=True)
    else:
        _places[key] = put(made[0], raw=True, display_id=True)


def bundles(output: Data) -> Iterator[Bundle]:
    """A described output as Jupyter's media types: one, or several of a comparison or a slider."""
    kind = output["kind"]
    if kind == "beside":
        yield {"text/plain": output["words"]}
        yield from (_figure(figure, output["title"]) for figure in output["views"][0]["figures"])
    elif kind == "slider":
        yield {"text/plain": f"{output['title'] or 'The steps'}: from {output['labels'][0]} on"}
        for label, frame in zip(output["labels"], output["frames"], strict=True):
            yield {"text/plain": f"{output['name']} {label}"}
            for part in frame:
                yield from bundles(part)
    elif kind == "figure":
        yield _figure(output["figure"], output.get("title", ""))
    elif kind == "image":
        yield {"image/png": output["png"], "text/plain": output.get("alt", "")}
    elif kind == "progress":
        yield {
            "text/plain": f"{output['title']} {output['done']} of {output['total'] or '?'} {output['state']}"
        }
    elif kind in _VIEWS:
        yield _VIEWS[kind](output)
    else:
        yield {"text/plain": str(output.get("text", ""))}


def _figure(figure: Data, title: str) -> Bundle:
    return {PLOTLY: figure, "text/plain": title or "A figure"}


def _table(data: Data, header: list[str], rows: list[list[Any]]) -> Bundle:
    frame = pd.DataFrame(rows, columns=pd.Index(header)).style.hide(axis="index").set_caption(data["title"])
    text = pd.DataFrame(rows, columns=pd.Index(header)).to_string(index=False)
    return {"text/html": frame.format(escape="html", precision=3).to_html(), "text/plain": text}


def _attention(data: Data) -> Bundle:
    """A heat map, and a menu to choose the head."""
    patterns = np.frombuffer(base64.b64decode(data["data"]), np.uint8).reshape(data["shape"]) / 255
    places = {"tickvals": list(range(len(data["tokens"]))), "ticktext": data["tokens"]}
    traces = [
        {"type": "heatmap", "z": pattern.round(3).tolist(), "zmin": 0, "zmax": 1, "visible": head == 0}
        for head, pattern in enumerate(patterns)
    ]
    menu = [
        {"label": label, "method": "restyle", "args": [{"visible": [n == head for n in range(len(traces))]}]}
        for head, label in enumerate(data["labels"])
    ]
    layout = {
        "title": {"text": data["title"]},
        "xaxis": {"title": {"text": "key"}, **places},
        "yaxis": {"title": {"text": "query"}, "autorange": "reversed", **places},
        "updatemenus": [{"buttons": menu, "x": 1, "xanchor": "right", "y": 1.15}] if len(traces) > 1 else [],
    }
    return _figure({"data": traces, "layout": layout}, data["title"] or "Attention patterns")


def _tokens(data: Data) -> Bundle:
    names = [", ".join(labels) for labels in product(*(axis["labels"] for axis in data["axes"]))]
    values = _floats(data["data"]).reshape(len(names), len(data["tokens"]))
    rows = [[n, token, *values[:, n].tolist()] for n, token in enumerate(data["tokens"])]
    return _table(data, ["position", "token", *(name or "value" for name in names)], rows)


def _leaderboard(data: Data) -> Bundle:
    heads = data["shape"][1]
    scores = _floats(data["data"]).reshape(len(data["names"]), -1).T
    order = np.argsort(-scores[:, 0], kind="stable")
    rows = [[f"{n // heads}.{n % heads}", *scores[n].tolist()] for n in order.tolist()]
    return _table(data, ["head", *data["names"]], rows)


def _top_tokens(data: Data) -> Bundle:
    if not data["columns"]:
        rows = [[row, *best] for row, best in zip(data["rows"], data["words"], strict=True)]
        return _table(data, [data["axis"], *(str(n + 1) for n in range(len(data["words"][0])))], rows)
    width, words = len(data["columns"]), data["words"]
    rows = [
        [row, *(best[0] for best in words[n * width : (n + 1) * width])] for n, row in enumerate(data["rows"])
    ]
    return _table(data, [data["axis"], *data["columns"]], rows)


def _samples(data: Data) -> Bundle:
    """The texts of the first feature, the strongest first."""
    rows = [["".join(data["texts"][text])] for text in data["orders"][0]]
    return _table(data, [f"{data['axis']['name']} {data['axis']['labels'][0]}"], rows)


def _floats(packed: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(base64.b64decode(packed), "<f4")


_VIEWS: dict[str, Callable[[Data], Bundle]] = {
    "attention": _attention,
    "tokens": _tokens,
    "leaderboard": _leaderboard,
    "top_tokens": _top_tokens,
    "samples": _samples,
}
