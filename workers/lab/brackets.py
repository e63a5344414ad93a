"""Strings of brackets, as the model `brackets` reads them: tokens from strings, and strings of every kind.

>>> from workers import lab
>>> lab.brackets.tokens(["(())"])[0, :7].tolist()
[0, 3, 3, 4, 4, 2, 1]
"""

from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from jaxtyping import Int
from torch import Tensor

from workers.training.bracket_strings import CLOSE, LONGEST, OPEN, Steps, failures, mixture
from workers.training.bracket_strings import tokens as _tokens

__all__ = ["CLOSE", "LONGEST", "OPEN", "Kind", "draw", "tokens"]

Kind = Literal["mixed", "balanced", "count", "below", "both"]
_FAILURES: dict[str, list[int]] = {"balanced": [0, 0], "count": [1, 0], "below": [0, 1], "both": [1, 1]}
_SIGN = {"(": 1, ")": -1}


def tokens(strings: Sequence[str]) -> Int[Tensor, "string pos"]:
    """START (0), the brackets (3 for an opening one, 4 for a closing one), END (2), and PAD (1) up to 42.

    Raises `ValueError`, which says so, where a string is empty, too long or holds anything but brackets.

    >>> tokens(["()", "(())"]).shape
    torch.Size([2, 42])
    """
    if isinstance(strings, str):
        raise ValueError(f"tokens wants a list of strings: write tokens([{strings[:20]!r}]).")
    steps = torch.zeros(len(strings), LONGEST, dtype=torch.long)
    for row, string in zip(steps, strings, strict=True):
        _check(string)
        row[: len(string)] = torch.tensor([_SIGN[bracket] for bracket in string])
    return _tokens(steps)


def draw(count: int, kind: Kind = "mixed", seed: int = 0) -> list[str]:
    """`count` strings of up to 40 brackets; the same for the same seed.

    "balanced"; "count": too many opening brackets, but never below height zero; "below": as many of each, but
    somewhere below zero; "both"; or "mixed", as the model met them in training: somewhat more than half of
    them balanced, and most of the others a bracket or two away from it. Raises `ValueError` for other kinds.

    >>> draw(3, "balanced", seed=1)
    ['(())(())', '((())()(()))', '()']
    """
    if kind != "mixed" and kind not in _FAILURES:
        raise ValueError(f"There are strings of the kinds mixed, {', '.join(_FAILURES)}; none of {kind!r}.")
    found: list[str] = []
    for steps in _batches(seed):
        if kind != "mixed":
            steps = steps[(torch.tensor(_FAILURES[kind]) == failures(steps).T).all(1)]
        found += ["".join({1: "(", -1: ")", 0: ""}[step] for step in row) for row in steps.tolist()]
        if len(found) >= count:
            break
    return found[:count]


def _batches(seed: int) -> Iterator[Steps]:
    """Other strings than those of the training, which has a generator of its own."""
    random = torch.Generator().manual_seed(1_000_003 + seed)
    while True:
        yield mixture(512, random)


def _check(string: str) -> None:
    foreign = next((each for each in string if each not in _SIGN), None)
    if foreign is not None:
        raise ValueError(f"{foreign!r} is no bracket that the model knows: it reads ( and ).")
    if not 1 <= len(string) <= LONGEST:
        raise ValueError(f"The model reads 1 to {LONGEST} brackets; this string has {len(string)}.")
