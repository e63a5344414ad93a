"""Sum a vector up

In tensors, numbers, lists and a dictionary: whatever an answer may be made of.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workers import lab

HINTS = ["Look at it.", "Twice.", "`x, x, x[:most]`"]
DETERMINISTIC = True


def twice(
    x: Float[Tensor, "n"], most: int
) -> tuple[Float[Tensor, "n"], Float[Tensor, "n"], Float[Tensor, "most"]]:
    """`x`, `x` again, and what it begins with."""
    return x, x, x[:most]


def average(x: Float[Tensor, "n"]) -> float:
    """The mean of `x`."""
    return x.mean().item()


def highest(x: Float[Tensor, "n"]) -> int:
    """The place of the largest."""
    return int(x.argmax())


def positive(x: Float[Tensor, "n"]) -> Bool[Tensor, "n"]:
    """Which are above zero."""
    return x > 0


def described(x: Float[Tensor, "n"]) -> dict[str, float]:
    """The least and the most, by name."""
    return {"least": x.min().item(), "most": x.max().item()}


def check_twice(answer):
    """Three tensors, of one storage or not."""
    x = torch.randn(12)
    lab.same(answer.twice(x, 5), (x, x, x[:5]), name="`twice(x, 5)`")


def check_numbers(answer):
    """Numbers are numbers."""
    x = torch.randn(9)
    lab.same(answer.average(x), x.mean().item(), name="`average(x)`")
    lab.same(answer.highest(x), int(x.argmax()), name="`highest(x)`")


def check_the_rest(answer):
    """Truth values and a dictionary."""
    x = torch.randn(9)
    lab.same(answer.positive(x), x > 0, name="`positive(x)`")
    lab.same(answer.described(x), described(x), name="`described(x)`")


def mistake_sum__average(x):
    """You add up and forget to divide."""
    return x.sum().item()


def mistake_lowest__highest(x):
    """That is the place of the smallest."""
    return int(x.argmin())


def mistake_the_end__twice(x, most):
    """That is what it ends with."""
    return x, x, x[-most:]


def also_right_copies__twice(x, most):
    return x.clone(), x.clone(), x[:most].clone()


def also_right_sum__average(x):
    return float(x.sum() / len(x))
