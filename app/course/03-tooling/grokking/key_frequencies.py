"""Which frequencies does it use?

The spectrum of the trained model's embedding has a few high bars and a floor. Say which bars count: write a
function that takes an embedding of the numbers 0 to $p-1$ and gives its **key frequencies**, in ascending
order: those that hold more than `share` of the power. All of the power means: of all frequencies from 1 to
$(p-1)/2$. The constant, which says nothing about *which* number it is, does not count.

We try it on embeddings in which we have hidden frequencies ourselves, so that nobody has to trust a model,
and then on the shipped one.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "`frequency_power(embedding)` gives the power of each frequency. What is each one's part of the whole?",
    "Entry 0 of the powers belongs to frequency 1. `(part > share).nonzero()` gives places, not frequencies.",
    "`power = frequency_power(embedding)`, then "
    "`[k for k, part in enumerate((power / power.sum()).tolist(), 1) if part > share]`.",
]
USES = ["fourier_basis", "fourier_transforms"]
MINUTES = 8
CONCEPTS = ["key-frequencies"]
DETERMINISTIC = True
DIFFICULTY = 1
IMPORTANCE = 4
SHAPES = ["power: p//2"]
PURPOSE = """Everything from here on is said about a handful of frequencies: which neurons belong to them, how
much of the logits they are, what happens without them. The list is the claim; this function makes it, and
nobody's eye does."""
WHY = """A threshold is a decision, and it is better made in the open, as an argument, than by eye. In the
trained model it hardly matters: between the smallest key frequency and the largest other there is a wide gap.
Try `share=0.01` in the cell below, and the same on an earlier checkpoint, where there is none."""


def key_frequencies(embedding: Float[Tensor, "p d_model"], share: float = 0.1) -> list[int]:
    """The frequencies from 1 to (p − 1)/2 with more than this share of the power, ascending.

    >>> x = 2 * torch.pi * torch.arange(7) / 7
    >>> key_frequencies(torch.stack([torch.cos(3 * x), torch.sin(3 * x), 0.1 * torch.cos(x)], dim=1))
    [3]
    """
    power = frequency_power(embedding)
    return [k for k, part in enumerate((power / power.sum()).tolist(), 1) if part > share]


def check_planted(answer):
    """Embeddings in which frequencies are hidden, under noise and beside a large constant."""
    for count in (1, 3, 4):
        embedding, planted, _ = _planted(count)
        got = answer.key_frequencies(embedding)
        assert sorted(got) == planted, (
            f"In this embedding of {len(embedding)} numbers we hid the frequencies {planted}; you found "
            f"{got}."
        )
        assert got == planted, f"These are the right ones, but not in ascending order: {got}."


def check_share(answer):
    """The threshold is the argument's, and one of the whole power."""
    embedding, planted, parts = _planted(3)
    order = sorted(planted, key=lambda k: -parts[k])
    for kept in (1, 2):
        share = (parts[order[kept - 1]] + parts[order[kept]]) / 2
        got, want = answer.key_frequencies(embedding, share), sorted(order[:kept])
        assert got == want, (
            f"With share={share:.2f} it should be {want}: these alone hold more than that of the power. "
            f"You found {got}."
        )


def check_shipped_model(answer):
    """The key frequencies of the shipped model that adds."""
    model = lab.load("modular-addition")
    lab.same(
        answer.key_frequencies(model.W_E[:-1]),
        key_frequencies(model.W_E[:-1]),
        name="the model's key frequencies",
    )


def _planted(count: int) -> tuple[Tensor, list[int], dict[int, float]]:
    """An embedding, the frequencies in it, and each one's share of the power, about 4 : 3 : 2.4 : 2."""
    p, width = 2 * random.randint(15, 30) + 1, 2 * count + random.randint(1, 9)
    planted = random.sample(range(1, p // 2 + 1), count)
    directions = torch.linalg.qr(torch.randn(width, width)).Q
    angle = 2 * torch.pi * torch.arange(p) / p
    embedding = torch.zeros(p, width)
    for place, k in enumerate(planted):
        size = (4 / (1 + place / 3)) ** 0.5
        turn = k * angle + 6.28 * random.random()
        embedding += size * torch.outer(turn.cos(), directions[2 * place])
        embedding += size * torch.outer(turn.sin(), directions[2 * place + 1])
    noisy = embedding + 0.05 * torch.randn(p, width) + 20 * directions[-1]
    power = frequency_power(noisy)
    return noisy, sorted(planted), {k: (power[k - 1] / power.sum()).item() for k in planted}


def mistake_one_too_low__key_frequencies(embedding, share=0.1):
    """Your frequencies are one too low: place 0 of the powers is frequency 1."""
    return [k - 1 for k in key_frequencies(embedding, share)]


def mistake_share_of_the_largest__key_frequencies(embedding, share=0.1):
    """You compare with the largest power. The share is one of *all* the power, so divide by the sum."""
    power = frequency_power(embedding)
    return [k for k, part in enumerate((power / power.max()).tolist(), 1) if part > share]


def mistake_constant_counts__key_frequencies(embedding, share=0.1):
    """You count the constant as part of the whole. It is the same for every number and tells none apart; here
    it holds nearly all, and no frequency reaches its share."""
    power = frequency_power(embedding)
    whole = embedding.pow(2).sum()
    return [k for k, part in enumerate((power / whole).tolist(), 1) if part > share]


def mistake_always_three__key_frequencies(embedding, share=0.1):
    """You take the three largest, whatever they are. Another model has another number of them: let `share`
    decide."""
    return sorted((frequency_power(embedding).topk(3).indices + 1).tolist())


def mistake_strongest_first__key_frequencies(embedding, share=0.1):
    """These are the right frequencies, ordered by power. Give them in ascending order, so that two lists can
    be compared."""
    power = frequency_power(embedding)
    return sorted(key_frequencies(embedding, share), key=lambda k: -power[k - 1].item())


def mistake_threshold_of_power__key_frequencies(embedding, share=0.1):
    """You hold the power itself against the share. Powers grow with the embedding's size; divide by their sum
    first."""
    return [k for k, power in enumerate(frequency_power(embedding).tolist(), 1) if power > share]


def mistake_root__key_frequencies(embedding, share=0.1):
    """You compare lengths, the roots of the powers. A share of the whole is only one of powers, which add
    up."""
    length = frequency_power(embedding).sqrt()
    return [k for k, part in enumerate((length / length.sum()).tolist(), 1) if part > share]


def mistake_mirrored__key_frequencies(embedding, share=0.1):
    """Each frequency stands in your list twice, as k and as p − k: a wave of the one, looked at only at whole
    numbers, is a wave of the other. Keep those up to (p − 1)/2."""
    found = key_frequencies(embedding, share)
    return sorted(found + [len(embedding) - k for k in found])


def also_right_nonzero__key_frequencies(embedding, share=0.1):
    power = frequency_power(embedding)
    return ((power > share * power.sum()).nonzero().flatten() + 1).tolist()


def also_right_fft__key_frequencies(embedding, share=0.1):
    power = torch.fft.fft(embedding, dim=0).abs().square().sum(1)
    power[0] = 0
    half = len(power) // 2 + 1
    part = 2 * power[:half] / power.sum()
    return [int(k) for k in torch.where(part > share)[0]]


def also_right_centred_first__key_frequencies(embedding, share=0.1):
    centred = embedding - embedding.mean(0)
    power = frequency_power(centred)
    return sorted(k + 1 for k in range(len(power)) if power[k] / centred.pow(2).sum() > share)
