"""Why can one layer not do it?

The one-layer model was trained on the same kinds of text, with as many heads in its layer. It never learned
to continue what is said twice, and longer training would not have helped. Which of these is the reason?
"""

from typing import Literal

PURPOSE = (
    "Composition is what makes depth worth having: one head writes what another head reads. It is the "
    "first thing to look for when a model can do what no single head could."
)
DIFFICULTY = 2
IMPORTANCE = 5
HINTS = [
    "Ask what a head compares: the query of the current token with the keys of all tokens before. In the "
    "first layer, what is a key made of?",
    "An induction head must find the token that came *after* an earlier `b`. So something at that token's "
    "position has to say “the one before me was `b`”.",
    "In the first layer a key knows its own token and its own position, and nothing about its neighbour. "
    "Only after another head has moved that information can anybody look for it.",
]
MINUTES = 5
CONCEPTS = ["composition"]
WHY = """
With one layer, all a key knows is its own token and its own place. The token after the first `b` carries no
trace of that `b`, so a query that says “I am `b`” finds only the other `b`. A first layer that copies each
token's neighbour into its stream changes exactly that: now a key can say “before me stood `b`”. This is
*K-composition*, and it takes two layers, however many heads one layer has.
"""

reason: Literal[
    "One layer has too few heads to remember twenty tokens",
    "In the first layer a token's key cannot tell which token stood before it",
    "One layer cannot look further back than a few tokens",
    "One layer cannot copy a token from the text to its prediction",
] = "In the first layer a token's key cannot tell which token stood before it"
"""The one-layer model cannot do induction, because:"""


def check_reason(answer):
    """The reason is about what a key can hold."""
    assert answer.reason == "In the first layer a token's key cannot tell which token stood before it", (
        "Not that one. What would the head have to find, and what would it have to see there to find it?"
    )


def mistake_too_few_heads__reason():
    """The tokens are not remembered anywhere: they stand in the text, and attention can read them at any
    time. And the two-layer model needs only a few of its heads for this, in each layer."""
    return "One layer has too few heads to remember twenty tokens"


def mistake_too_short_a_view__reason():
    """Attention has no range: a head of the first layer may look at any earlier token, however far back."""
    return "One layer cannot look further back than a few tokens"


def mistake_cannot_copy__reason():
    """One layer can copy: a head that looks at a token can raise that same token's logit. The one-layer model
    does so, which is why its loss falls a little on the second copy. What it cannot do is find the *right*
    token to copy."""
    return "One layer cannot copy a token from the text to its prediction"
