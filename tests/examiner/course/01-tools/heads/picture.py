"""Picture

A heat map, judged as JSON.
"""

import plotly.graph_objects as go
import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = ["Draw.", "A heat map.", "`lab.heatmap(scores)`"]


def picture(scores: Float[Tensor, "layer head"]) -> go.Figure:
    """A heat map of scores, its x axis called head."""
    return lab.heatmap(scores, labels={"x": "head"})


def check_values(answer):
    """The numbers are there."""
    scores = torch.rand(2, 4)
    figure = answer.picture(scores)
    lab.same(figure.values("heatmap", "z"), scores, name="the heat map")
    assert "head" in figure.text("xaxis", "title"), "Call the x axis head."


def mistake_turned__picture(scores):
    """Layers and heads have changed places."""
    return lab.heatmap(scores.T, labels={"x": "head"})


def mistake_line__picture(scores):
    """That is a line."""
    return lab.line(scores[0])


def mistake_no_name__picture(scores):
    """The axis has no name."""
    return lab.heatmap(scores)


def also_right_plotly__picture(scores):
    return go.Figure(go.Heatmap(z=scores.tolist()), {"xaxis": {"title": "head"}})


def also_right_arrays__picture(scores):
    return go.Figure(go.Heatmap(z=scores.double().numpy()), {"xaxis": {"title": {"text": "head"}}})
