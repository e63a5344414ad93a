"""Score a head

How strongly does each head look `back` tokens back?
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Look below the diagonal.",
    "`diagonal` has an offset.",
    "`pattern.diagonal(-back, -2, -1).mean(-1)`",
]
DETERMINISTIC = True


def score(pattern: Float[Tensor, "head query key"], back: int) -> Float[Tensor, "head"]:
    """Mean attention, per head, to the token `back` places before."""
    return pattern.diagonal(-back, -2, -1).mean(-1)


def check_planted_head(answer):
    """A head that always looks that far back scores 1."""
    back = random.randint(2, 5)
    pattern = torch.zeros(3, 9, 9)
    pattern[1] = torch.eye(9).roll(-back, 1)
    assert abs(float(answer.score(pattern, back)[1]) - 1) < 1e-4, "The planted head should score 1."


def check_any_pattern(answer):
    """Any pattern, any distance."""
    back, heads, length = random.randint(2, 5), random.randint(2, 6), random.randint(8, 12)
    pattern = torch.rand(heads, length, length).softmax(-1)
    lab.same(answer.score(pattern, back), score(pattern, back), name="the scores")


def mistake_own_token__score(pattern, back):
    """You look at the token itself."""
    return pattern.diagonal(0, -2, -1).mean(-1)


def mistake_sum__score(pattern, back):
    """You add up instead of taking the mean."""
    return score(pattern, back) * (pattern.shape[-1] - back)


def mistake_ahead__score(pattern, back):
    """You look ahead."""
    return score(pattern.mT, back)


def also_right_loop__score(pattern, back):
    rows = range(back, pattern.shape[-1])
    return torch.stack([pattern[:, row, row - back] for row in rows]).mean(0)


def also_right_indices__score(pattern, back):
    rows = torch.arange(back, pattern.shape[-1])
    return pattern[:, rows, rows - back].mean(-1)
