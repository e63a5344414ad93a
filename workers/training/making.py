"""What can be made: the protocol between `python -m workers.training` and the recipes, and how models are
shipped.

To add a model: a module here with a class of these three things, one line in `makers.py`, and the model's
facts in `workers/lab/models/catalogue.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import fill
from typing import Protocol

from safetensors.torch import save_file
from torch import Tensor

from workers.lab.models import steps
from workers.lab.models.loading import SHIPPED
from workers.lab.models.registry import info

Weights = Mapping[str, Tensor]  # by the names of a native `TransformerBridge`'s `state_dict`


@dataclass(frozen=True)
class Trained:
    """What training gives."""

    weights: Weights  # as they are shipped: fp32, or fp16 if what the card claims survives it
    curve: Sequence[str] = ()  # rows of a Markdown table, for the card
    checkpoints: Mapping[int, Weights] = field(default_factory=dict)  # by steps done; shipped in fp16


class Maker(Protocol):
    """A model that the course ships, and how it is made."""

    @property
    def name(self) -> str:
        """Its name in the catalogue."""

    def train(self) -> Trained:
        """Train it, from a seed and nothing else; print how far it is."""

    def card(self, trained: Trained) -> str:
        """Its card, as Markdown. By now `lab.load` gives what was trained: measure that."""


def make(maker: Maker, folder: Path = SHIPPED) -> None:
    """Train one model; write its weights, its checkpoints if it has any, and its card."""
    trained = maker.train()
    _write(trained.weights, folder / f"{maker.name}.safetensors")
    if trained.checkpoints:
        steps.save(trained.checkpoints, folder / f"{maker.name}{steps.ENDING}")
    (folder / f"{maker.name}.md").write_text(maker.card(trained), encoding="utf-8")


def heading(name: str) -> str:
    """What a card begins with: the catalogue's title and summary."""
    entry = info(name)
    return f"# {entry.title} (`{name}`)\n\n{entry.summary}"


def again(name: str) -> str:
    """The paragraph that says how to train it again."""
    return fill(
        f"Train it again with `python -m workers.training {name}`. Floating-point sums differ between "
        "machines, so the weights will be alike, not equal.",
        110,
    )


def table(columns: Sequence[str], rows: Sequence[str]) -> str:
    """Rows that are Markdown already, under a head."""
    return "\n".join([f"| {' | '.join(columns)} |", "|" + "---|" * len(columns), *rows])


def _write(weights: Weights, path: Path) -> None:
    """Beside, then renamed: a process that has the old file mapped keeps it."""
    fresh = path.with_suffix(".new")
    save_file(dict(weights), fresh)
    fresh.replace(path)
