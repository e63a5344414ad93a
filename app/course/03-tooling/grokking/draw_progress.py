"""The paper's figure, on our model

Draw four losses over training in one figure: one line each, from the logits `[step, a, b, c]` that the model
had at the given steps.

- **train**: the loss over the pairs where `trained` is true,
- **test**: over all others,
- **restricted**: the restricted loss, over those others, too,
- **excluded**: the excluded loss, over the pairs where `trained` is true.

Name each line with its word above, put the steps along x, make the y axis logarithmic (the losses go from 10
nats down to a ten-millionth), and give the figure a title and both axes a name.

We ask for trainings that we have made up, with another p, other steps, other frequencies and other pairs.
"""

import random

import torch
from jaxtyping import Bool, Float
from plotly.graph_objects import Figure
from torch import Tensor

from workers import lab

HINTS = [
    "Go through the logits step by step: each time four numbers come out. Collect them in four lists, in a "
    "dictionary by name.",
    "Train and test are plain cross-entropies over `trained` and over `~trained`; the answer of a pair is "
    "`(a + b) % p`. The restricted loss goes over `~trained`, the excluded over `trained`.",
    '`lab.line(losses, x=steps, title="…", x_title="step", y_title="loss (nats)")`, and on what it returns '
    '`.update_yaxes(type="log")`.',
]
USES = ["progress_measures"]
MINUTES = 15
CONCEPTS = ["progress-measures"]
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["now: a b c", "losses: curve step"]
PURPOSE = """This is the figure of the paper that people remember: between two flat stretches of the loss, two
other curves are on their way the whole time. Drawing it on a model of your own is replicating a claim, and
[the path about building on a paper](/path) begins just so."""
WHY = """The logarithmic axis decides what can be seen: on a plain one the test loss falls off a cliff and all
else lies on the floor. The logits come in fp64 for the same reason: $10^{-7}$ nats are about the last thing
that fp32 can tell from 0, and 0 has no place on such an axis."""


def draw_progress(
    steps: list[int],
    logits: Float[Tensor, "step p p p"],
    frequencies: list[int],
    trained: Bool[Tensor, "p p"],
) -> Figure:
    """Train, test, restricted and excluded loss (nats, on a logarithmic axis) over these steps.

    >>> logits = torch.zeros(2, 3, 3, 3, dtype=torch.float64)
    >>> figure = draw_progress([0, 100], logits, [1], torch.eye(3, dtype=torch.bool))
    >>> len(figure.data), figure.layout.yaxis.type
    (4, 'log')
    """
    p = len(trained)
    answer = (torch.arange(p)[:, None] + torch.arange(p)) % p
    losses: dict[str, list[float]] = {"train": [], "test": [], "restricted": [], "excluded": []}
    for now in logits:
        for name, pairs in (("train", trained), ("test", ~trained)):
            loss = torch.nn.functional.cross_entropy(now[pairs], answer[pairs])
            losses[name].append(loss.item())
        losses["restricted"].append(restricted_loss(now, frequencies, ~trained))
        losses["excluded"].append(excluded_loss(now, frequencies, trained))
    figure = lab.line(losses, x=steps, title="Losses over training", x_title="step", y_title="loss (nats)")
    return figure.update_yaxes(type="log")


def check_lines(answer):
    """Four lines, each with its name, over the given steps, and with our losses."""
    steps, *rest = _question()
    drawn = _lines(answer.draw_progress(steps, *rest))
    assert len(drawn) == 4, f"Your figure draws {len(drawn)} lines; it should be four, one for each loss."
    axes = {(line.get("xaxis", "x"), line.get("yaxis", "y")) for line in drawn}
    assert len(axes) == 1, "Your lines are on different axes. On one axis the eye can compare them."
    lines = {_word(line): line for line in drawn}
    want = _losses(steps, *rest)
    for name, losses in want.items():
        assert name in lines, f"No line of your figure is called “{name}”."
        y, x = _numbers(lines[name], "y"), _numbers(lines[name], "x")
        points = 0 if y is None else len(y)
        assert points == len(steps), f"The line “{name}” should have {len(steps)} points, not {points}."
        close = (y - losses).abs() <= 1e-3 + 2e-3 * losses.abs()
        if not close.all():
            place = int((~close).nonzero()[0])
            other = next((one for one, values in want.items() if _near(y, values)), None)
            hint = f" What you have drawn is the {other} loss." if other else ""
            raise AssertionError(
                f"At step {steps[place]} the line “{name}” should be at {losses[place]:.4g}, and is at "
                f"{y[place]:.4g}.{hint}"
            )
        placed = x is not None and _near(x, torch.tensor(steps).float())
        assert placed, (
            f"The points of “{name}” do not stand at their steps, {', '.join(map(str, steps[:3]))}, …"
        )


def check_axes(answer):
    """The y axis is logarithmic; the figure has a title, and both axes a name."""
    figure = answer.draw_progress(*_question())
    assert str(figure.layout.get("yaxis", {}).get("type")) == "log", (
        "The y axis is not logarithmic: half of the story lies below 0.1 nats, and cannot be seen."
    )
    assert str(figure.text("title") or "").strip(), "The figure has no title."
    for axis, noun in (("xaxis", "step"), ("yaxis", "loss")):
        said = str(figure.text(axis, "title") or "")
        assert noun in said.lower(), (
            f"The {axis[0]} axis shows the {noun}, and should say so; yours says “{said}”."
        )


def _question() -> tuple[list[int], Tensor, list[int], Tensor]:
    """Steps, logits in which a circuit grows out of a memory, the circuit's frequencies, and the pairs."""
    p, count = 2 * random.randint(4, 7) + 1, random.randint(4, 6)
    steps = sorted(random.sample(range(0, 9000, 100), count))
    frequencies, trained = random.sample(range(1, p // 2 + 1), 2), torch.rand(p, p) < 0.4
    x = torch.arange(p)
    turn = x[:, None, None] + x[:, None] - x
    circuit = sum(torch.cos(2 * torch.pi * k * turn / p) for k in frequencies)
    memory = torch.nn.functional.one_hot((x[:, None] + x) % p, p) * trained[..., None]
    part = torch.linspace(0.1, 1, count)
    logits = [6 * t * circuit + 5 * (1.2 - t) * memory + torch.randn(p, p, p) + torch.randn(p) for t in part]
    return steps, torch.stack(logits).double(), frequencies, trained


def _losses(steps: list[int], logits: Tensor, frequencies: list[int], trained: Tensor) -> dict[str, Tensor]:
    figure = draw_progress(steps, logits, frequencies, trained)
    return {line.name: torch.tensor([float(y) for y in line.y]) for line in figure.data}


def _lines(figure) -> list:
    kinds = ("scatter", "scattergl")
    return [
        line
        for line in figure.data
        if line.get("type", "scatter") in kinds
        and line.get("visible", True) is True  # "legendonly" is drawn only after a click
        and _numbers(line, "y") is not None
    ]


def _word(line) -> str:
    """Which of the four its name says; its name otherwise."""
    name = str(line.get("name", "")).lower()
    return next((word for word in ("restricted", "excluded", "train", "test") if word in name), name)


def _near(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and bool(((one - other).abs() <= 1e-3 + 2e-3 * other.abs()).all())


def _numbers(trace, key: str) -> Tensor | None:
    try:
        return torch.as_tensor(trace[key]).float()
    except (KeyError, TypeError, ValueError, RuntimeError):
        return None


def mistake_train_and_test_exchanged__draw_progress(steps, logits, frequencies, trained):
    """Train and test have changed places: `trained` is true for the pairs that were trained on."""
    figure = draw_progress(steps, logits, frequencies, trained)
    names = {"train": "test", "test": "train"}
    for line in figure.data:
        line.name = names.get(line.name, line.name)
    return figure


def mistake_restricted_on_train__draw_progress(steps, logits, frequencies, trained):
    """Your restricted loss runs over the pairs that were trained on. The question it answers is about those
    that were not."""
    figure = draw_progress(steps, logits, frequencies, trained)
    figure.data[2].y = [restricted_loss(now, frequencies, trained) for now in logits]
    return figure


def mistake_excluded_on_test__draw_progress(steps, logits, frequencies, trained):
    """Your excluded loss runs over the pairs that were not trained on. Without the circuit nothing is known
    of those, at any time; take the pairs that were trained on."""
    figure = draw_progress(steps, logits, frequencies, trained)
    figure.data[3].y = [excluded_loss(now, frequencies, ~trained) for now in logits]
    return figure


def mistake_plain_axis__draw_progress(steps, logits, frequencies, trained):
    """The y axis is plain. Most of what happens lies between 1 and a ten-millionth of a nat: make it
    logarithmic."""
    return draw_progress(steps, logits, frequencies, trained).update_yaxes(type="linear")


def mistake_no_steps__draw_progress(steps, logits, frequencies, trained):
    """Your points are counted, 0, 1, 2, …; checkpoints do not lie at equal distances. Put the steps along
    x."""
    figure = draw_progress(steps, logits, frequencies, trained)
    return figure.for_each_trace(lambda line: line.update(x=list(range(len(steps)))))


def mistake_no_words__draw_progress(steps, logits, frequencies, trained):
    """The lines are right, but the figure has no title, or an axis no name."""
    return draw_progress(steps, logits, frequencies, trained).update_layout(title=None, xaxis_title=None)


def mistake_logarithms_on_a_plain_axis__draw_progress(steps, logits, frequencies, trained):
    """You draw logarithms of losses. Draw the losses, on a logarithmic axis: then its numbers are nats."""
    figure = draw_progress(steps, logits, frequencies, trained)
    return figure.for_each_trace(lambda line: line.update(y=[torch.tensor(y).log10().item() for y in line.y]))


def also_right_graph_objects__draw_progress(steps, logits, frequencies, trained):
    rows = []
    answer = torch.arange(len(trained)).add(torch.arange(len(trained))[:, None]) % len(trained)
    for now in logits:
        each = -now.log_softmax(-1).gather(-1, answer[..., None])[..., 0]
        rows.append([
            each[trained].mean().item(),
            each[~trained].mean().item(),
            restricted_loss(now, frequencies, ~trained),
            excluded_loss(now, frequencies, trained),
        ])  # fmt: skip
    figure = Figure()
    for column, name in enumerate(("Train loss", "Test loss", "Restricted", "Excluded")):
        figure.add_scatter(x=steps, y=[row[column] for row in rows], name=name, mode="lines+markers")
    return figure.update_layout(
        title="Grokking", xaxis_title="Training step", yaxis={"type": "log", "title": "Loss in nats"}
    )


def also_right_express__draw_progress(steps, logits, frequencies, trained):
    import plotly.express as px

    drawn = draw_progress(steps, logits, frequencies, trained)
    columns = {"step": steps} | {line.name: [float(y) for y in line.y] for line in drawn.data}
    return px.line(
        columns, x="step", y=list(columns)[1:], log_y=True, labels={"value": "loss"}, title="How it grew"
    )
