"""Strings of brackets, balanced and not, for training and for lessons.

A string is a row of steps: +1 for an opening bracket, −1 for a closing one, 0 beyond its end. Its *height* is
the running sum.
"""

import torch
from jaxtyping import Int
from torch import Tensor
from torch.nn import functional as F

LONGEST = 40  # brackets
N_CTX = LONGEST + 2
START, PAD, END, OPEN, CLOSE = range(5)

Tokens = Int[Tensor, "batch pos"]
Steps = Int[Tensor, "batch bracket"]


def balanced(lengths: Int[Tensor, "batch"], random: torch.Generator) -> Steps:
    """Balanced strings of these even lengths, each equally likely among all of its length.

    With r brackets to go at height h, (h + 2) (r − h) of 2 r (h + 1) ways to end go up: the ballot numbers.
    """
    height = torch.zeros_like(lengths)
    steps = torch.zeros(len(lengths), LONGEST, dtype=torch.long)
    chance = torch.rand(LONGEST, len(lengths), generator=random)
    for place in range(LONGEST):
        left = lengths - place
        up = (height + 2) * (left - height) / (2 * left.clamp(min=1) * (height + 1))
        step = torch.where(chance[place] < up, 1, -1) * (left > 0)
        steps[:, place] = step
        height = height + step
    return steps


def shuffled(steps: Steps, random: torch.Generator) -> Steps:
    """The same brackets in another order."""
    keys = torch.rand(steps.shape, generator=random) + (steps == 0) * 2.0
    return steps.gather(1, keys.argsort(1))


def rotated(steps: Steps, random: torch.Generator) -> Steps:
    """Begun somewhere in the middle and carried on from the front: as many of each, and mostly below zero."""
    lengths = (steps != 0).sum(1, keepdim=True)
    shift = (torch.rand(lengths.shape, generator=random) * lengths).long()
    place = torch.arange(LONGEST)
    index = torch.where(place < lengths, (place + shift) % lengths, place)
    return steps.gather(1, index)


def turned(steps: Steps, random: torch.Generator) -> Steps:
    """One bracket of each string the other way round."""
    return steps * torch.where(_one_place(steps != 0, random), -1, 1)


def swapped(steps: Steps, random: torch.Generator) -> Steps:
    """One opening and one closing bracket of each string the other way round: as many of each as before."""
    places = _one_place(steps == 1, random) | _one_place(steps == -1, random)
    return steps * torch.where(places, -1, 1)


def nested(lengths: Int[Tensor, "batch"], random: torch.Generator) -> Steps:
    """Balanced strings within some outer brackets, up to nothing but those: ((…))."""
    outer = (torch.rand(lengths.shape, generator=random) * (lengths // 2 + 1)).long()
    inner = balanced(lengths - 2 * outer, random)
    place = torch.arange(LONGEST).expand(len(lengths), -1)
    within = (place - outer[:, None]).clamp(0, LONGEST - 1)
    steps = torch.where(place < outer[:, None], 1, inner.gather(1, within))
    steps = torch.where(place >= (lengths - outer)[:, None], -1, steps)
    return steps * (place < lengths[:, None])


def cut(steps: Steps) -> Steps:
    """Without the last bracket."""
    last = (steps != 0).sum(1, keepdim=True) - 1
    return steps * (torch.arange(LONGEST) < last)


def random_strings(lengths: Int[Tensor, "batch"], random: torch.Generator) -> Steps:
    """Each bracket by a coin."""
    coins = torch.randint(2, (len(lengths), LONGEST), generator=random) * 2 - 1
    return coins * (torch.arange(LONGEST) < lengths[:, None])


def _one_place(allowed: Tensor, random: torch.Generator) -> Tensor:
    keys = torch.rand(allowed.shape, generator=random) * allowed
    return F.one_hot(keys.argmax(1), LONGEST).bool()


def mixture(count: int, random: torch.Generator) -> Steps:
    """Strings for training: somewhat less than half balanced, the others mostly a bracket or two away."""
    pairs = torch.randint(1, LONGEST // 2 + 1, (count,), generator=random)
    longer = torch.randint(LONGEST // 4, LONGEST // 2 + 1, (count,), generator=random)
    lengths = 2 * torch.where(torch.rand(count, generator=random) < 0.5, pairs, longer)
    right, deep = balanced(lengths, random), nested(lengths, random)
    both = torch.where((torch.rand(count, 1, generator=random) < 0.75), right, deep)
    kinds = [
        (0.46, both),
        (0.06, random_strings(lengths, random)),
        (0.08, shuffled(right, random)),
        (0.08, rotated(both, random)),
        (0.14, turned(both, random)),
        (0.14, swapped(both, random)),
        (0.04, cut(both)),
    ]
    share, strings = zip(*kinds, strict=True)
    kind = torch.multinomial(torch.tensor(share), count, replacement=True, generator=random)
    return torch.stack(strings)[kind, torch.arange(count)]


def is_balanced(steps: Steps) -> Int[Tensor, "batch"]:
    """1 where the height never falls below zero and ends at zero, else 0."""
    height = steps.cumsum(1)
    return ((height.amin(1) >= 0) & (height[:, -1] == 0)).long()


def failures(steps: Steps) -> Int[Tensor, "failure=2 batch"]:
    """Whether a string ends elsewhere than at height zero, and whether it ever falls below zero."""
    height = steps.cumsum(1)
    return torch.stack([height[:, -1] != 0, height.amin(1) < 0]).long()


def tokens(steps: Steps) -> Tokens:
    """START, the string, END, and PAD up to the context's length."""
    lengths = (steps != 0).sum(1)
    body = torch.where(steps == 1, OPEN, torch.where(steps == -1, CLOSE, PAD))
    start, end = torch.full((len(steps), 1), START), torch.full((len(steps), 1), PAD)
    found = torch.cat([start, body, end], dim=1)
    return found.scatter(1, lengths[:, None] + 1, END)
