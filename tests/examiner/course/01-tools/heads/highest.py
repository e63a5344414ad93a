"""The highest head

Built on `score`.
"""

import torch
from jaxtyping import Float
from torch import Tensor

HINTS = ["Score first.", "Then argmax.", "`score(pattern, 1).argmax().item()`"]
USES = ["score"]


def highest(pattern: Float[Tensor, "head query key"]) -> int:
    """The number of the head that looks most at the previous token."""
    return int(score(pattern, 1).argmax())


def check_random(answer):
    """Any pattern."""
    for _ in range(8):
        pattern = torch.rand(6, 8, 8)
        got, want = answer.highest(pattern), highest(pattern)
        assert got == want, f"Head {want} looks back most, not {got}."


def mistake_lowest__highest(pattern):
    """That is the one that looks back least."""
    return int(score(pattern, 1).argmin())


def mistake_always_first__highest(pattern):
    """You always say 0."""
    return 0


def mistake_counts_from_one__highest(pattern):
    """You count heads from 1."""
    return highest(pattern) + 1


def also_right_topk__highest(pattern):
    return score(pattern, 1).topk(1).indices.item()


def also_right_sort__highest(pattern):
    return max(range(len(pattern)), key=score(pattern, 1).tolist().__getitem__)
