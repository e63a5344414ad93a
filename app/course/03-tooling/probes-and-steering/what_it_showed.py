"""What has been shown?

Four sentences that people write at the end of a probing experiment. You have measured all you need. Which of
the endings follow from it?
"""

from typing import Literal

HINTS = [
    "Go through the experiments one by one and ask of each: did I only read, or did I also write or take "
    "away?",
    "A probe is fitted by you. What it finds, it may be the only one to look for. Only a change in what the "
    "model *says* tells something about the model's own reading.",
    "Reading after layer 1 and the weak knock-out there: readable, and at that place dispensable. The "
    "knock-out after layer 2: needed there. At the noun itself: the control does nearly as well, in part.",
]
MINUTES = 8
CONCEPTS = ["linear-probe", "probe-control"]
PURPOSE = """Reading a paper that probes, these are the distinctions to bring: information, accessibility and
use are three claims, and each needs an experiment of its own."""
DIFFICULTY = 3
IMPORTANCE = 5
WHY = """A probe tells what *you* can compute from an activation. Whether the model computes it, too, needs an
intervention, and an intervention tells only about the place where it was made: after layer 1 the number is
there, writing it moves the verb, and taking it away hardly matters, because layer 2 looks at the noun
again.

That a direction steers is not the same as that it is used, either. A push of twice the distance takes a
sentence farther than the average sentence of the other kind ever lies."""

readable: Literal[
    "The model uses the direction of the probe to choose its verb",
    "The number can be read off there by a linear rule; whether the model does so is open",
    "Layer 1 computes the number",
] = "The number can be read off there by a linear rule; whether the model does so is open"
"""A probe after layer 1 is right about most nouns it has never met. So:"""

better_than_the_model: Literal[
    "The probe was counted on its own training sentences",
    "The model knows more than it says: what is readable is not all used",
    "The labels must be wrong in some sentences",
] = "The model knows more than it says: what is readable is not all used"
"""After the last layer the probe is right more often than the model's own verbs. So:"""

weak_knock_out: Literal[
    "The direction after layer 1 plays no part in any sentence",
    "The number was never there: the probe has deceived us",
    "What is taken away there can be had again later, from another place",
] = "What is taken away there can be had again later, from another place"
"""Knocked out after layer 1, the verb is hardly harmed; after layer 2, it is down to a coin. So:"""

letter: Literal[
    "It may be reading a letter: what ends in “s” is mostly many",
    "The embedding holds a concept of plurality",
    "The number is computed before layer 0",
] = "It may be reading a letter: what ends in “s” is mostly many"
"""At the noun itself, a probe of the bare embeddings is right nine times in ten, also about unseen
nouns. So:"""


def check_readable(answer):
    """What an accurate probe shows."""
    assert (
        answer.readable
        == "The number can be read off there by a linear rule; whether the model does so is open"
    ), (
        "The probe was fitted by you, from outside. Has anything been changed in the model, to see whether "
        "it cares?"
    )


def check_better(answer):
    """What a probe shows that beats its model."""
    assert (
        answer.better_than_the_model == "The model knows more than it says: what is readable is not all used"
    ), (
        "It was counted on sentences about nouns held out, with labels we know, because we wrote the "
        "sentences. What remains?"
    )


def check_weak_knock_out(answer):
    """What a knock-out without effect shows."""
    assert answer.weak_knock_out == "What is taken away there can be had again later, from another place", (
        "Look at the cell after the knock-outs: what does a probe after layer 2 find, when the direction was "
        "taken away after layer 1?"
    )


def check_letter(answer):
    """What a probe of embeddings can know."""
    assert answer.letter == "It may be reading a letter: what ends in “s” is mostly many", (
        "An embedding belongs to one token. What is the last token of most of these plurals? Print some."
    )


def mistake_uses_it__readable():
    """That would be use, and you have only read. A direction can be readable and ignored."""
    return "The model uses the direction of the probe to choose its verb"


def mistake_layer_computes_it__readable():
    """The number was known at the noun before. What layer 1 did is to bring it here, in part; “computes” is
    a claim about where it comes from, and the probe does not say."""
    return "Layer 1 computes the number"


def mistake_own_sentences__better_than_the_model():
    """That would be an excellent suspicion, but the nouns were held out."""
    return "The probe was counted on its own training sentences"


def mistake_wrong_labels__better_than_the_model():
    """The sentences were written with their number known, so the labels are right by construction."""
    return "The labels must be wrong in some sentences"


def mistake_no_part__weak_knock_out():
    """“In any sentence” is far more than was measured: some verbs did turn, and steering there works."""
    return "The direction after layer 1 plays no part in any sentence"


def mistake_never_there__weak_knock_out():
    """The probe reads unseen nouns, and a push along the direction turns the verb. It is there; it can be
    spared."""
    return "The number was never there: the probe has deceived us"


def mistake_a_concept__letter():
    """Perhaps. But the shortest explanation comes first: the last token of most plurals is the same “s”."""
    return "The embedding holds a concept of plurality"


def mistake_before_layer_0__letter():
    """Nothing has been computed at that point. The embedding is a table: one row for each token."""
    return "The number is computed before layer 0"
