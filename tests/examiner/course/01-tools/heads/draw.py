"""Draw tokens

An answer that is never the same twice.
"""

import torch
from jaxtyping import Int
from torch import Tensor

HINTS = ["Draw.", "Draw once.", "`torch.randint(low, high + 1, (length,))`"]


def draw(length: int, low: int, high: int) -> Int[Tensor, "length"]:
    """`length` random tokens from `low` to `high`, both possible."""
    return torch.randint(low, high + 1, (length,))


def check_range(answer):
    """All are in range."""
    tokens = answer.draw(200, 5, 9)
    assert tokens.min() >= 5, f"The smallest is {tokens.min()}; nothing below 5 was asked for."
    assert tokens.max() <= 9, f"The largest is {tokens.max()}; nothing above 9 was asked for."


def check_all_occur(answer):
    """Each occurs."""
    missing = {5, 6, 7, 8, 9} - set(answer.draw(200, 5, 9).tolist())
    assert not missing, f"In 200 draws from 5 to 9, these never came: {sorted(missing)}."


def mistake_high_left_out__draw(length, low, high):
    """`torch.randint` leaves its end out."""
    return torch.randint(low, high, (length,))


def mistake_from_zero__draw(length, low, high):
    """You begin at 0."""
    return torch.randint(0, high + 1, (length,))


def mistake_shifted__draw(length, low, high):
    """All of yours are one too large."""
    return torch.randint(low + 1, high + 2, (length,))


def also_right_floor__draw(length, low, high):
    return low + (torch.rand(length) * (high - low + 1)).long()


def also_right_list__draw(length, low, high):
    return torch.stack([torch.randint(low, high + 1, ()) for _ in range(length)])
