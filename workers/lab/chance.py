"""Do these draws follow that law? A chi-square test that a right answer never fails by bad luck."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

FALSE_ALARM = 1e-9  # of the chi-square tail; what is discrete about counts keeps the true one below 1e-6
LEAST_EXPECTED = 50  # draws in a bin: rarer tokens are counted together


class Unlikely(AssertionError):
    """The draws do not follow the law; the message says which token came too often or too seldom."""


def follows(draws: Any, law: Float[Tensor, d_vocab], *, name: str = "the draws") -> None:
    """Raises `Unlikely` unless these tokens may well have been drawn with these probabilities.

    draws: whole numbers below d_vocab, in any shape; each is a draw of its own. law: adds up to 1. A token of
    probability 0 must never come. All others are judged together, by chi-square: draws that do follow the law
    fail with a probability below 1e-6.

    >>> follows(torch.tensor([0, 0, 1]), torch.tensor([0.5, 0.0, 0.5]))
    Traceback (most recent call last):
    workers.lab.chance.Unlikely: Token 1 came once among the draws, but its probability is 0.
    """
    tokens, law = torch.as_tensor(draws).flatten().cpu(), law.double().cpu()
    counts = torch.bincount(tokens, minlength=len(law)).double()
    if len(counts) > len(law):
        raise Unlikely(f"Token {len(counts) - 1} came among {name}, but there are only {len(law)} tokens.")
    if (impossible := (law == 0) & (counts > 0)).any():
        token = int(impossible.nonzero()[0])
        raise Unlikely(f"Token {token} came {_times(counts[token])} among {name}, but its probability is 0.")
    expected = law * counts.sum()
    if surprise(counts, expected) < FALSE_ALARM:
        token = int(((counts - expected).abs() / expected.clamp(min=1).sqrt()).argmax())
        raise Unlikely(
            f"Token {token} came {_times(counts[token])} among {int(counts.sum())} of {name}; "
            f"{expected[token]:.0f} were to be expected."
        )


def surprise(counts: Float[Tensor, d_vocab], expected: Float[Tensor, d_vocab]) -> float:
    """The probability that chance alone takes counts as far from what is expected, by chi-square."""
    rare = expected < LEAST_EXPECTED
    got, want = counts[~rare], expected[~rare]
    if expected[rare].sum() > 0:
        got = torch.cat([got, counts[rare].sum()[None]])
        want = torch.cat([want, expected[rare].sum()[None]])
    if len(want) < 2:
        return 1.0
    statistic = ((got - want) ** 2 / want).sum()
    return float(torch.special.gammaincc(torch.tensor((len(want) - 1) / 2).double(), statistic / 2))


def _times(count: Tensor) -> str:
    return "once" if count == 1 else f"{int(count)} times"
