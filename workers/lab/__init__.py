"""What a learner's cell may import: models, attention views, figures.

>>> from workers import lab
>>> model = lab.load("attn-only-2l")
"""

from workers.lab.attention import AttentionView, attention
from workers.lab.compare import same
from workers.lab.digits import DataUnavailable, mnist
from workers.lab.display import show
from workers.lab.figures import heatmap, line
from workers.lab.models import ModelInfo, ModelUnavailable, UnknownModel, device, load, models

__all__ = [
    "AttentionView",
    "DataUnavailable",
    "ModelInfo",
    "ModelUnavailable",
    "UnknownModel",
    "attention",
    "device",
    "heatmap",
    "line",
    "load",
    "mnist",
    "models",
    "same",
    "show",
]
