"""What a learner's cell may import: models, attention views, figures.

>>> from workers import lab
>>> model = lab.load("attn-only-2l")
"""

from workers.lab.attention import AttentionView, attention
from workers.lab.chance import follows
from workers.lab.compare import same
from workers.lab.corpus import tales
from workers.lab.display import show
from workers.lab.figures import heatmap, line
from workers.lab.models import (
    ModelInfo,
    ModelUnavailable,
    UnknownModel,
    device,
    llama_sizes,
    llama_weights,
    load,
    models,
)

__all__ = [
    "AttentionView",
    "ModelInfo",
    "ModelUnavailable",
    "UnknownModel",
    "attention",
    "device",
    "follows",
    "heatmap",
    "line",
    "llama_sizes",
    "llama_weights",
    "load",
    "models",
    "same",
    "show",
    "tales",
]
