"""The models learners study: a catalogue, and `load`.

>>> from workers import lab
>>> lab.load("attn-only-2l").cfg.n_layers
2
"""

from workers.lab.models.devices import device, load
from workers.lab.models.llama_weights import llama_sizes, llama_weights
from workers.lab.models.registry import ModelInfo, ModelUnavailable, UnknownModel, models

__all__ = [
    "ModelInfo",
    "ModelUnavailable",
    "UnknownModel",
    "device",
    "llama_sizes",
    "llama_weights",
    "load",
    "models",
]
