"""A matrix as a picture

Draw a matrix with one row and one column for each token of a text: the difference of two attention patterns,
say. Four things make such a picture honest, and each of them is easily missed:

- row 0 is **on top**, as in the matrix;
- rows and columns carry their tokens, **also where a token occurs twice**;
- the values are signed, so that the colours have their middle **at zero**;
- it has a title, and names for both axes: rows are queries, so y says “query”, and x says “key”.
"""

import random

import torch
from jaxtyping import Float
from plotly.graph_objects import Figure
from torch import Tensor

from workers import lab

HINTS = [
    "`lab.heatmap` sees to the first three by itself, if you hand it the tokens as `x` and as `y`. With "
    "Plotly's own functions you have to see to them yourself.",
    "In `px.imshow`, row 0 is on top, and `color_continuous_midpoint=0` sets the middle. Tokens given as `x` "
    "would become categories, and equal ones fall on one place: set `tickvals` and `ticktext` of the axes.",
    '`lab.heatmap(matrix, x=tokens, y=tokens, title="…", labels={"x": "key", "y": "query"})`.',
]
MINUTES = 6
CONCEPTS = ["drew-a-plot"]
DIFFICULTY = 2
IMPORTANCE = 4
PURPOSE = """Attention patterns, patching results, logit lenses: the picture that MI draws most is a matrix
with tokens along its sides, and tokens do repeat."""
WHY = """Plotly's `Heatmap` puts row 0 at the bottom, as in a graph; `imshow` puts it on top, as in a matrix.
A causal pattern shows which one you have: its filled triangle belongs to the lower left.

Names given as `x` make a *category* axis. Two columns with the same name are then one category, and the
second is drawn over the first. Places 0, 1, 2, … with `ticktext` cannot collide.

Colours with their middle at zero make “more” and “less” look different and equal amounts look equal."""


def draw_matrix(matrix: Float[Tensor, "token token"], tokens: list[str]) -> Figure:
    """The matrix as a heat map: row 0 on top, tokens along both sides, colours around zero, a title, axes
    named.

    >>> figure = draw_matrix(torch.tensor([[0.0, 1.0], [-2.0, 0.5]]), ["the", "the"])
    >>> figure.layout.yaxis.autorange, figure.layout.xaxis.ticktext
    ('reversed', ('the', 'the'))
    """
    return lab.heatmap(
        matrix, x=tokens, y=tokens, title="What has changed", labels={"x": "key", "y": "query"}
    )


def check_values(answer):
    """The picture holds the very numbers it was given, rows as rows."""
    matrix, tokens = _matrix()
    values = _values(answer.draw_matrix(matrix, tokens))
    if values.shape == matrix.shape and torch.allclose(values, matrix.T, atol=1e-3):
        raise AssertionError("Rows and columns have changed places.")
    if values.shape == matrix.shape and torch.allclose(values, matrix.flip(0), atol=1e-3):
        raise AssertionError(
            "You turned the rows round to have the first on top. Then the names no longer fit: turn the "
            "*axis*, with "
            '`autorange="reversed"`.'
        )
    lab.same(values, matrix, tol=1e-3, name="the numbers in the picture")


def check_first_row_on_top(answer):
    """Row 0 is on top."""
    figure = answer.draw_matrix(*_matrix())
    axis = figure.layout.get("yaxis", {})
    first, last = [_number(limit) for limit in [*_list(axis.get("range")), None, None][:2]]
    turned = first is not None and last is not None and first > last
    assert turned or str(axis.get("autorange", "")).endswith("reversed"), (
        "Row 0 is at the bottom: Plotly's Heatmap counts upwards. A matrix is read from the top: "
        '`figure.update_yaxes(autorange="reversed")`.'
    )


def check_tokens(answer):
    """Rows and columns carry their tokens, also those that occur twice."""
    matrix, tokens = _matrix()
    figure = answer.draw_matrix(matrix, tokens)
    for axis, side in (("x", "columns"), ("y", "rows")):
        layout, given = figure.layout.get(f"{axis}axis", {}), _list(_trace(figure).get(axis))
        if len(given) == len(tokens) and all(isinstance(each, str) for each in given):
            twice = next(token for token in tokens if tokens.count(token) > 1)
            raise AssertionError(
                f"The tokens are the categories of the {axis} axis, and “{twice}” occurs twice: both {side} "
                f"fall on one place. Let the {axis} axis count 0, 1, 2, … and set `tickvals` and `ticktext`."
            )
        said, places = _list(layout.get("ticktext")), _list(layout.get("tickvals"))
        named = said == tokens and places == list(range(len(tokens)))
        assert named, (
            f"The {side} do not carry their tokens, {tokens[0]!r}, {tokens[1]!r}, …: the {axis} axis needs "
            "them as `ticktext`, at the `tickvals` 0, 1, 2, …"
        )


def check_colours(answer):
    """The colours have their middle at zero, whatever the values."""
    for shift in (0.5, -0.8):
        matrix, tokens = _matrix()
        figure = answer.draw_matrix(matrix + shift, tokens)
        trace = _trace(figure)
        axis = figure.layout.get(str(trace.get("coloraxis") or "coloraxis"), {})
        middle = _number(trace.get("zmid")) == 0 or _number(axis.get("cmid")) == 0
        low, high = (_number(trace.get(f"z{end}", axis.get(f"c{end}"))) for end in ("min", "max"))
        even = low is not None and high is not None and high > 0 and abs(low + high) < 1e-3 * high
        assert middle or even, (
            f"The values go from {float((matrix + shift).min()):.2f} to {float((matrix + shift).max()):.2f}, "
            "and the middle of your colours lies somewhere between: nobody sees which are positive. Put it "
            "at zero (`zmid=0`, `color_continuous_midpoint=0`, or limits ±most)."
        )


def check_words(answer):
    """It has a title, the x axis says “key”, and the y axis says “query”."""
    figure = answer.draw_matrix(*_matrix())
    assert figure.text("title"), "The figure has no title. What would somebody who finds it next week see?"
    for axis, noun in (("xaxis", "key"), ("yaxis", "query")):
        said = figure.text(axis, "title")
        assert said, f"The {axis[0]} axis has no name. Rows are queries, columns are keys."
        assert noun in said.lower(), f"The {axis[0]} axis should say “{noun}”; yours says “{said}”."


def _matrix() -> tuple[Tensor, list[str]]:
    words = random.sample(["the", " fox", " saw", " Simon", " and", " ran", " far"], random.randint(3, 5))
    tokens = words + random.sample(words, 2)
    return torch.randn(len(tokens), len(tokens)), tokens


def _trace(figure) -> dict:
    for trace in figure.data:
        if trace.get("type") == "heatmap":
            return trace
    return figure.trace("heatmap")


def _values(figure) -> Tensor:
    return figure.values("heatmap", "z")


def _list(found) -> list:
    return (
        found.tolist()
        if isinstance(found, Tensor)
        else list(found)
        if isinstance(found, list | tuple)
        else []
    )


def _number(found) -> float | None:
    return float(found) if isinstance(found, int | float) and not isinstance(found, bool) else None


def mistake_upside_down__draw_matrix(matrix, tokens):
    """Row 0 is at the bottom, so that a causal pattern seems to look into the future. Turn the y axis round:
    `autorange="reversed"`."""
    return draw_matrix(matrix, tokens).update_yaxes(autorange=True)


def mistake_turned__draw_matrix(matrix, tokens):
    """Rows and columns have changed places. The first axis of the matrix is the rows, from top to bottom."""
    return draw_matrix(matrix.T, tokens)


def mistake_tokens_as_categories__draw_matrix(matrix, tokens):
    """The tokens are given as `x` and `y` of the picture, and become categories. Where a token occurs twice,
    two columns are drawn on one place, and one of them is lost. Set `tickvals` and `ticktext` instead."""
    import plotly.express as px

    labels = {"x": "key", "y": "query"}
    return px.imshow(
        matrix.numpy(), x=tokens, y=tokens, labels=labels, title="Change", color_continuous_midpoint=0
    )


def mistake_no_tokens__draw_matrix(matrix, tokens):
    """The axes count 0, 1, 2, … Which token is number 4? Put the tokens there."""
    return lab.heatmap(matrix, title="What has changed", labels={"x": "key", "y": "query"})


def mistake_colours_off_zero__draw_matrix(matrix, tokens):
    """The colours run from the smallest value to the largest. Where their middle falls is chance, and nobody
    sees which values are negative: put the middle at zero."""
    return draw_matrix(matrix, tokens).update_traces(zmin=matrix.min().item(), zmax=matrix.max().item())


def mistake_no_words__draw_matrix(matrix, tokens):
    """The picture is right, but nothing says what it shows, nor which side is the query."""
    return lab.heatmap(matrix, x=tokens, y=tokens)


def also_right_express__draw_matrix(matrix, tokens):
    import plotly.express as px

    labels = {"x": "Key token", "y": "Query token", "color": "change"}
    figure = px.imshow(matrix.numpy(), labels=labels, title="Difference", color_continuous_midpoint=0)
    places = list(range(len(tokens)))
    figure.update_xaxes(tickmode="array", tickvals=places, ticktext=tokens)
    return figure.update_yaxes(tickmode="array", tickvals=places, ticktext=tokens)


def also_right_graph_objects__draw_matrix(matrix, tokens):
    ticks = {"tickvals": torch.arange(len(tokens)).tolist(), "ticktext": tokens}
    layout = {
        "title": "Difference of two patterns",
        "xaxis": {"title": "key", **ticks},
        "yaxis": {"title": "query", "range": [len(tokens) - 0.5, -0.5], **ticks},
    }
    return Figure(
        data=[{"type": "heatmap", "z": matrix.tolist(), "zmid": 0, "colorscale": "RdBu"}], layout=layout
    )
