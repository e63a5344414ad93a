"""Two measurements of the same things

Every head of a model has been measured twice: how much it attends to something, say, and how much the loss
suffers without it. A scatter shows what no table of means shows: whether the two go together, and who does
not fit. Draw one point for each head, **not joined by lines**. Pointing at a point should say which head it
is.
"""

import random

import torch
from jaxtyping import Float
from plotly.graph_objects import Figure
from torch import Tensor

from workers import lab

HINTS = [
    "In Plotly, points and lines are the same kind of trace, a scatter; its `mode` says which of them is "
    "drawn.",
    '`figure.add_scatter(x=…, y=…, mode="markers", text=names)` draws points that tell their name. The '
    "titles of the axes are handed to you.",
    '`figure = Figure()`, `figure.add_scatter(x=x, y=y, mode="markers", text=names)`, and '
    "`return figure.update_layout(title=…, xaxis_title=x_title, yaxis_title=y_title)`.",
]
MINUTES = 5
CONCEPTS = ["drew-a-plot"]
DIFFICULTY = 1
IMPORTANCE = 3
PURPOSE = """Is the head that looks as if it did the work the one that does it? “Score against effect” is the
picture for that, and for every comparison of a cheap estimate with an expensive one, such as attribution
patching with patching."""
WHY = """The order of the heads means nothing here, so a line from one to the next would draw a connection
that is not there. The names cost nothing and make the outlier a finding: you know at once what to look at
next."""


def draw_scatter(
    x: Float[Tensor, "head"], y: Float[Tensor, "head"], names: list[str], x_title: str, y_title: str
) -> Figure:
    """One point for each head, which tells its name; with a title and both axes named as they are given.

    >>> figure = draw_scatter(torch.zeros(2), torch.ones(2), ["0.0", "0.1"], "score", "effect")
    >>> figure.data[0].mode
    'markers'
    """
    figure = Figure()
    figure.add_scatter(x=x, y=y, mode="markers", text=names)
    return figure.update_layout(title="Every head", xaxis_title=x_title, yaxis_title=y_title)


def check_points(answer):
    """Each head is one point, with x along x and y along y."""
    x, y, names = _heads()
    trace = _trace(answer.draw_scatter(x, y, names, "score", "effect"))
    across, up = _numbers(trace, "x"), _numbers(trace, "y")
    fits = across is not None and up is not None and across.shape == up.shape == x.shape
    assert fits, (
        f"There are {len(x)} heads, and your figure should have one x and one y for each of them, as numbers."
    )
    got = torch.stack([across, up])
    if got.shape == (2, len(x)) and torch.allclose(got, torch.stack([y, x]), atol=1e-3):
        raise AssertionError("x and y have changed places.")
    lab.same(got, torch.stack([x, y]), tol=1e-3, name="[x and y, point] of your figure")


def check_not_joined(answer):
    """The points are not joined."""
    trace = _trace(answer.draw_scatter(*_heads(), "score", "effect"))
    joined = "lines" in str(trace.get("mode", "lines"))
    assert not joined, (
        "Your points are joined by a line, in the order in which they came. Plotly does so unless you say "
        '`mode="markers"`.'
    )


def check_names(answer):
    """Each point tells the name of its head."""
    x, y, names = _heads()
    trace = _trace(answer.draw_scatter(x, y, names, "score", "effect"))
    said = [_texts(trace.get(key)) for key in ("text", "hovertext", "customdata", "ids")]
    assert names in said, (
        "Pointing at a point does not say which head it is. Hand the names over, as `text` for instance; "
        f"the first is {names[0]!r}."
    )


def check_words(answer):
    """It has a title, and the axes have the names that were given."""
    wanted = random.choice([("attention to BOS", "effect (nats)"), ("in this model", "in the other")])
    figure = answer.draw_scatter(*_heads(), *wanted)
    assert figure.text("title"), "The figure has no title. What would somebody who finds it next week see?"
    for axis, want in zip(("xaxis", "yaxis"), wanted, strict=True):
        said = figure.text(axis, "title")
        assert said == want, f"The {axis[0]} axis should be called “{want}”; yours is called “{said}”."


def _heads() -> tuple[Tensor, Tensor, list[str]]:
    layers, heads = random.randint(2, 4), random.randint(3, 8)
    names = [f"{layer}.{head}" for layer in range(layers) for head in range(heads)]
    return torch.rand(len(names)), torch.randn(len(names)), names


def _trace(figure) -> dict:
    """The points as one trace, which may also have been drawn as one trace each."""
    found = [trace for trace in figure.data if trace.get("type", "scatter") in ("scatter", "scattergl")]
    found = [trace for trace in found if _numbers(trace, "y") is not None]
    assert found, "The figure has no scatter with numbers along y."
    places = [_numbers(trace, axis) for axis in ("x", "y") for trace in found]
    if len(found) == 1 or any(place is None or place.numel() != 1 for place in places):
        return found[0]
    values = [place.item() for place in places]
    x, y = values[: len(found)], values[len(found) :]
    return {"x": x, "y": y, "mode": "markers", "text": [_said(trace) for trace in found]}


def _said(trace) -> str:
    """What a trace of one point is called."""
    texts = [
        _texts(trace.get(key)) or [trace[key]] for key in ("text", "hovertext", "name") if trace.get(key)
    ]
    return str(texts[0][0]) if texts else ""


def _numbers(trace, key: str) -> Tensor | None:
    try:
        return torch.as_tensor(trace[key]).float()
    except (KeyError, TypeError, ValueError, RuntimeError):
        return None


def _texts(found) -> list[str]:
    if not isinstance(found, list):
        return []
    return [str(each[0]) if isinstance(each, list) and each else str(each) for each in found]


def mistake_joined__draw_scatter(x, y, names, x_title, y_title):
    """The points are joined in the order of the heads, and that order means nothing. Say `mode="markers"`."""
    return draw_scatter(x, y, names, x_title, y_title).update_traces(mode="lines+markers")


def mistake_swapped__draw_scatter(x, y, names, x_title, y_title):
    """x and y have changed places, while the names of the axes have stayed."""
    return draw_scatter(y, x, names, x_title, y_title)


def mistake_sorted__draw_scatter(x, y, names, x_title, y_title):
    """x and y are each sorted by themselves, so that no point belongs to a head any more, and *everything*
    seems to go together. Keep pairs together."""
    return draw_scatter(x.sort().values, y.sort().values, names, x_title, y_title)


def mistake_nameless__draw_scatter(x, y, names, x_title, y_title):
    """The points do not tell who they are. The outlier is what you will want to know: hand over `names`."""
    return draw_scatter(x, y, None, x_title, y_title)


def mistake_no_words__draw_scatter(x, y, names, x_title, y_title):
    """The points are right, but there is neither a title nor a name on the axes."""
    figure = Figure()
    return figure.add_scatter(x=x, y=y, mode="markers", text=names)


def also_right_express__draw_scatter(x, y, names, x_title, y_title):
    import plotly.express as px

    return px.scatter(
        x=x.numpy(), y=y.numpy(), hover_name=names, labels={"x": x_title, "y": y_title}, title="Head by head"
    )


def also_right_labels__draw_scatter(x, y, names, x_title, y_title):
    points = {"type": "scatter", "mode": "markers+text", "x": x.tolist(), "y": y.tolist(), "text": names}
    figure = Figure(data=[points], layout={"title": {"text": "Heads"}})
    figure.update_xaxes(title_text=x_title)
    figure.update_yaxes(title_text=y_title)
    return figure


def also_right_one_by_one__draw_scatter(x, y, names, x_title, y_title):
    figure = Figure()
    for across, up, name in zip(x.tolist(), y.tolist(), names, strict=True):
        figure.add_scatter(x=[across], y=[up], name=name, mode="markers", showlegend=False)
    return figure.update_layout(title="Heads", xaxis_title=x_title, yaxis_title=y_title)
