"""It crashes

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
    torch.ones(1).as_strided((1,), (1,), 1 << 40).fill_(1)
