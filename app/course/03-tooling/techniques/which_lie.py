"""Five findings

Each of these was measured honestly. What is the most likely way in which it is false? Every answer is used
once.
"""

from typing import Literal

HINTS = [
    "Ask of each: what was measured, and what is claimed? The lie sits in the step from one to the other.",
    "“It looks at” is not “it takes from”. “It does not say” is not “it does not matter”. “Nothing happened "
    "to the probability” is not “nothing happened”.",
    "The pattern is a sink; the single knock-out has an understudy; direct attribution misses the chain; a "
    "probability of 0.999 is flat; the gradient is a small step.",
]
MINUTES = 5
CONCEPTS = ["caught-a-technique-lying"]
PURPOSE = """Reading papers is half of the work, and this is what to read them with: for each claim, the
technique behind it, and the case in which that technique would have said the same of something false."""
DIFFICULTY = 2
IMPORTANCE = 5
WHY = """None of the five is a reason to throw the technique away. Each is a reason for a *second*
measurement of another kind: weigh the pattern by values, knock out sets, knock out what is silent, change
the metric, patch what the gradient has ranked. Two instruments that lie in different cases rarely tell the
same lie."""

staring: Literal[
    "the head looks and takes nothing",
    "an understudy steps in",
    "it works through other parts",
    "the metric is saturated",
    "a gradient is only a small step",
] = "the head looks and takes nothing"
"""“Head 4.7 puts 95 % of its attention on the full stop. It must be collecting the meaning of the
sentence.”"""

harmless: Literal[
    "the head looks and takes nothing",
    "an understudy steps in",
    "it works through other parts",
    "the metric is saturated",
    "a gradient is only a small step",
] = "an understudy steps in"
"""“We knocked out each head, one at a time. No single one mattered, so the task is not done by heads.”"""

silent: Literal[
    "the head looks and takes nothing",
    "an understudy steps in",
    "it works through other parts",
    "the metric is saturated",
    "a gradient is only a small step",
] = "it works through other parts"
"""“Head 0.3 adds 0.01 nats to the right logit. It has nothing to do with the answer.”"""

certain: Literal[
    "the head looks and takes nothing",
    "an understudy steps in",
    "it works through other parts",
    "the metric is saturated",
    "a gradient is only a small step",
] = "the metric is saturated"
"""“Breaking head 6.1 leaves the probability of the right answer at 0.998, where it was 0.999. It plays no
role.”"""

cheap: Literal[
    "the head looks and takes nothing",
    "an understudy steps in",
    "it works through other parts",
    "the metric is saturated",
    "a gradient is only a small step",
] = "a gradient is only a small step"
"""“One backward pass gives head 2.2 an effect of 2 %. Patching it for real would only confirm that.”"""

_WHERE = {
    "staring": "1. The pattern is a share: it has to go somewhere",
    "harmless": "2. One at a time, each of three cost little. What about all three",
    "silent": "4. Head 0.0 wrote nothing towards the answer, and without it all was lost",
    "certain": "7. From 0.999 to 0.998 the odds have halved",
    "cheap": "9. The estimate was worst where the whole step turned a head round",
}


def check_each(answer):
    """Each finding with the way in which it is most likely false."""
    right = {
        "staring": "the head looks and takes nothing",
        "harmless": "an understudy steps in",
        "silent": "it works through other parts",
        "certain": "the metric is saturated",
        "cheap": "a gradient is only a small step",
    }
    for name, want in right.items():
        got = getattr(answer, name)
        assert got == want, f"“{got}” fits another of the five better. Look at card {_WHERE[name]}."


def mistake_taken_at_its_word__staring():
    """An understudy is about what happens when a head is *removed*. Nothing was removed here: somebody
    looked at a pattern, and attention that has nowhere useful to go has to go somewhere."""
    return "an understudy steps in"


def mistake_must_be_the_metric__harmless():
    """The metric may have been fine. Each was knocked out *alone*, and whoever does the same work was still
    there."""
    return "the metric is saturated"


def mistake_looks_at_nothing__silent():
    """Nobody has said where it looks. It does not *say* the answer; it may tell those who do."""
    return "the head looks and takes nothing"


def mistake_a_backup__certain():
    """It may have one. But these numbers would not even show that it needs none: between 0.998 and 0.999
    there is room for a lot of logits."""
    return "an understudy steps in"


def mistake_through_others__cheap():
    """A gradient does go through all other parts. What it does not do is go far: it is a tangent, and the
    patch is a leap."""
    return "it works through other parts"
