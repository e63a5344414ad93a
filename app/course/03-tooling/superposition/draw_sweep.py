"""The figure of the paper

How many dimensions does a feature get, on average, as features become rarer? The squared lengths of all
columns together, $\\|W\\|_F^2$, say about how many features are stored (each has a length near 1). So

$$\\frac{m}{\\|W\\|_F^2}$$

with $m$ hidden numbers is the number of **dimensions per feature**. Draw it for each instance, over $1/(1 -
S)$: on how many examples a feature occurs once. That spans two powers of ten, so the x axis has to be
**logarithmic**. The instances come in any order; the line should run from dense to sparse. Title, and names
for both axes: x says “1/(1−S)”, y says “dimensions per feature”."""

import random

import torch
from jaxtyping import Float
from plotly.graph_objects import Figure
from torch import Tensor

from workers import lab

HINTS = [
    "‖W‖_F² is the sum of all squared weights of one instance. m is a size of the tensor. And before "
    "drawing: in which order are the points?",
    "`order = sparsity.argsort()` sorts; `W[order].pow(2).sum((1, 2))` is ‖W‖_F² for each instance. A Plotly "
    'figure gets a logarithmic axis by `figure.update_xaxes(type="log")`.',
    "`lab.line(W.shape[1] / W[order].pow(2).sum((1, 2)), x=1 / (1 - sparsity[order]), title=…, "
    'x_title="1/(1−S)", y_title="dimensions per feature").update_xaxes(type="log")`.',
]
MINUTES = 8
CONCEPTS = ["superposition", "drew-a-plot"]
DIFFICULTY = 2
IMPORTANCE = 3
PURPOSE = """A sweep is the workhorse of toy models: everything fixed but one knob, and one number for each
setting. On this curve a plateau was seen that nobody had asked for, at one half, and the geometry was found
by asking what it was."""
SHAPES = ["stored: instance"]
WHY = """$\\|W\\|_F^2$ counts stored features without a threshold: who says “stored means longer than 0.5” has
to defend the 0.5. The price is that a feature of length 1.2 counts as 1.44 of them, and so the curve can go
below the number of dimensions divided by the number of features. Every summary number has such an opinion
built in.

The logarithmic axis is no decoration. Interesting things happen at one in ten and at one in thirty; on an
axis of S itself, from 0 to 1, both stand crammed at the right edge."""
SEE = {"mistake_no_words__draw_sweep": "draw_losses"}


def draw_sweep(sparsity: Float[Tensor, "instance"], W: Float[Tensor, "instance hidden feature"]) -> Figure:
    """Dimensions per feature over 1/(1 − S), from dense to sparse, on a logarithmic x axis.

    >>> figure = draw_sweep(torch.tensor([0.9, 0.0]), torch.ones(2, 2, 3))
    >>> [round(x) for x in figure.data[0].x], figure.layout.xaxis.type
    ([1, 10], 'log')
    """
    order = sparsity.argsort()
    per_feature = W.shape[1] / W[order].pow(2).sum((1, 2))
    figure = lab.line(
        per_feature,
        x=1 / (1 - sparsity[order]),
        title="Rarer features share their dimensions",
        x_title="1/(1−S)",
        y_title="dimensions per feature",
    )
    return figure.update_xaxes(type="log")


def check_points(answer):
    """One point for each instance, with the right number above the right place."""
    sparsity, W = _sweep()
    x, y, _ = _points(answer.draw_sweep(sparsity, W))
    assert len(y) == len(sparsity), (
        f"{len(sparsity)} instances should make {len(sparsity)} points; your figure has {len(y)}."
    )
    order = sparsity.argsort()
    places, wanted = (1 / (1 - sparsity))[order], W.shape[1] / W.pow(2).sum((1, 2))[order]
    x, mine = x.sort()
    y = y[mine]
    said_S = torch.allclose(x, sparsity.sort().values, atol=1e-3)
    assert not said_S, "Along x you draw the sparsity itself. It should be 1/(1 − S)."
    assert torch.allclose(x, places, rtol=1e-3), (
        f"Along x there should be 1/(1 − S): {places[0]:.2f}, {places[1]:.2f}, … Yours begins with "
        f"{x[0]:.2f}, {x[1]:.2f}."
    )
    assert not torch.allclose(y, 1 / wanted, rtol=1e-2), (
        "You draw features per dimension. It should be the other way round: m / ‖W‖²."
    )
    assert torch.allclose(y, wanted, rtol=1e-3), (
        f"At 1/(1 − S) = {x[0]:.2f}, W has the shape {tuple(W.shape[1:])} and ‖W‖² is "
        f"{W.shape[1] / wanted[0]:.3f}, so a feature has {wanted[0]:.3f} dimensions there. Your figure says "
        f"{y[0]:.3f}."
    )


def check_order(answer):
    """The line runs from dense to sparse."""
    sparsity, W = _sweep()
    x, _, mode = _points(answer.draw_sweep(sparsity, W))
    steps = x.diff()
    assert "lines" not in mode or (steps >= 0).all() or (steps <= 0).all(), (
        "The instances came in no order, and your line follows them, to and fro. Sort by sparsity before you "
        "join them."
    )


def check_axis(answer):
    """The x axis is logarithmic."""
    figure = answer.draw_sweep(*_sweep())
    axis = figure.layout.get("xaxis", {})
    axis = axis if isinstance(axis, dict) else {}
    assert str(axis.get("type")) == "log", (
        "The x axis is linear: half of your points lie crammed at its left end. Make it logarithmic: "
        '`figure.update_xaxes(type="log")`.'
    )


def check_words(answer):
    """It has a title, x says 1/(1−S), and y says “dimensions per feature”."""
    figure = answer.draw_sweep(*_sweep())
    assert str(figure.text("title")).strip(), (
        "The figure has no title. What would somebody who finds it next week see?"
    )
    said = figure.text("xaxis", "title").lower().replace(" ", "").replace("−", "-").replace("–", "-")
    assert said, "The x axis has no name. It shows 1/(1−S)."
    assert "1-s" in said or "sparsity" in said or "rare" in said, (
        f"The x axis shows 1/(1−S), and should say so; yours says “{figure.text('xaxis', 'title')}”."
    )
    said = figure.text("yaxis", "title").lower()
    assert said, "The y axis has no name. It shows the dimensions per feature."
    assert "dim" in said, f"The y axis shows dimensions per feature, and should say so; yours says “{said}”."


def _sweep() -> tuple[Tensor, Tensor]:
    count = random.randint(6, 11)
    sparsity = 1 - torch.logspace(0, -random.uniform(1.5, 2), count)
    sizes = count, random.randint(2, 5), random.randint(6, 9)
    mixed = torch.randperm(count)
    if (mixed.diff() > 0).all() or (mixed.diff() < 0).all():
        mixed = mixed.roll(count // 2)
    return sparsity[mixed], torch.randn(sizes) * torch.linspace(0.3, 1, count)[
        torch.randperm(count), None, None
    ]


def _points(figure) -> tuple[Tensor, Tensor, str]:
    """x and y of all points, however many traces they are spread over, and how they are joined."""
    found = [
        (x, y, str(trace.get("mode", "lines")))
        for trace in figure.data
        if trace.get("type", "scatter") in ("scatter", "scattergl")
        and (y := _numbers(trace, "y")) is not None
        and (x := _numbers(trace, "x")) is not None
        and x.shape == y.shape
    ]
    assert found, "The figure has no line or points with numbers along x and y."
    longest = max(found, key=lambda each: each[1].numel())
    if longest[1].numel() > 1 or len(found) == 1:
        return longest
    return torch.cat([x for x, *_ in found]), torch.cat([y for _, y, _ in found]), "markers"


def _numbers(trace, key: str) -> Tensor | None:
    try:
        found = torch.as_tensor(trace[key]).float()
    except (KeyError, TypeError, ValueError, RuntimeError):
        return None
    return found if found.ndim == 1 and len(found) else None


def mistake_linear_axis__draw_sweep(sparsity, W):
    """The points are right, but the x axis is linear, and all that is dense lies on one spot."""
    return draw_sweep(sparsity, W).update_xaxes(type="linear")


def mistake_sparsity_itself__draw_sweep(sparsity, W):
    """You draw over S. Between S = 0.9 and S = 0.99 features become ten times rarer, and on your axis that is
    a tenth of its length: 1/(1 − S) shows it."""
    order = sparsity.argsort()
    figure = lab.line(W.shape[1] / W[order].pow(2).sum((1, 2)), x=sparsity[order], title="Dimensions")
    return figure.update_xaxes(type="log", title="1/(1-S)").update_yaxes(title="dimensions per feature")


def mistake_upside_down__draw_sweep(sparsity, W):
    """That is the number of features per dimension. The paper's figure has it the other way round: m /
    ‖W‖²."""
    order = sparsity.argsort()
    figure = lab.line(W[order].pow(2).sum((1, 2)) / W.shape[1], x=1 / (1 - sparsity[order]), title="Features")
    return figure.update_xaxes(type="log", title="1/(1-S)").update_yaxes(title="dimensions per feature")


def mistake_norm_not_squared__draw_sweep(sparsity, W):
    """You divide by ‖W‖, and it should be its square: two features of length 1 have ‖W‖ = √2, but ‖W‖² =
    2."""
    return draw_sweep(sparsity, W).update_traces(
        y=(W.shape[1] / W.norm(dim=(1, 2))[sparsity.argsort()]).numpy()
    )


def mistake_features_counted__draw_sweep(sparsity, W):
    """You divide by the number of *all* features, stored or not, so that nothing can change. Divide by
    ‖W‖²."""
    flat = torch.full((len(sparsity),), W.shape[1] / W.shape[2])
    return draw_sweep(sparsity, W).update_traces(y=flat.numpy())


def mistake_m_is_features__draw_sweep(sparsity, W):
    """In the numerator you have the number of features. m is the number of *hidden* dimensions: axis 1 of
    W."""
    order = sparsity.argsort()
    return draw_sweep(sparsity, W).update_traces(y=(W.shape[2] / W[order].pow(2).sum((1, 2))).numpy())


def mistake_as_they_came__draw_sweep(sparsity, W):
    """The points are right, but joined in the order in which they came, so the line runs to and fro. Sort
    first."""
    per_feature = W.shape[1] / W.pow(2).sum((1, 2))
    figure = lab.line(per_feature, x=1 / (1 - sparsity), title="Dimensions", x_title="1/(1-S)")
    return figure.update_xaxes(type="log").update_yaxes(title="dimensions per feature")


def mistake_only_y_sorted__draw_sweep(sparsity, W):
    """You sort the sparsities, but not the weights: each point gets the number of another instance. Sort both
    by the same `order`."""
    return draw_sweep(sparsity, W).update_traces(y=(W.shape[1] / W.pow(2).sum((1, 2))).numpy())


def mistake_no_words__draw_sweep(sparsity, W):
    """The picture is right, and nothing says what it shows. Give it a title, and both axes a name."""
    order = sparsity.argsort()
    figure = lab.line(W.shape[1] / W[order].pow(2).sum((1, 2)), x=1 / (1 - sparsity[order]))
    return figure.update_xaxes(type="log")


def also_right_express__draw_sweep(sparsity, W):
    import plotly.express as px

    rows = sorted(
        (1 / (1 - S.item()), W.shape[1] / (w**2).sum().item()) for S, w in zip(sparsity, W, strict=True)
    )
    x, y = zip(*rows, strict=True)
    labels = {"x": "1 / (1 - S)", "y": "dimensions per feature"}
    return px.line(x=x, y=y, log_x=True, markers=True, labels=labels, title="D* over sparsity")


def also_right_points__draw_sweep(sparsity, W):
    figure = Figure()
    figure.add_scatter(x=1 / (1 - sparsity), y=W.shape[1] / torch.linalg.matrix_norm(W) ** 2, mode="markers")
    figure.update_layout(title="Sweep", xaxis={"type": "log", "title": "1/(1-S), log"})
    return figure.update_yaxes(title_text="Dimensions per feature, m/‖W‖²")


def also_right_half_marked__draw_sweep(sparsity, W):
    order = sparsity.argsort(descending=True)
    figure = Figure().add_scatter(
        x=(1 / (1 - sparsity))[order].tolist(),
        y=[W.shape[1] / W[i].square().sum().item() for i in order.tolist()],
    )
    figure.add_hline(y=0.5, line_dash="dash")
    figure.update_layout(title={"text": "Dimensions per feature"}, yaxis_title="dims per feature")
    return figure.update_layout(xaxis={"type": "log", "title": {"text": "1/(1−S)"}})
