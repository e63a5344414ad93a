# Noise: helper functions, a class with docstrings and types, a module with parameters: all over the place.
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class Pair(NamedTuple):
    scores: Tensor
    came: Tensor


@dataclass
class Settings:
    reduction: str = "none"


class Surprise(nn.Module):
    """How surprised."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))
        self.loss = nn.CrossEntropyLoss(reduction=settings.reduction)

    def forward(self, pair: Pair) -> Tensor:
        return self.scale * self.loss(pair.scores.transpose(1, 2), pair.came)


def shifted(logits: Tensor, tokens: Tensor) -> Pair:
    return Pair(logits[:, :-1], tokens[:, 1:])


SURPRISE = Surprise(Settings())


def token_losses(
    logits: Float[Tensor, "b p v"], tokens: Int[Tensor, "b p"], *more: object, verbose: bool = True
) -> Float[Tensor, "b p-1"]:
    return SURPRISE(shifted(logits, tokens))
