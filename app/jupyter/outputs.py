"""What a run has shown, in the words of Jupyter: text, pictures, and figures as Plotly's JSON.

Views of activations are drawn by elements of this site; a notebook gets their words and first numbers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from nbformat.v4 import new_output

from app import plain_views
from app.models import Run
from app.visible import terminal, visible

PLOTLY = "application/vnd.plotly.v1+json"
MOST = 4 << 20  # bytes of one lesson's outputs; what comes after that stays here

Bundle = dict[str, Any]  # media type → data
Data = dict[str, Any]


def shown(run: Run, room: int = MOST) -> Iterator[Any]:
    """The outputs of one run as nbformat's, as many as there is `room` for, in bytes; a line says if not."""
    for output in run.outputs:
        for made in _made(output.kind, output.data):
            room -= len(json.dumps(made))
            if room < 0:
                yield _text("The rest is too large to come along: run the cell.")
                return
            yield made


def _made(kind: str, data: Data) -> Iterator[Any]:
    """One output of a run; of a comparison or a slider it is several."""
    if kind == "text":
        stream = "stderr" if data.get("stream") == "stderr" else "stdout"
        yield new_output("stream", name=stream, text=terminal(data["text"]))
    elif kind == "error":
        trace = str(data.get("traceback") or "").splitlines()
        yield new_output("error", ename=str(data["type"]), evalue=str(data["message"]), traceback=trace)
    elif kind == "beside":
        yield _text(data["words"])
        for figure in data["views"][0]["figures"]:
            yield new_output("display_data", data=bundle("figure", {"figure": figure}))
    elif kind == "slider":
        yield _text(f"{data['title'] or 'A slider'}: the last {data['name']}, {data['labels'][-1]}.")
        for part in data["frames"][-1]:
            yield from _made(part["kind"], part)
    elif kind not in ("shapes", "progress"):
        yield new_output("display_data", data=bundle(kind, data))


def bundle(kind: str, data: Data) -> Bundle:
    """One output by media types; plain text is always among them."""
    if kind == "figure":
        return {PLOTLY: data["figure"], "text/plain": visible(data.get("title") or "A figure")}
    if kind == "image":
        return {"image/png": data["png"], "text/plain": visible(data.get("alt") or "A picture")}
    if kind in plain_views.TAGS:
        return {"text/plain": visible(_in_words(plain_views.in_plain(data, kind)))}
    return {"text/plain": visible(data.get("text") or data.get("title") or kind)}


def _in_words(plain: plain_views.Plain) -> str:
    rows = ["\t".join(row) for row in [plain.header, *plain.rows] if row]
    return "\n".join([plain.words, *rows])


def _text(text: str) -> Any:
    return new_output("stream", name="stdout", text=f"{visible(text)}\n")
