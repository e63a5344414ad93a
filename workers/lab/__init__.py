"""What a learner's cell may import: models, attention views, figures, and how far a loop is.

>>> from workers import lab
>>> model = lab.load("attn-only-2l")
"""

from workers.lab.attention import AttentionView, attention
from workers.lab.bars import progress
from workers.lab.besides import Beside, beside
from workers.lab.chance import follows
from workers.lab.compare import same
from workers.lab.corpus import tales
from workers.lab.curves import LiveCurve
from workers.lab.digits import DataUnavailable, mnist
from workers.lab.display import show
from workers.lab.figures import heatmap, histogram, line, scatter
from workers.lab.models import (
    ModelInfo,
    ModelUnavailable,
    UnknownModel,
    config,
    device,
    gpt2s,
    llama_sizes,
    llama_weights,
    load,
    load_weights,
    models,
    weights,
)

__all__ = [
    "AttentionView",
    "Beside",
    "DataUnavailable",
    "LiveCurve",
    "ModelInfo",
    "ModelUnavailable",
    "UnknownModel",
    "attention",
    "beside",
    "config",
    "device",
    "follows",
    "gpt2s",
    "heatmap",
    "histogram",
    "line",
    "llama_sizes",
    "llama_weights",
    "load",
    "load_weights",
    "mnist",
    "models",
    "progress",
    "same",
    "scatter",
    "show",
    "tales",
    "weights",
]
