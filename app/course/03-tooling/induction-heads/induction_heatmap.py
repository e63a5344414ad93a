"""Every head in one picture

Two layers of eight heads are sixteen scores, and a real model has thousands. Nobody reads those as a list:
one row for each layer, one column for each head, and the bright squares jump out.

`induction_heatmap` is given. It runs the model once, keeps everything in the *cache*, and calls the two
functions that you write: `layer_scores` takes one layer's scores out of the cache (your `induction_score` is
there to be called), and `draw` makes the picture. Say what is in it: a title, and names for both axes.
"""

import random

import torch
from jaxtyping import Float, Int
from plotly.graph_objects import Figure
from torch import Tensor

from workers import lab

PURPOSE = (
    "A table of layers by heads is the first figure of nearly every paper in this field: patching, "
    "attribution and ablation results all come in this form."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["pattern: batch head query key", "layer_scores: head", "scores: layer head"]
HINTS = [
    'The cache is a dictionary: `cache["pattern", layer]` is that layer\'s attention, batch × head × query × '
    "key. For the picture, `lab.heatmap(scores, title=…, heads=True)` does the drawing and names the axes.",
    "`induction_score(pattern, period)` of a pattern with four axes has two: batch × head. You want one "
    "number a head, so average over the texts of the batch, axis 0.",
    'The scores are `induction_score(cache["pattern", layer], period).mean(0)`; the picture is '
    '`lab.heatmap(scores, title="…", heads=True)`, which says that rows are layers and columns are heads.',
]
USES = ["induction_score"]
MINUTES = 8
CONCEPTS = ["cached-activations", "drew-a-heat-map"]
DETERMINISTIC = True
WHY = """
One run fills the cache with everything, so the layers need no runs of their own. The mean over the batch
comes last, when each text has one number for each head; averaging the *patterns* first gives the same here
only because the score is linear in the pattern. The colour scale begins at zero and the axes carry names,
because a picture that needs its author beside it is no evidence.
"""


def layer_scores(cache, layer: int, period: int) -> Float[Tensor, "head"]:
    """The induction score of every head in one layer, averaged over the texts of the batch.

    cache: what `run_with_cache` kept; `cache["pattern", layer]` is batch × head × query × key.

    >>> layer_scores({("pattern", 0): torch.full((2, 3, 9, 9), 0.5)}, layer=0, period=4)
    tensor([0.5000, 0.5000, 0.5000])
    """
    return induction_score(cache["pattern", layer], period).mean(0)


def draw(scores: Float[Tensor, "layer head"]) -> Figure:
    """A heat map: one row for each layer, one column for each head, with a title and both axes named."""
    return lab.heatmap(scores, title="Induction score of every head", heads=True)


def induction_heatmap(model, tokens: Int[Tensor, "batch pos"], period: int) -> Figure:
    _, cache = model.run_with_cache(tokens)
    return draw(torch.stack([layer_scores(cache, layer, period) for layer in range(model.cfg.n_layers)]))


def check_draw(answer):
    """The picture is a heat map of the very numbers it was given."""
    scores = torch.rand(random.randint(2, 4), random.randint(5, 9))
    values = answer.draw(scores).values("heatmap", "z")
    if values.shape == scores.T.shape and torch.allclose(values, scores.T, atol=1e-3):
        raise AssertionError(
            f"Layers and heads have changed places: of {scores.shape[0]} layers with {scores.shape[1]} heads "
            f"your picture makes {values.shape[0]} rows. One row is one layer."
        )
    lab.same(values, scores, tol=1e-3, name="the numbers in the heat map")


def check_words(answer):
    """It says what it shows: a title, layers on the y axis, heads on the x axis."""
    figure = answer.draw(torch.rand(2, 6))
    assert figure.text("title"), "The picture has no title. What would somebody who finds it next week see?"
    for axis, noun in (("xaxis", "head"), ("yaxis", "layer")):
        said = figure.text(axis, "title")
        assert said, f"The {axis[0]} axis has no name. It counts the {noun}s."
        assert noun in said.lower(), (
            f"The {axis[0]} axis should be called something with “{noun}” in it; yours is called “{said}”."
        )


def check_scores(answer):
    """Each layer's scores come out of the cache, averaged over all texts of the batch."""
    tokens, period = _said_twice("attn-only-2l")
    _, cache = lab.load("attn-only-2l").run_with_cache(tokens)
    for layer in (0, 1):
        got = answer.probe_layer_scores("attn-only-2l", tokens, layer, period)
        want = layer_scores(cache, layer, period)
        lab.same(got, want, tol=1e-3, name=f"`layer_scores(cache, layer={layer}, period={period})`")


def check_whole_picture(answer):
    """From model to picture: the heat map of a shipped model agrees with our own measurement."""
    name = random.choice(["attn-only-2l", "fixed-period-impostor"])
    tokens, period = _said_twice(name)
    model = lab.load(name)
    _, cache = model.run_with_cache(tokens)
    want = torch.stack([layer_scores(cache, layer, period) for layer in range(model.cfg.n_layers)])
    figure = answer.induction_heatmap(model, tokens, period)
    lab.same(figure.values("heatmap", "z"), want, tol=2e-3, name=f"the heat map of {name}")


def _said_twice(name: str) -> tuple[Int[Tensor, "batch pos"], int]:
    """Random tokens said twice, and their period."""
    period = random.choice([10, 15, 20, 25])
    once = torch.randint(1, lab.load(name).cfg.d_vocab, (3, period))
    return torch.cat([torch.zeros(3, 1, dtype=torch.long), once, once], dim=1), period


def probe_layer_scores(model_name, tokens, layer, period):
    from workers import lab

    _, cache = lab.load(model_name).run_with_cache(tokens)
    return layer_scores(cache, layer, period)


def mistake_turned__draw(scores):
    """Layers and heads have changed places: in your picture a row is a head. One row should be one layer, as
    in every other head plot you will meet."""
    return lab.heatmap(scores.T, title="Induction score of every head", heads=True)


def mistake_no_words__draw(scores):
    """The numbers are right, but nothing says what they are. Give it a title and name both axes."""
    return Figure(data=[{"type": "heatmap", "z": scores.tolist()}])


def mistake_axes_swapped__draw(scores):
    """The rows are layers and the columns heads, but the names on the axes say the opposite. Columns run
    along x."""
    return lab.heatmap(scores, title="Induction score of every head", labels={"x": "layer", "y": "head"})


def mistake_stretched__draw(scores):
    """You stretch the scores so that the best head is 1. That makes every model look as if it had a perfect
    induction head, also one that has none. Draw the scores as they are."""
    return lab.heatmap(scores / scores.max(), title="Induction score of every head", heads=True)


def mistake_first_text__layer_scores(cache, layer, period):
    """You look at the first text of the batch only. One text can be lucky: average over all of them."""
    return induction_score(cache["pattern", layer], period)[0]


def mistake_over_heads__layer_scores(cache, layer, period):
    """You average over the heads, so what is left is one number for each text. Average over the texts, axis
    0: one number for each head."""
    return induction_score(cache["pattern", layer], period).mean(1)


def mistake_always_layer_one__layer_scores(cache, layer, period):
    """You always read layer 1. Use the `layer` that you are given."""
    return induction_score(cache["pattern", 1], period).mean(0)


def also_right_imshow__draw(scores):
    import plotly.express as px

    return px.imshow(scores.numpy(), labels={"x": "Head", "y": "Layer"}, title="Who does induction?")


def also_right_graph_objects__draw(scores):
    figure = Figure(data=[{"type": "heatmap", "z": scores.tolist()}])
    return figure.update_layout(
        title="Scores", xaxis_title="heads", yaxis_title="layers", yaxis_autorange="reversed"
    )


def also_right_hook_name__layer_scores(cache, layer, period):
    pattern = cache[f"blocks.{layer}.attn.hook_pattern"]
    return torch.stack([induction_score(text, period) for text in pattern]).mean(dim=0)
