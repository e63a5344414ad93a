"""`unembed models`: the models that lessons can load, one a line."""

from __future__ import annotations

from workers.lab.models.registry import models

for _model in models():
    print(f"{_model.name:24}{_model.n_layers} layers, {_model.n_heads} heads  {_model.summary}")
