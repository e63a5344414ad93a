"""Several loss curves, one figure

Three runs are only comparable on the same axes. Draw one line for each run, with the run's name in the
legend, a title, and a name on each axis: x says “step”, y says “loss”. Any way to make a Plotly figure will
do: `lab.line`, `plotly.express`, or `plotly.graph_objects`.
"""

import random

import torch
from jaxtyping import Float, Int
from plotly.graph_objects import Figure
from torch import Tensor

from workers import lab

HINTS = [
    "`lab.line` takes a dictionary of lines as it is: name → values. What it cannot guess are the places "
    "along x, the title, and what the axes mean.",
    "With graph objects: make a `Figure()`, then `figure.add_scatter(x=steps, y=values, name=name, "
    'mode="lines")` for each run, then `figure.update_layout(title=…, xaxis_title=…, yaxis_title=…)`.',
    '`lab.line(losses, x=steps, title="…", x_title="step", y_title="loss (nats)")` does all of it.',
]
MINUTES = 5
CONCEPTS = ["drew-a-plot"]
DIFFICULTY = 1
IMPORTANCE = 4
SHAPES = ["losses: run point"]
PURPOSE = """Training with and without weight decay, with one layer and with two, with and without a head:
most claims in MI are made by two curves in one figure."""
WHY = """A legend belongs to a figure with more than one line, always: in a week you will not know which one
was orange. The places along x are data, too. If you keep every tenth loss and leave them out, the axis counts
points and says “step”."""


def draw_losses(steps: Int[Tensor, "point"], losses: dict[str, Float[Tensor, "point"]]) -> Figure:
    """One line for each run over the same steps: named in the legend, with a title and names for both axes.

    >>> runs = {"one layer": torch.ones(2), "two layers": torch.zeros(2)}
    >>> figure = draw_losses(torch.tensor([0, 10]), runs)
    >>> [line.name for line in figure.data]
    ['one layer', 'two layers']
    """
    return lab.line(losses, x=steps, title="Loss during training", x_title="step", y_title="loss (nats)")


def check_lines(answer):
    """One line for each run, with the steps along x and the losses along y, all on the same axes."""
    steps, losses = _runs()
    lines = _lines(answer.draw_losses(steps, losses))
    assert len(lines) == len(losses), f"Of {len(losses)} runs your figure draws {len(lines)} as lines."
    axes = {(line.get("xaxis", "x"), line.get("yaxis", "y")) for line in lines}
    assert len(axes) == 1, (
        "The runs are drawn on different axes. Each axis has a range of its own, so that the eye compares "
        "nothing: draw them on the same one."
    )
    for line in lines:
        x, y = _numbers(line, "x"), _numbers(line, "y")
        assert any(
            y.shape == want.shape and torch.allclose(y, want, atol=1e-3) for want in losses.values()
        ), "A line of your figure holds other values than any of the runs."
        placed = x is not None and x.shape == y.shape and torch.allclose(x, steps.float())
        assert placed, (
            "The steps are not along x: your lines count their points, 0, 1, 2, …, and the losses were kept "
            f"at steps {steps[0]}, {steps[1]}, {steps[2]}, …"
        )


def check_legend(answer):
    """Each line has its run's name, and the legend is shown."""
    steps, losses = _runs()
    figure = answer.draw_losses(steps, losses)
    for line in _lines(figure):
        y, said = _numbers(line, "y"), line.get("name")
        name = next(
            (n for n, want in losses.items() if y.shape == want.shape and torch.allclose(y, want, atol=1e-3)),
            "",
        )
        assert said == name, (
            f"The line of the run “{name}” is called {said!r}. Its name should stand in the legend."
        )
        assert line.get("showlegend") is not False, f"The run “{name}” is left out of the legend."
    assert figure.layout.get("showlegend") is not False, (
        "The legend is hidden: nobody can tell the lines apart."
    )


def check_words(answer):
    """It has a title, the x axis says “step”, and the y axis says “loss”."""
    figure = answer.draw_losses(*_runs())
    assert str(figure.text("title") or "").strip(), (
        "The figure has no title. What would somebody who finds it next week see?"
    )
    for axis, noun in (("xaxis", "step"), ("yaxis", "loss")):
        said = figure.text(axis, "title")
        assert said, f"The {axis[0]} axis has no name. It shows the {noun}."
        assert noun in said.lower(), (
            f"The {axis[0]} axis shows the {noun}, and should say so; yours says “{said}”."
        )


def _runs() -> tuple[Tensor, dict[str, Tensor]]:
    steps = torch.arange(0, random.randint(30, 60)) * random.choice([5, 10, 25])
    names = random.sample(
        ["one layer", "two layers", "no MLP", "seed 3", "tied", "wide"], random.randint(2, 4)
    )
    falls = {name: 7 * torch.exp(-steps * random.uniform(0.001, 0.02)) for name in names}
    return steps, {name: fall + torch.rand(1) + 0.1 * torch.rand(len(steps)) for name, fall in falls.items()}


def _lines(figure) -> list:
    """Traces that are drawn as lines."""
    kinds = ("scatter", "scattergl")
    traces = [trace for trace in figure.data if trace.get("type", "scatter") in kinds]
    return [
        trace
        for trace in traces
        if "lines" in str(trace.get("mode", "lines"))
        and trace.get("visible", True) is True  # "legendonly" is drawn only after a click
        and _numbers(trace, "y") is not None
    ]


def _numbers(trace, key: str) -> Tensor | None:
    try:
        return torch.as_tensor(trace[key]).float()
    except (KeyError, TypeError, ValueError, RuntimeError):
        return None


def mistake_one_run__draw_losses(steps, losses):
    """Only one of the runs is drawn. A loop that makes a new figure each time ends like this: make one, and
    add a line to it for each run."""
    name = list(losses)[-1]
    return lab.line({name: losses[name]}, x=steps, title="Loss", x_title="step", y_title="loss")


def mistake_steps_left_out__draw_losses(steps, losses):
    """You draw the losses, and not *when* they were measured. Give the lines their places along x."""
    return lab.line(losses, title="Loss during training", x_title="step", y_title="loss (nats)")


def mistake_no_names__draw_losses(steps, losses):
    """The lines carry no names, so that the legend says “trace 0” and “trace 1”."""
    figure = Figure()
    for values in losses.values():
        figure.add_scatter(x=steps, y=values, mode="lines")
    return figure.update_layout(title="Loss", xaxis_title="step", yaxis_title="loss")


def mistake_no_words__draw_losses(steps, losses):
    """The lines are right, but nothing says what they are. Give the figure a title, and both axes a name."""
    return lab.line(losses, x=steps)


def mistake_panels__draw_losses(steps, losses):
    """Each run has a panel of its own, with a range of its own. To compare them, put them on one axis."""
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=1, cols=len(losses))
    for column, (name, values) in enumerate(losses.items(), 1):
        figure.add_scatter(x=steps, y=values, name=name, mode="lines", row=1, col=column)
    return figure.update_layout(title="Loss", xaxis_title="step", yaxis_title="loss")


def mistake_hidden_legend__draw_losses(steps, losses):
    """The lines have names, but the legend is switched off."""
    return draw_losses(steps, losses).update_layout(showlegend=False)


def also_right_graph_objects__draw_losses(steps, losses):
    figure = Figure()
    for name, values in losses.items():
        figure.add_scatter(x=steps.tolist(), y=values.tolist(), name=name, mode="lines")
    return figure.update_layout(
        title_text="Runs", xaxis_title="Training step", yaxis_title="Cross-entropy loss"
    )


def also_right_express__draw_losses(steps, losses):
    import plotly.express as px

    columns = {"step": steps.numpy()} | {name: values.numpy() for name, values in losses.items()}
    return px.line(
        columns, x="step", y=list(losses), labels={"value": "loss"}, title="Loss of each run", log_y=True
    )
