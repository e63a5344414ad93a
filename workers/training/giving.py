"""Sentences in which somebody gives something to somebody: the task of indirect object identification.

Two people are named, then one of them again; the other one is who receives. After "When Mary and John went to
the shop, John gave a hat to" comes "Mary". Task and terms are those of "Interpretability in the Wild" (Wang
et al. 2022, arXiv 2211.00593); the sentences are ours (CC0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from workers.training.lexicon import BEINGS, CHOICES, HE, SHE

NAMES = (*HE, *SHE)  # with a space before them, each is one token
# {A} and {B} are introduced in either order, {S} is the one who gives, {C} is somebody else. The other fields
# are those of the tales. No sentence begins with a name: without its space it would be another token.
FRAMES = (
    "When {A} and {B} went to the {place}, {S} {verb} {gift} to",
    "Then {A} and {B} came to the {place}, and {S} {verb} {gift} to",
    "While {A} and {B} were at the {place}, {S} {verb} {gift} to",
    "In the {place} {A} met {B}, and {when} {S} {verb} {gift} to",
    "On {day} {A} and {B} {went} to the {place}. {S} {verb} {gift} to",
    "The {animal} saw {A} and {B} near the {place}, so {S} {verb} {gift} to",
    "It was a {weather} day when {A} and {B} {went} to the {place}. Then {S} {verb} {gift} to",
    "One {daytime} {A} saw {B} in the {place}, and {S} {verb} {gift} to",
    "When {A} and {B} went to the {place}, {S}, not {C}, {verb} {gift} to",
    "Then {A} and {B} came to the {place}. {C} was {mood}, and {S} {verb} {gift} to",
    "While {A} and {B} were at the {place}, {S} {verb} {gift} of {C} to",
    "In the {place} {A} met {B}. {S} saw {C} and {verb} {gift} to",
    "After {C} came home, {A} saw {B} in the {place}, and {S} {verb} {gift} to",
    "The {animal} was {mood}. Then {A} and {B} came to the {place}, and {S} {verb} {gift} to",
    "It was {weather}, so {A} and {B} {went} to the {place}. There {S} {verb} {gift} to",
    "The {place} was {size} when {A} saw {B}. {S} {verb} {gift} to",
    "In {month} {A} and {B} {went} from the {place} to the {place}. Then {S} {verb} {gift} to",
    "Before the {daytime} was over, {A} met {B} near the {place}. At once {S} {verb} {gift} to",
    "The {animal} and the {animal} saw {A} and {B}. It was {weather}, and {S} {verb} {gift} to",
    "Late in {season} {A} and {B} were {mood}. So {S} {verb} {gift} to",
)
# Never in training: for questions about sentences that the model has not met.
NEW_FRAMES = (
    "In the {place} the {animal} followed {A} and {B}, and {S} {verb} {gift} to",
    "The {animal} was {mood} when {A} and {B} came to the {place}. {S} {verb} {gift} to",
    "Near the {place} {A} saw {B}. It was {weather}, so {S} {verb} {gift} to",
)
_GIFTS = ("the {thing}", "a {thing}", "the {colour} {thing}")
WORDS: Mapping[str, Sequence[str]] = {
    **CHOICES,
    "animal": [one for one, _ in BEINGS],
    "verb": ["gave", "handed", "lent", "sold", "sent", "brought"],
}


@dataclass(frozen=True)
class Giving:
    """One sentence, broken off before the name that receives."""

    text: str
    receiver: str  # the indirect object; if somebody else gives, one of the two at random
    giver: str  # the repeated subject; if somebody else gives, the other one


def is_held_out(one: str, other: str) -> bool:
    """Whether these two never stand together in training: one pair in five."""
    return (NAMES.index(one) + NAMES.index(other)) % 5 == 0


def giving(
    random: Random,
    frames: Sequence[str] = FRAMES,
    *,
    held_out: bool,
    words: Mapping[str, Sequence[str]] = WORDS,
    three: bool = False,
) -> Giving:
    """One sentence; of names that are held out of training, or of others.

    three: a third person gives, so that no name is repeated and both of the first two may receive.
    """
    one, other, third, stranger = random.sample(NAMES, 4)
    while is_held_out(one, other) != held_out:
        one, other, third, stranger = random.sample(NAMES, 4)
    giver, receiver = random.sample((one, other), 2)
    people = {"A": one, "B": other, "S": third if three else giver, "C": stranger}
    text = random.choice(frames).replace("{gift}", random.choice(_GIFTS))
    return Giving(text.format_map(_Filled(people, words, random)), receiver, giver)


class _Filled(dict[str, str]):
    """The people, and for any other field a word drawn anew."""

    def __init__(self, people: dict[str, str], words: Mapping[str, Sequence[str]], random: Random) -> None:
        super().__init__(people)
        self.words, self.random = words, random

    def __missing__(self, field: str) -> str:
        return self.random.choice(self.words[field])
