"""What stays, and what passes

Weights are learned, and then they stay: they are the same for every text. Activations are calculated from one
text, and pass with it. Confusing the two is the commonest misunderstanding of all. Which is which, and what
happens to each if the text becomes twice as long?"""

from typing import Literal

HINTS = [
    "Ask: could I know its values before any text is chosen?",
    "An attention pattern is different for every text, so it is an activation, although it is used like a "
    "matrix of weights. W_pos is the same for every text, although its rows belong to places.",
    "Stream, pattern, neurons: activations. W_pos, W_U: weights. What belongs to single tokens doubles; "
    "what lies between pairs of tokens quadruples; weights stay.",
]
MINUTES = 5
CONCEPTS = ["shapes"]
PURPOSE = """In interpretability you may *read* weights without any text, and *patch* activations in one.
Which experiments are possible at all depends on which of the two a thing is."""
DIFFICULTY = 1
IMPORTANCE = 5
WHY = """The pattern is the instructive one. It multiplies values like a weight matrix does, and yet it is
made anew for every text: attention is a linear map that the text itself chooses. That is why heads can be
studied in two ways, by their patterns on texts and by the weights that make them.

And it is the only one here that grows with the square of the text. A head's pattern on 1,000 tokens has a
million entries."""

stream: Literal["weight", "activation"] = "activation"
"""The residual stream at a token:"""

attention_pattern: Literal["weight", "activation"] = "activation"
"""A head's attention pattern:"""

position_table: Literal["weight", "activation"] = "weight"
"""W_pos, the table of position vectors:"""

neuron: Literal["weight", "activation"] = "activation"
"""How strongly neuron 17 fires:"""

longer_stream: Literal["stays", "twice as large", "four times as large"] = "twice as large"
"""With a text twice as long, the residual stream of that text:"""

longer_pattern: Literal["stays", "twice as large", "four times as large"] = "four times as large"
"""… and a head's attention pattern:"""

longer_unembedding: Literal["stays", "twice as large", "four times as large"] = "stays"
"""… and W_U:"""


def check_stream(answer):
    """What the stream holds depends on the text."""
    assert answer.stream == "activation", "Could you know what stands in the stream before a text is chosen?"


def check_attention_pattern(answer):
    """So does where a head looks."""
    assert answer.attention_pattern == "activation", "Does a head look at the same places in every text?"


def check_position_table(answer):
    """The table of positions does not."""
    assert answer.position_table == "weight", "Is the vector of place 5 another one in another text?"


def check_neuron(answer):
    """Whether a neuron fires does."""
    assert answer.neuron == "activation", "Does a neuron fire equally strongly at every token?"


def check_longer_stream(answer):
    """A vector for each token: twice as many."""
    assert answer.longer_stream == "twice as large", "There is one vector of d_model numbers for each token."


def check_longer_pattern(answer):
    """An entry for each pair: four times as many."""
    assert answer.longer_pattern == "four times as large", "The pattern has an entry for each pair of tokens."


def check_longer_unembedding(answer):
    """Weights do not know how long a text is."""
    assert answer.longer_unembedding == "stays", (
        "Does the model have more parameters while it reads a longer text?"
    )


def mistake_matrix__attention_pattern():
    """It is *used* like a matrix of weights, but it is calculated anew from queries and keys for every
    text."""
    return "weight"


def mistake_depends_on_place__position_table():
    """Which of its rows is used depends on the place; what stands in them was learned, and stays."""
    return "activation"


def mistake_has_a_number__neuron():
    """What makes it fire is learned: a column of W_in. How strongly it fires, here and now, is an
    activation."""
    return "weight"


def mistake_same_stream__longer_stream():
    """There is one stream, but a vector in it for each token. A longer text has more of them."""
    return "stays"


def mistake_linear__longer_pattern():
    """Both axes of a pattern are positions: twice as many queries, each with twice as many keys."""
    return "twice as large"


def mistake_more_predictions__longer_unembedding():
    """There are more logits. W_U, which makes them, is the same matrix at every place."""
    return "twice as large"
