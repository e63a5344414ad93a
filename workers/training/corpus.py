"""A generator of short tales in plain English, so that the models need no text of anybody else's.

The tales are ours (CC0) and deterministic: the same seed gives the same text. They are made so that a small
model has something to find: bigrams ("of course", a country and its capital), skip-trigrams ("neither ...
nor", "in mind all spring"), agreement in number and gender, and names and things that return within a tale,
which is what induction is for.
"""

from collections.abc import Callable, Iterator
from random import Random

from workers.training.lexicon import BEINGS, CAPITALS, CHOICES, HE, SENTENCES, SHE, SURNAMES


class Scene:
    """Who and what one tale is about. Asked for a field of a sentence, it gives a word."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.people = [self._person(), self._person()]
        self.kept = {f"its_{field}": random.choice(CHOICES[field]) for field in ("place", "thing")}
        self.kept["its_animal"] = random.choice(BEINGS)[0]
        self.chant = " ".join(random.sample(CHOICES["food"] + CHOICES["colour"] + CHOICES["thing"], 5))

    def sentence(self) -> str:
        """One sentence; who comes first in it, and which country it may be about, is drawn anew."""
        self.random.shuffle(self.people)
        self.country, self.capital = self.random.choice(CAPITALS)
        kinds = list(SENTENCES.values())
        _, readings = self.random.choices(kinds, [weight for weight, _ in kinds])[0]
        return self.random.choice(readings).format_map(self)

    def __getitem__(self, field: str) -> str:
        if field in self.kept:
            return self.kept[field]
        return _FIELDS[field](self) if field in _FIELDS else self.random.choice(CHOICES[field])

    def _person(self) -> tuple[str, tuple[str, str, str]]:
        """A name, with a surname one time in four, and the pronouns that go with it."""
        man = self.random.random() < 0.5
        name = self.random.choice(HE if man else SHE)
        if self.random.random() < 0.25:
            name = f"{name} {self.random.choice(SURNAMES)}"
        return name, ("he", "his", "him") if man else ("she", "her", "her")

    def counting(self) -> str:
        start = self.random.randrange(8)
        return ", ".join(CHOICES["number"][start : start + self.random.randint(3, 5)])


_FIELDS: dict[str, Callable[[Scene], str]] = {
    "a": lambda scene: scene.people[0][0],
    "b": lambda scene: scene.people[1][0],
    "he": lambda scene: scene.people[0][1][0],
    "his": lambda scene: scene.people[0][1][1],
    "him": lambda scene: scene.people[0][1][2],
    "one": lambda scene: scene.random.choice(BEINGS)[0],
    "many": lambda scene: scene.random.choice(BEINGS)[1],
    "country": lambda scene: scene.country,
    "its_capital": lambda scene: scene.capital,
    "capital": lambda scene: scene.random.choice(CAPITALS)[1],
    "chant": lambda scene: scene.chant,
    "counting": Scene.counting,
}


def tales(count: int, seed: int) -> Iterator[str]:
    """`count` tales of three to seven sentences; seed 0 makes the training text, others text unseen."""
    random = Random(seed)
    for _ in range(count):
        scene = Scene(random)
        yield " ".join(scene.sentence() for _ in range(random.randint(3, 7)))
