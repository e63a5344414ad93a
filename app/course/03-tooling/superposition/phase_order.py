"""What comes first, and what follows from it

You have trained five features into two dimensions at many sparsities. Say what happens as features become
rarer, and what the toy does and does not show about large models. Your own cells are the place to look."""

from typing import Literal

HINTS = [
    "Train at sparsity 0, about 0.7, and 0.97, several instances each, and draw the arrows. Count how many "
    "have a length near 1.",
    "At first two features have a dimension each. What is the cheapest way to squeeze in one more, when two "
    "features hardly ever occur together, and the ReLU cuts off what is negative?",
    "Two at right angles; then pairs in opposite directions; then a pentagon. The interference that is "
    "left is what superposition costs, and that it costs something is why dense features are not stored so.",
]
MINUTES = 8
CONCEPTS = ["superposition"]
PURPOSE = """That features are directions, and more of them than dimensions, is the assumption under most of
what came after: sparse autoencoders, steering, attribution graphs. You should know how strong its evidence
is, and what kind of evidence it is."""
DIFFICULTY = 2
IMPORTANCE = 4
WHY = """Opposite directions come before anything else because of the ReLU: what feature A makes of feature B
is negative then, and is cut off. So a pair on one line costs nothing as long as not both are there, and at a
sparsity of S that happens in $(1 - S)^2$ of all examples, while each is there in $1 - S$. The rarer the
features, the smaller the one is against the other: that is the whole reason why sparsity decides.

In a pentagon each feature disturbs its two neighbours by $\\cos 72° \\approx 0.31$, which is positive, so the
ReLU does not help; there the negative bias does, as a threshold. That costs strength, and the arrows grow
beyond 1 to make up for it.

Whether large models do this was *not* shown by the toy. It shows that superposition can arise from training,
when it pays, and what it would look like."""

first: Literal[
    "Five features at once, weakly; then the weakest fade",
    "Two features at right angles, and nothing of the others",
    "Two features in opposite directions",
] = "Two features at right angles, and nothing of the others"
"""With dense features (S = 0), what is stored?"""

then: Literal[
    "A third feature between the two, at 45 degrees",
    "Features in opposite directions, two on a line",
    "All five, in a regular pentagon",
] = "Features in opposite directions, two on a line"
"""As features become rarer, what is the first arrangement with more features than dimensions in which many
models settle?"""

last: Literal["A pentagon: ⅖ of a dimension each", "Two pairs: ½ each", "A cross: 1 each"] = (
    "A pentagon: ⅖ of a dimension each"
)
"""And with very rare features (S = 0.97, all about as important), where do most of them end?"""

without_relu: Literal[
    "The same, only later", "Two features, however rare they are", "Five features, with larger errors"
] = "Two features, however rare they are"
"""Without the ReLU, what would a model of two hidden numbers store of very rare features?"""

shown: Literal[
    "Language models store more features than they have dimensions",
    "Training can lead to superposition where features are sparse and the reconstruction is not linear",
    "Every neuron of a large model is polysemantic because of superposition",
] = "Training can lead to superposition where features are sparse and the reconstruction is not linear"
"""What have you shown, and the paper with you?"""


def check_first(answer):
    """Dense features."""
    assert answer.first == "Two features at right angles, and nothing of the others", (
        "Look at the arrows at sparsity 0. How many have a length near 1, and at which angle do they stand?"
    )


def check_then(answer):
    """Where superposition begins."""
    assert answer.then == "Features in opposite directions, two on a line", (
        "Which interference does the ReLU remove altogether: positive or negative? Look at the arrows near "
        "S = 0.7 to 0.9."
    )


def check_last(answer):
    """Very rare features."""
    assert answer.last == "A pentagon: ⅖ of a dimension each", (
        "Draw the arrows at S = 0.97, in several instances, and ask your `dimensionality`."
    )


def check_without_relu(answer):
    """What the ReLU is needed for."""
    assert answer.without_relu == "Two features, however rare they are", (
        "Without the ReLU the model is linear. Which linear map of two hidden numbers has the smallest "
        "squared error? Try it: leave out the ReLU in the first cell, at S = 0.97."
    )


def check_shown(answer):
    """What kind of evidence that is."""
    assert answer.shown == (
        "Training can lead to superposition where features are sparse and the reconstruction is not linear"
    ), "Which models have you looked at, and who made their features? Do not claim more than that."


def mistake_five_weakly__first():
    """With dense features all five are there all the time, and any two that share a direction disturb each
    other in nearly every example. Three are given up; their bias guesses their mean."""
    return "Five features at once, weakly; then the weakest fade"


def mistake_opposite_at_once__first():
    """Opposite directions disturb nobody only while both are seldom there together. With dense features they
    always are."""
    return "Two features in opposite directions"


def mistake_in_between__then():
    """At 45 degrees a feature makes the model believe in two others, positively, and the ReLU lets that pass.
    The opposite direction disturbs one, negatively, and the ReLU removes it."""
    return "A third feature between the two, at 45 degrees"


def mistake_pentagon_at_once__then():
    """The pentagon comes, but later: neighbours disturb each other positively, so features have to be rarer
    for it to pay."""
    return "All five, in a regular pentagon"


def mistake_pairs_for_ever__last():
    """Two pairs store four of five. When features are rare enough, the fifth is worth a little
    interference."""
    return "Two pairs: ½ each"


def mistake_a_cross__last():
    """Only two features can have a dimension each, in two dimensions. What is left would never be known."""
    return "A cross: 1 each"


def mistake_only_later__without_relu():
    """Interference would never be removed: a linear model pays for it in proportion to the variances, and so
    does what is gained. Rarity makes both smaller alike."""
    return "The same, only later"


def mistake_larger_errors__without_relu():
    """The best linear map keeps the two most important directions whole and gives up the others; anything in
    between costs more. That is what principal components are."""
    return "Five features, with larger errors"


def mistake_about_language_models__shown():
    """You have looked at a model of two hidden numbers, on features that you made yourself. That language
    models do the same is a hypothesis, a good one; for evidence one has to look at language models."""
    return "Language models store more features than they have dimensions"


def mistake_every_neuron__shown():
    """Neurons with several meanings can have other reasons, too: these toys have no neurons that could be
    polysemantic in the hidden layer. And “every” is a word to be suspicious of."""
    return "Every neuron of a large model is polysemantic because of superposition"
