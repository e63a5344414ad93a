"""The other twenty-three

A colleague shows you that `tiny-gpt2` “knows geography”: after *The capital of Germany is* its first guess
is the first token of *Berlin*. Of the 24 countries in the cell above, for how many is the model's very first
guess the first token of the capital?
"""

HINTS = [
    "One example is no rate. Put all countries through the same sentence, and count.",
    "The first guess is the `argmax` of the logits after the last token of the prompt; compare it with the "
    "first token of “ Berlin” (mind the blank in front).",
    "`sum(model(model.to_tokens(f'The capital of {country} is'))[0, -1].argmax() == model.to_tokens(' ' + "
    "capital, prepend_bos=False)[0, 0] for country, capital in capitals.items())`",
]
MINUTES = 6
CONCEPTS = ["red-teamed-a-claim"]
PURPOSE = """Whoever shows one prompt has chosen it. Mostly not to deceive: one tries a few, one works, and
that is the one which is remembered."""
DIFFICULTY = 1
IMPORTANCE = 4
WHY = """Three of 24 is what one expects of a model that knows “some capital comes here” and takes the first
letters from what is common among them. *Egypt* counts only because *Cairo* and *Copenhagen* begin with the
same token: even the count flatters it. A rate over all cases, a baseline, and a look at the hits: in that
order."""

right: int = 3
"""Countries whose capital the first guess begins (of 24):"""

from workers import lab  # noqa: E402 - below what the learner sees

CAPITALS = {
    "Austria": "Vienna", "China": "Beijing", "Cuba": "Havana", "Denmark": "Copenhagen", "Egypt": "Cairo",
    "England": "London", "Finland": "Helsinki", "France": "Paris", "Germany": "Berlin", "Greece": "Athens",
    "Hungary": "Budapest", "India": "Delhi", "Ireland": "Dublin", "Italy": "Rome", "Japan": "Tokyo",
    "Kenya": "Nairobi", "Norway": "Oslo", "Peru": "Lima", "Poland": "Warsaw", "Portugal": "Lisbon",
    "Russia": "Moscow", "Spain": "Madrid", "Sweden": "Stockholm", "Turkey": "Ankara",
}  # fmt: skip


def check_count(answer):
    """The number is the model's."""
    model = lab.load("tiny-gpt2")

    def hit(country: str, capital: str) -> bool:
        guess = model(model.to_tokens(f"The capital of {country} is"))[0, -1].argmax()
        return bool(guess == model.to_tokens(f" {capital}", prepend_bos=False)[0, 0])

    count = sum(hit(country, capital) for country, capital in CAPITALS.items())
    assert answer.right == count, (
        f"{answer.right} of 24 is not what we count. Ask each country with the same sentence, “The capital "
        f"of … is”, without a blank at its end, and compare the very first guess with the first token of "
        f"the capital, blank in front."
    )


def mistake_one_shown__right():
    """One was shown to you. There are 23 more to ask."""
    return 1


def mistake_all__right():
    """That is what the colleague's example suggests, and what nobody has counted."""
    return 24


def mistake_none__right():
    """At least the one that was shown is right: compare with the capital's first *token*, with its blank in
    front."""
    return 0
