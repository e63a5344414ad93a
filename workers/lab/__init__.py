"""What a learner's cell may import: models, attention views, figures.

>>> from workers import lab
>>> model = lab.load("attn-only-2l")
"""

from workers.lab.attention import AttentionView, attention
from workers.lab.compare import same
from workers.lab.display import show
from workers.lab.figures import heatmap, line
from workers.lab.models import (
    ModelInfo,
    ModelUnavailable,
    UnknownModel,
    config,
    device,
    gpt2s,
    load,
    models,
    weights,
)

__all__ = [
    "AttentionView",
    "ModelInfo",
    "ModelUnavailable",
    "UnknownModel",
    "attention",
    "config",
    "device",
    "gpt2s",
    "heatmap",
    "line",
    "load",
    "models",
    "same",
    "show",
    "weights",
]
