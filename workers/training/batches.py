"""What the models read: tales, repeated pieces of tales, and repeated random tokens."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

BOS = 0
# Never a period in training, so that lessons and tests can ask about periods the model has not seen.
HELD_OUT_PERIODS = (10, 15, 20, 25, 30)
PERIODS = tuple(p for p in range(4, 32) if p not in HELD_OUT_PERIODS)


@dataclass(frozen=True)
class Mix:
    """How many rows of a batch are of each kind."""

    random_repeats: int = 28
    tale_repeats: int = 12
    tales: int = 24
    periods: tuple[int, ...] = PERIODS


@dataclass(frozen=True)
class Batch:
    """Rows of tokens; the first `len(periods)` rows are random tokens repeated with that period."""

    tokens: Int[Tensor, "batch pos"]
    periods: Int[Tensor, "repeats"]


def repeated(
    base: Int[Tensor, "batch longest"], periods: Int[Tensor, "batch"], n_ctx: int
) -> Int[Tensor, "batch pos"]:
    """BOS, then the first `period` tokens of each row over and over until the context is full."""
    turn = torch.arange(n_ctx - 1) % periods[:, None]
    return torch.cat([torch.full((len(base), 1), BOS), base.gather(1, turn)], dim=1)


def repeated_random(
    batch: int, period: int, d_vocab: int, seed: int, copies: int = 2
) -> Int[Tensor, "batch pos"]:
    """BOS + x + x (+ x …) for random x of the given period."""
    random = torch.Generator().manual_seed(seed)
    base = torch.randint(1, d_vocab, (batch, period), generator=random)
    return repeated(base, torch.full((batch,), period), 1 + copies * period)


def pieces(
    text: Int[Tensor, "tokens"], count: int, length: int, random: torch.Generator
) -> Int[Tensor, "count length"]:
    """Random windows of the text."""
    start = torch.randint(len(text) - length, (count, 1), generator=random)
    return text[start + torch.arange(length)]


def draw(mix: Mix, text: Int[Tensor, "tokens"], d_vocab: int, n_ctx: int, random: torch.Generator) -> Batch:
    """One training batch."""
    longest, choices = max(mix.periods), torch.tensor(mix.periods)
    base = torch.cat([
        torch.randint(1, d_vocab, (mix.random_repeats, longest), generator=random),
        pieces(text, mix.tale_repeats, longest, random),
    ])  # fmt: skip
    periods = choices[torch.randint(len(choices), (len(base),), generator=random)]
    tales = pieces(text, mix.tales, n_ctx, random)
    tales[:, 0] = BOS
    tokens = torch.cat([repeated(base, periods, n_ctx), tales])
    return Batch(tokens, periods[: mix.random_repeats])
