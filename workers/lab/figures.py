"""Plotly figures that look right on the page: light or dark, and for every kind of eye.

Backgrounds are transparent and text has no colour of its own, so that the page's style decides both. Colours
are told apart without red against green. Heat maps fade to nothing at zero, in either theme.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
import plotly.io as pio
import torch
from jaxtyping import Float
from plotly.io.base_renderers import ExternalRenderer
from torch import Tensor

from workers.lab import display

COLOURS = ("#2a7fd4", "#e0702a", "#1a9e77", "#b45fc4", "#c2a200", "#5bb8e8", "#d6487e", "#8a8f98")
FADE = [[0.0, "rgba(42,127,212,0)"], [1.0, "rgba(42,127,212,1)"]]
TWO_SIDED = [[0.0, "rgba(224,112,42,1)"], [0.5, "rgba(128,128,128,0)"], [1.0, "rgba(42,127,212,1)"]]
MOST_POINTS = 500_000  # of one figure

_CLEAR = "rgba(0,0,0,0)"
_FAINT = "rgba(128,128,128,0.25)"


def _template() -> go.layout.Template:
    axis = {"gridcolor": _FAINT, "zerolinecolor": _FAINT, "linecolor": _FAINT, "automargin": True}
    layout = {
        "colorway": list(COLOURS),
        "paper_bgcolor": _CLEAR,
        "plot_bgcolor": _CLEAR,
        "font": {"family": "system-ui, sans-serif", "size": 13},
        "margin": {"l": 56, "r": 16, "t": 48, "b": 48},
        "xaxis": axis,
        "yaxis": axis,
        "colorscale": {"sequential": FADE, "diverging": TWO_SIDED},
        "coloraxis": {"colorbar": {"thickness": 12, "outlinewidth": 0}},
        "hovermode": "closest",
    }
    return go.layout.Template(layout=layout)


class _OnThePage(ExternalRenderer):
    """What `figure.show()` does: show it among the cell's outputs."""

    def render(self, fig_dict: dict[str, Any]) -> None:
        display.show(go.Figure(fig_dict, skip_invalid=True))


def _show(figure: Any, *_: Any, **__: Any) -> None:
    """Whatever renderer an older notebook asks for, this page is where figures go."""
    display.show(figure if isinstance(figure, go.Figure) else go.Figure(figure, skip_invalid=True))


pio.show = _show
go.Figure.show = _show  # type: ignore[method-assign]
pio.templates["unembed"] = _template()
pio.templates.default = "unembed"
pio.renderers["unembed"] = _OnThePage()
pio.renderers.default = "unembed"


def heatmap(
    values: Float[Tensor, "row column"],
    x: Sequence[Any] | None = None,
    y: Sequence[Any] | None = None,
    title: str = "",
    labels: Mapping[str, str] | None = None,
    heads: bool = False,
) -> go.Figure:
    """A heat map; row 0 is on top. Signed values get two colours around zero, others fade from zero.

    `x` and `y` name the columns and rows (tokens may repeat). `labels` are titles for "x", "y" and "color".
    `heads=True` says that rows are layers and columns are heads: a click on one opens its attention.
    Raises `ValueError` with a sentence if shapes do not fit.
    """
    grid = _grid(values)
    titles = {"x": "head", "y": "layer", "color": ""} if heads else {"x": "", "y": "", "color": ""}
    titles |= dict(labels or {})
    figure = go.Figure(go.Heatmap(z=grid.numpy(), **_colours(grid), colorbar=_bar(titles["color"])))
    for name, ticks, size in (("x", x, grid.shape[1]), ("y", y, grid.shape[0])):
        figure.update_layout({f"{name}axis": _named_axis(name, ticks, size, titles[name])})
    figure.update_traces(**_hover(x, y, titles))
    figure.update_layout(title={"text": title}, yaxis={"autorange": "reversed"}, meta={"heads": heads})
    return figure


def line(
    ys: Mapping[str, Any] | Float[Tensor, "point"] | Float[Tensor, "line point"],
    x: Sequence[Any] | Tensor | None = None,
    title: str = "",
    x_title: str = "",
    y_title: str = "",
) -> go.Figure:
    """One line, or several by name: `lab.line({"two layers": losses, "one layer": others})`.

    Raises `ValueError` with a sentence if a line has not as many points as `x`.
    """
    places = None if x is None else _numbers(x)
    figure = go.Figure()
    for name, points in _lines(ys).items():
        if places is not None and len(places) != len(points):
            raise ValueError(f"{name or 'The line'} has {len(points)} points, but x has {len(places)}.")
        figure.add_scatter(x=places, y=points, name=name, mode="lines")
    return described_lines(figure, title, x_title, y_title)


def described_lines(figure: go.Figure, title: str, x_title: str, y_title: str) -> go.Figure:
    """The figure with its words: a title, a name for each axis, and below it a legend for several traces."""
    return figure.update_layout(
        title={"text": title},
        xaxis={"title": {"text": x_title}},
        yaxis={"title": {"text": y_title}},
        showlegend=len(figure.data) > 1,
        legend={
            "orientation": "h",
            "yref": "container",
            "yanchor": "bottom",
            "y": 0,
            "xanchor": "left",
            "x": 0,
        },
    )


def scatter(
    points: Mapping[str, Any] | Float[Tensor, "point 2"],
    names: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
    title: str = "",
    x_title: str = "",
    y_title: str = "",
) -> go.Figure:
    """Points [point, 2], or several groups by name: `lab.scatter({"nouns": here, "verbs": there})`.

    A group may also be a pair (x, y). `names` says what each point is called (of groups, by group): written
    beside it where there are few, else shown on touch. Raises `ValueError` with a sentence if shapes do not
    fit.
    """
    groups = (
        {str(name): group for name, group in points.items()} if isinstance(points, Mapping) else {"": points}
    )
    given = names if isinstance(names, Mapping) else {next(iter(groups), ""): names}
    pairs = {name: _pair(group, name) for name, group in groups.items()}
    few = sum(len(x) for x, _ in pairs.values()) <= _FEW_POINTS
    figure = go.Figure()
    for name, (x, y) in pairs.items():
        texts = None if given.get(name) is None else [str(text) for text in given[name]]  # type: ignore[union-attr]
        if texts is not None and len(texts) != len(x):
            raise ValueError(f"{name or 'The scatter'} has {len(x)} points, but {len(texts)} names.")
        look = {"text": texts, "mode": "markers+text" if few else "markers"} if texts else {"mode": "markers"}
        figure.add_scatter(x=x, y=y, name=name, textposition="top center", marker={"size": 8}, **look)
    return described_lines(figure, title, x_title, y_title)


def histogram(
    values: Mapping[str, Any] | Tensor,
    bins: int = 40,
    title: str = "",
    x_title: str = "",
    share: bool = False,
) -> go.Figure:
    """How often which values occur in a tensor of any shape, or in several by name, on the same bins:
    `lab.histogram({"yours": model.W_E, "reference": other.W_E})`.

    `share` shows shares instead of counts, for tensors of different sizes. What is not finite is left out.
    Raises `ValueError` with a sentence if nothing is left.
    """
    groups = (
        {str(name): group for name, group in values.items()} if isinstance(values, Mapping) else {"": values}
    )
    found = {name: _finite(group) for name, group in groups.items()}
    if not any(group.numel() for group in found.values()) or not 1 <= bins <= _MOST_BINS:
        raise ValueError(f"A histogram needs finite numbers, and 1 to {_MOST_BINS} bins.")
    low = min(float(group.min()) for group in found.values() if group.numel())
    high = max(float(group.max()) for group in found.values() if group.numel())
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = (high - low) / bins
    places = [low + width * (bin + 0.5) for bin in range(bins)]
    figure = go.Figure()
    for name, group in found.items():
        counts = torch.histc(group, bins, low, high)
        heights = counts / max(group.numel(), 1) if share else counts.long()
        look = {"opacity": 0.6} if len(found) > 1 else {}
        figure.add_bar(x=places, y=heights.numpy(), width=width, name=name, **look)
    described_lines(figure, title, x_title, "share" if share else "count")
    return figure.update_layout(barmode="overlay", bargap=0)


_FEW_POINTS = 40  # whose names are written beside them
_MOST_BINS = 1000


def _pair(group: Any, name: str) -> tuple[Any, Any]:
    """The points' x and y."""
    if isinstance(group, tuple) and len(group) == 2:
        x, y = (_numbers(part) for part in group)
        if len(x) != len(y):
            raise ValueError(f"{name or 'The scatter'} has {len(x)} values of x, but {len(y)} of y.")
        return x, y
    points = torch.as_tensor(group).detach().float().cpu()
    if points.ndim != 2 or points.shape[1] != 2:
        raise ValueError(
            f"lab.scatter needs points [point, 2], or a pair (x, y); this has shape {list(points.shape)}. "
            "Choose two columns, or project onto two directions."
        )
    return _numbers(points[:, 0]), _numbers(points[:, 1])


def _finite(group: Any) -> Float[Tensor, "value"]:
    values = torch.as_tensor(group).detach().float().cpu().flatten()
    return values[torch.isfinite(values)]


def _grid(values: Any) -> Float[Tensor, "row column"]:
    grid = torch.as_tensor(values).detach().float().cpu()
    if grid.ndim != 2:
        raise ValueError(
            f"lab.heatmap needs a table [row, column]; this has shape {list(grid.shape)}. "
            "Choose one entry of each other dimension, or take a mean over it."
        )
    if grid.numel() == 0 or grid.numel() > MOST_POINTS:
        size = f"{grid.shape[0]} × {grid.shape[1]}"
        raise ValueError(f"A heat map of {size} values cannot be shown: choose a part.")
    return grid


def _colours(grid: Float[Tensor, "row column"]) -> dict[str, Any]:
    """Two-sided around zero for signed values; else from zero, so that equal colours are equal amounts."""
    finite = grid[torch.isfinite(grid)]
    if finite.numel() and finite.min() < 0:
        most = float(finite.abs().max())
        return {"colorscale": TWO_SIDED, "zmin": -most, "zmax": most}
    most = float(finite.max()) if finite.numel() else 0.0
    return {"colorscale": FADE, "zmin": 0.0, "zmax": most or 1.0}


def _bar(title: str) -> dict[str, Any]:
    return {"title": {"text": title}, "thickness": 12, "outlinewidth": 0}


def _named_axis(name: str, ticks: Sequence[Any] | None, size: int, title: str) -> dict[str, Any]:
    """Names as tick texts at 0, 1, 2, …: as categories, repeated tokens would fall on one place."""
    axis: dict[str, Any] = {"title": {"text": title}, "showgrid": False, "zeroline": False}
    if ticks is None:
        return axis | ({"dtick": 1} if size <= 16 else {})
    if len(ticks) != size:
        lines = "columns" if name == "x" else "rows"
        raise ValueError(f"{name} has {len(ticks)} names, but there are {size} {lines}.")
    texts = [str(tick) for tick in ticks]
    return axis | {"tickmode": "array", "tickvals": list(range(size)), "ticktext": texts}


def _hover(x: Sequence[Any] | None, y: Sequence[Any] | None, titles: Mapping[str, str]) -> dict[str, Any]:
    """What a point says of itself: its row, its column and its value."""
    value = f"{titles['color'] or 'value'} %{{z:.4g}}<extra></extra>"
    rows, columns = titles["y"] or "row", titles["x"] or "column"
    if x is None and y is None:
        return {"hovertemplate": f"{rows} %{{y}}, {columns} %{{x}}<br>{value}"}
    return {"hovertemplate": f"%{{y}} · %{{x}}<br>{value}"}


def _lines(ys: Any) -> dict[str, list[float]]:
    if isinstance(ys, Mapping):
        return {str(name): _numbers(points) for name, points in ys.items()}
    points = torch.as_tensor(ys).detach().float().cpu()
    if points.ndim == 1:
        return {"": _numbers(points)}
    if points.ndim == 2:
        return {str(row): _numbers(line) for row, line in enumerate(points)}
    raise ValueError(f"lab.line needs points [point] or [line, point]; this has shape {list(points.shape)}.")


def _numbers(points: Any) -> Any:
    """One line's points as an array, however they came."""
    line = torch.as_tensor(points).detach().cpu()
    if line.ndim != 1:
        raise ValueError(f"One line is a list of numbers; this one has shape {list(line.shape)}.")
    if len(line) > MOST_POINTS:
        raise ValueError(f"A line of {len(line)} points cannot be shown: take every hundredth.")
    return line.float().numpy() if line.is_floating_point() else line.numpy()
