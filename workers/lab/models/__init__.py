"""The models learners study: a catalogue, and `load`.

>>> from workers import lab
>>> lab.load("attn-only-2l").cfg.n_layers
2
"""

from workers.lab.models.devices import checkpoints, device, load
from workers.lab.models.llama_weights import llama_sizes, llama_weights
from workers.lab.models.registry import ModelInfo, ModelUnavailable, UnknownModel, models
from workers.lab.models.weights import config, gpt2s, load_weights, weights

__all__ = [
    "ModelInfo",
    "ModelUnavailable",
    "UnknownModel",
    "checkpoints",
    "config",
    "device",
    "gpt2s",
    "llama_sizes",
    "llama_weights",
    "load",
    "load_weights",
    "models",
    "weights",
]
