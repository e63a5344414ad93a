"""It sends a module

Our fault: a module cannot travel.
"""

import torch

HINTS = ["a", "b", "c"]


def number(layer) -> int:
    """Three."""
    return 3


def check_number(answer):
    """It is three."""
    assert answer.number(torch.nn.Linear(2, 2)) == 3
