"""It eats

Our fault, never the learner's.
"""

import torch

HINTS = ["a", "b", "c"]


def number() -> int:
    """Three."""
    return 3


def check_number(answer):
    """It is three."""
    assert answer.number() == 3
    torch.ones(1 << 33)
