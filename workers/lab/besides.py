"""Your figure beside ours: side by side on the same scales, one over the other, and where they differ."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from workers.lab import display
from workers.lab.figures import COLOURS, TWO_SIDED, described_lines
from workers.values import decode_figure, figure_json

NAMES = ("Yours", "Ours")
MOST_POINTS = 2000  # of the difference of two lines
_MOST_LINES = 20
_SAME = 1e-5  # of the largest value: a difference as large as the rounding of a figure's numbers

Json = dict[str, Any]
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Beside:
    """Two figures and how they may be looked at; shown, the page has a switch between the views."""

    title: str
    words: str  # where they differ most, in a sentence
    views: list[tuple[str, list[Json]]]  # name, one figure or two

    def describe_output(self) -> display.Output:
        views = [{"name": name, "figures": figures} for name, figures in self.views]
        return {"kind": "beside", "title": self.title, "words": self.words, "views": views}


def beside(yours: go.Figure, ours: go.Figure) -> Beside:
    """Show two figures of the same kind (lines and points, or a heat map each) to be compared.

    They stand side by side on shared axes and colours, lie one over the other, or are subtracted: lines of
    the same name (else in their order) at common places, heat maps cell by cell. The largest deviation is
    named.
    Raises `ValueError` with a sentence where they are not of the same kind.
    """
    return compared(figure_json(yours), figure_json(ours))


def compared(yours: Json, ours: Json) -> Beside:
    """The same of two figures as their JSON, arrays packed or as tensors. Any part of `yours` may be odd."""
    pair = [_plain(yours), _plain(ours)]
    title = _title(pair[1].get("layout")) or _title(pair[0].get("layout"))
    grids = [_grid(figure) for figure in pair]
    if grids[0] is not None and grids[1] is not None:
        return _heat_maps(pair, grids[0], grids[1], title)
    lines = [_lines(figure) for figure in pair]
    if lines[0] and lines[1]:
        return _all_lines(pair, lines[0], lines[1], title)
    raise ValueError(
        "These two figures cannot be compared: both need lines or points of numbers, or a heat map each."
    )


def _plain(figure: Json) -> Json:
    """The figure's JSON as a page would draw it, nothing shared with what was given."""
    plain = figure_json(decode_figure(figure))
    layout = plain["layout"] if isinstance(plain["layout"], dict) else {}
    return {"data": [trace for trace in plain["data"] if isinstance(trace, dict)], "layout": layout}


def _title(layout: Any) -> str:
    title = layout.get("title") if isinstance(layout, dict) else None
    text = title.get("text") if isinstance(title, dict) else title
    return text if isinstance(text, str) else ""


# -- lines -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Line:
    name: str
    x: Array
    y: Array
    mode: str


def _lines(figure: Json) -> list[_Line]:
    """Its lines and points of numbers, each in the order of x; what is no number is left out."""
    found = []
    for trace in decode_figure(figure)["data"]:
        if trace.get("type", "scatter") not in ("scatter", "scattergl"):
            continue
        y = _numbers(trace.get("y"), 1)
        counted = y is not None and trace.get("x") is None
        x = _numbers(range(len(y)) if y is not None and counted else trace.get("x"), 1)
        if x is None or y is None or len(x) != len(y):
            continue
        kept = np.isfinite(x) & np.isfinite(y)
        order = np.argsort(x[kept], kind="stable")
        mode = "markers" if trace.get("mode") == "markers" else "lines"
        if kept.any():
            found.append(_Line(str(trace.get("name") or "")[:60], x[kept][order], y[kept][order], mode))
    return found[:_MOST_LINES]


def _all_lines(pair: list[Json], yours: list[_Line], ours: list[_Line], title: str) -> Beside:
    axes = _axes_titles(pair[1])
    _share_range(pair, "xaxis", [line.x for line in (*yours, *ours)])
    _share_range(pair, "yaxis", [line.y for line in (*yours, *ours)])
    over = go.Figure()
    for lines, name, dash in ((yours, NAMES[0], "solid"), (ours, NAMES[1], "dash")):
        for number, line in enumerate(lines):
            colour = COLOURS[number % len(COLOURS)]
            look = {"line": {"dash": dash, "color": colour}} if line.mode == "lines" else {}
            look |= {"marker": {"color": colour, "symbol": "circle" if dash == "solid" else "x-thin-open"}}
            over.add_scatter(x=line.x, y=line.y, name=_of(name, line.name), mode=line.mode, **look)
    views = [
        ("Side by side", [_named(figure, name) for figure, name in zip(pair, NAMES, strict=True)]),
        ("Overlaid", [figure_json(described_lines(over, title, *axes))]),
    ]
    difference, deviations = go.Figure(), []
    for mine, other in _partners(yours, ours):
        if (gap := _gap(mine, other)) is not None:
            places, y, theirs = gap
            difference.add_scatter(x=places, y=y - theirs, name=other.name or "difference", mode="lines")
            deviations.append(_largest(other.name, places, y, theirs))
    if deviations:
        described_lines(difference, "Yours minus ours", axes[0], "difference")
        views.append(("Difference", [figure_json(difference)]))
    return Beside(title, _lines_in_words(yours, ours, deviations), views)


def _partners(yours: list[_Line], ours: list[_Line]) -> list[tuple[_Line, _Line]]:
    """Lines of the same name; where the names are not the same, those at the same place."""
    mine = {line.name: line for line in yours}
    if set(mine) == {line.name for line in ours} and len(mine) == len(ours):
        return [(mine[line.name], line) for line in ours]
    return list(zip(yours, ours, strict=False))


def _gap(yours: _Line, ours: _Line) -> tuple[Array, Array, Array] | None:
    """Where both are, and what each is there: between its points, on the line. None if that is nowhere."""
    low, high = max(yours.x[0], ours.x[0]), min(yours.x[-1], ours.x[-1])
    if low > high:
        return None
    places = np.union1d(yours.x, ours.x)
    places = places[(places >= low) & (places <= high)]
    if len(places) > MOST_POINTS:
        places = places[np.linspace(0, len(places) - 1, MOST_POINTS).astype(int)]
    return places, np.interp(places, yours.x, yours.y), np.interp(places, ours.x, ours.y)


@dataclass(frozen=True)
class _Deviation:
    size: float
    scale: float
    words: str


def _largest(name: str, places: Array, yours: Array, ours: Array) -> _Deviation:
    at = int(np.abs(yours - ours).argmax())
    of = f" of “{name}”" if name else ""
    words = f"{_short(abs(yours[at] - ours[at]))}, at {_short(places[at])}{of}: yours is {_short(yours[at])} "
    return _Deviation(
        float(abs(yours[at] - ours[at])), float(np.abs(ours).max()), f"{words}there, ours {_short(ours[at])}"
    )


def _lines_in_words(yours: list[_Line], ours: list[_Line], deviations: list[_Deviation]) -> str:
    counted = ""
    if len(yours) != len(ours):
        counted = f"Yours has {_counted(len(yours), 'line')}, ours {len(ours)}. "
    if not deviations:
        return f"{counted}They have no place in common, so there is no difference to draw."
    return counted + _in_words(max(deviations, key=lambda found: found.size), "Where both have points, they")


def _share_range(pair: list[Json], axis: str, numbers: list[Array]) -> None:
    """The same range for both, unless an axis is not of numbers as they are."""
    axes = [_axis(figure, axis) for figure in pair]
    if any(found.get("type", "linear") not in ("linear", "-") for found in axes):
        return
    low, high = min(float(all.min()) for all in numbers), max(float(all.max()) for all in numbers)
    room = 0.05 * (high - low) or 0.5
    for found in axes:
        found.pop("autorange", None)
        found["range"] = [low - room, high + room]


# -- heat maps ---------------------------------------------------------------------------------------


def _grid(figure: Json) -> Array | None:
    """The numbers of its first heat map."""
    for trace in decode_figure(figure)["data"]:
        if trace.get("type") == "heatmap":
            return _numbers(trace.get("z"), 2)
    return None


def _heat_maps(pair: list[Json], yours: Array, ours: Array, title: str) -> Beside:
    finite = np.concatenate([grid[np.isfinite(grid)] for grid in (yours, ours)] or [np.zeros(1)])
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    colours = {"zmin": min(low, 0.0), "zmax": max(high, 0.0) or 1.0}
    if low < 0:
        colours = {"zmin": -max(-low, high), "zmax": max(-low, high)}
    _share_colours(pair, colours)
    views = [("Side by side", [_named(figure, name) for figure, name in zip(pair, NAMES, strict=True)])]
    if yours.shape != ours.shape:
        sizes = [f"{grid.shape[0]} rows and {grid.shape[1]} columns" for grid in (yours, ours)]
        return Beside(title, f"Yours has {sizes[0]}, ours {sizes[1]}: there is no difference to draw.", views)
    mixed = _of("Yours blue, ours orange", title)
    views.append(("Overlaid", [_drawn_like(pair[1], mixed, *_both(yours, ours, colours))]))
    gap = yours - ours
    most = float(np.nanmax(np.abs(gap))) if np.isfinite(gap).any() else 0.0
    scale = {"colorscale": TWO_SIDED, "zmin": -(most or 1.0), "zmax": most or 1.0}
    bar = {"thickness": 12, "outlinewidth": 0}
    views.append(
        ("Difference", [_drawn_like(pair[1], "Yours minus ours", go.Heatmap(z=gap, colorbar=bar, **scale))])
    )
    return Beside(title, _grid_in_words(pair[1], yours, ours), views)


def _share_colours(pair: list[Json], colours: Json) -> None:
    """The same scale for both, in the colours of ours."""
    maps = [[trace for trace in figure["data"] if trace.get("type") == "heatmap"] for figure in pair]
    if scale := maps[1][0].get("colorscale"):
        colours = {**colours, "colorscale": scale}
    for figure, traces in zip(pair, maps, strict=True):
        figure["layout"].pop("coloraxis", None)
        for trace in traces:
            for name in ("coloraxis", "zauto", "zmid"):
                trace.pop(name, None)
            trace.update(colours)


def _both(yours: Array, ours: Array, colours: Json) -> list[go.Heatmap]:
    """Each in its own colour, half transparent: where both are the same, the colours mix."""
    made = []
    for grid, colour, name in ((yours, "42,127,212", NAMES[0]), (ours, "224,112,42", NAMES[1])):
        fade = [[0.0, f"rgba({colour},0)"], [1.0, f"rgba({colour},0.6)"]]
        hover = f"{name} at %{{y}}, %{{x}}: %{{z:.4g}}<extra></extra>"
        most = colours["zmax"]
        look = {"colorscale": fade, "zmin": 0, "zmax": most, "showscale": False, "hovertemplate": hover}
        made.append(go.Heatmap(z=np.abs(grid), name=name, **look))
    return made


def _drawn_like(figure: Json, title: str, *traces: go.Heatmap) -> Json:
    """With the axes of this figure."""
    drawn = figure_json(go.Figure(data=list(traces)))
    for axis in ("xaxis", "yaxis"):
        drawn["layout"][axis] = _axis(figure, axis)
    return drawn | {"layout": {**drawn["layout"], "title": {"text": title}}}


def _grid_in_words(figure: Json, yours: Array, ours: Array) -> str:
    gap = np.abs(yours - ours)
    if not np.isfinite(gap).any():
        return "No cell has a number in both."
    row, column = np.unravel_index(np.nanargmax(gap), gap.shape)
    place = f"in row {_tick(figure, 'yaxis', int(row))}, column {_tick(figure, 'xaxis', int(column))}"
    mine, other = yours[row, column], ours[row, column]
    words = f"{_short(gap[row, column])}, {place}: yours is {_short(mine)} there, ours {_short(other)}"
    found = _Deviation(float(gap[row, column]), float(np.nanmax(np.abs(ours))), words)
    return _in_words(found, "They")


def _tick(figure: Json, axis: str, place: int) -> str:
    """What the axis calls this row or column."""
    texts = _axis(figure, axis).get("ticktext")
    named = isinstance(texts, list) and place < len(texts)
    return f"{place} (“{str(texts[place])[:40]}”)" if named else str(place)  # type: ignore[index]


# -- of both kinds -----------------------------------------------------------------------------------


def _in_words(found: _Deviation, who: str) -> str:
    if found.size <= _SAME * max(found.scale, 1e-30):
        return f"{who} agree: no difference is larger than {_short(max(found.size, _SAME * found.scale))}."
    return f"The largest deviation is {found.words}."


def _named(figure: Json, name: str) -> Json:
    """Whose it is, before its title."""
    title = _title(figure["layout"])
    return {**figure, "layout": {**figure["layout"], "title": {"text": _of(name, title)}}}


def _of(name: str, what: str) -> str:
    return f"{name}: {what}" if what else name


def _axis(figure: Json, name: str) -> Json:
    found = figure["layout"].get(name)
    if not isinstance(found, dict):
        found = figure["layout"][name] = {}
    return found


def _axes_titles(figure: Json) -> tuple[str, str]:
    return _title(_axis(figure, "xaxis")), _title(_axis(figure, "yaxis"))


def _numbers(values: Any, dimensions: int) -> Array | None:
    """An array of numbers with so many axes, gaps as NaN; None for anything else, and for nothing."""
    try:
        if isinstance(values, list):
            values = [np.asarray(part, dtype=float) for part in values] if dimensions == 2 else values
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if found.ndim == dimensions and found.size else None


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _short(number: Any) -> str:
    number = float(number)
    return f"{number:.0f}" if number == math.floor(number) and abs(number) < 1e6 else f"{number:.3g}"
