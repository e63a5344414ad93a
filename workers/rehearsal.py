"""The way of a first question through a forked process, walked before somebody waits.

After a fork each page of memory is copied when it is first touched. Thousands are, by the first forward pass,
the first hook and the first value that travels: tens of milliseconds that a rehearsal takes in advance.
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab, values

_MODEL = "attn-only-2l"  # the smallest with everything that a hook may touch


def rehearse() -> None:
    """Run a shipped model with hooks and with a cache, and send values there and back; if it is there."""
    with contextlib.suppress(lab.ModelUnavailable):
        _walk()


def _walk() -> None:
    model = lab.load(_MODEL)
    asked = {"model": model, "tokens": torch.randint(1, 100, (2, 20))}
    got = values.unpack(*values.pack(asked))
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)

    def note_score(pattern: Float[Tensor, "batch head query key"], hook: Any) -> None:
        scores[hook.layer()] = pattern.diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, 2))

    every_pattern = [(lambda name: name.endswith("hook_pattern"), note_score)]
    got["model"].run_with_hooks(got["tokens"], return_type=None, fwd_hooks=every_pattern)
    got["model"].run_with_cache(got["tokens"])
    lab.same(values.unpack(*values.pack(scores)), scores)
