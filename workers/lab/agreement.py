"""Sentences cut off just before a verb that has to agree: is the subject one, or are there many?

Made of the words of the tales that the shipped models have read, so that these models can go on with them.
"""

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from workers.lab.models import load
from workers.training import corpus
from workers.training.lexicon import BEINGS, CHOICES, HE, SHE

Kind = Literal["saw", "near", "size"]
LENGTH = 24  # tokens of each sentence, with BOS and what comes before it

# How a sentence runs from its subject on, and the verbs it calls for: of one, of many.
_KINDS: dict[Kind, tuple[str, tuple[str, str]]] = {
    "saw": ("The {noun} that {name} saw", (" wants", " want")),
    "near": ("The {noun} near the {place}", (" is", " are")),
    "size": ("The {size} {noun}", (" has", " have")),
}


class Agreement(NamedTuple):
    """A batch of sentences of equal length."""

    tokens: Int[Tensor, "batch pos"]
    many: Bool[Tensor, "batch"]  # whether the subject is more than one
    nouns: list[str]  # each sentence's subject
    places: Int[Tensor, "batch"]  # the position of the subject's last token
    verbs: tuple[int, int]  # the verb's token after one, and after many


def agreement(count: int, seed: int = 0, kind: Kind = "saw", held_out: bool = False) -> Agreement:
    """`count` sentences that stop before a verb, half of them about one animal or person and half about many.

    "saw": The dogs that Anna saw … (want); "near": The dogs near the mill … (are); "size": The old dogs …
    (have). Each is the end of a tale, cut so that all have 24 tokens: neither the last token nor its position
    tells the number, but for "size", which ends with the noun itself.

    `held_out`: about nouns that never occur without it, to see what a probe knows beyond its words. Raises
    `ValueError` for another kind.

    >>> one = agreement(2)
    >>> one.tokens.shape, one.many.tolist()
    (torch.Size([2, 24]), [False, True])
    """
    if kind not in _KINDS:
        raise ValueError(f"There are sentences of the kinds {', '.join(_KINDS)}, and none of {kind!r}.")
    random = Random(f"{seed} {kind} {held_out}")
    pairs = _pairs(held_out)
    rows, nouns, places = [], [], []
    before = _before(seed, random)
    for place in range(count):
        noun = random.choice(pairs)[place % 2]
        row, at = _row(next(before), noun, kind, random)
        rows.append(row)
        nouns.append(noun)
        places.append(at)
    many = torch.arange(count) % 2 == 1
    verbs = [_encode(verb)[0] for verb in _KINDS[kind][1]]
    return Agreement(torch.tensor(rows), many, nouns, torch.tensor(places), (verbs[0], verbs[1]))


def _pairs(held_out: bool) -> list[tuple[str, ...]]:
    """Of three nouns, two are for probes and one is held out. What has no plural of its own is left out."""
    all_pairs = [pair for pair in BEINGS if pair[0] != pair[1]]
    return [pair for place, pair in enumerate(all_pairs) if (place % 3 == 2) == held_out]


def _before(seed: int, random: Random) -> Iterator[str]:
    """Tales to go before the sentences; not those of the training text, which have seed 0."""
    while True:
        yield from corpus.tales(100, seed=1 + random.randrange(2**32))


def _encode(text: str) -> list[int]:
    """All shipped models of text have one tokenizer."""
    found: list[int] = load("attn-only-0l").tokenizer.encode(text, add_special_tokens=False)
    return found


def _row(before: str, noun: str, kind: Kind, random: Random) -> tuple[list[int], int]:
    """BOS and the last 23 tokens of the tale with the sentence, and where its noun ends."""
    start, _, rest = _KINDS[kind][0].partition("{noun}")
    fields = {"name": random.choice(HE + SHE), "place": random.choice(CHOICES["place"])}
    start = start.format(size=random.choice(CHOICES["size"]))
    head = _encode(f"{before} {start}{noun}")
    tail = _encode(rest.format_map(fields))
    return [0, *(head + tail)[1 - LENGTH :]], LENGTH - 1 - len(tail)
