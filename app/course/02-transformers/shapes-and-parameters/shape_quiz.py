"""What shape is it?

A GPT-2-style model has `d_vocab` = 1,000, `n_ctx` = 128, `d_model` = 60, `n_layers` = 3, `n_heads` = 4,
`d_head` = 15 and `d_mlp` = 240. It reads two texts of 30 tokens each. What is the shape of each of these?

Write them down first, on paper. Then choose.
"""

from typing import Literal

HINTS = [
    "Activations begin with batch and position: 2 × 30. Weights know nothing of either.",
    "Whatever lies in the residual stream ends in `d_model`; whatever belongs to one head ends in "
    "`d_head`, with the heads before it. Only the pattern has positions twice.",
    "Residual stream: batch, pos, d_model. Query: batch, pos, head, d_head. Pattern: batch, head, query, "
    "key. W_Q: head, d_model, d_head. MLP: batch, pos, d_mlp. Logits: batch, pos, d_vocab.",
]
MINUTES = 5
CONCEPTS = ["shapes"]
PURPOSE = """Most errors in interpretability code are shapes that fit by accident. Who can say every shape
before printing it loses no afternoon to them."""
DIFFICULTY = 1
IMPORTANCE = 4
WHY = """Read a shape as a sentence. `batch pos head d_head`: *for each text, at each place, for each head, a
vector*. The pattern is the odd one out: it lies between two positions, so position occurs twice, and the head
comes before both. That is why `einsum` lines about attention look as they do.

The biggest shape here is the logits'. In small models with a large vocabulary, nearly everything is
vocabulary."""

residual: Literal["30 × 60", "2 × 30 × 60", "2 × 4 × 30 × 15", "3 × 2 × 30 × 60"] = "2 × 30 × 60"
"""The residual stream after the first block:"""

query: Literal["2 × 30 × 4 × 15", "4 × 60 × 15", "2 × 4 × 15", "2 × 30 × 30"] = "2 × 30 × 4 × 15"
"""The queries of one layer:"""

pattern: Literal["2 × 30 × 30", "4 × 30 × 30", "2 × 4 × 30 × 30", "2 × 4 × 128 × 128"] = "2 × 4 × 30 × 30"
"""The attention patterns of one layer:"""

W_O: Literal["4 × 60 × 15", "4 × 15 × 60", "2 × 4 × 15 × 60", "60 × 60"] = "4 × 15 × 60"
"""W_O of one layer, in TransformerLens' layout:"""

neurons: Literal["2 × 30 × 240", "60 × 240", "2 × 30 × 4 × 240", "2 × 240"] = "2 × 30 × 240"
"""The MLP's neurons in one layer, after the nonlinearity:"""

logits: Literal["2 × 1000", "2 × 30 × 60", "2 × 30 × 1000", "60 × 1000"] = "2 × 30 × 1000"
"""The logits:"""


def check_residual(answer):
    """The residual stream: a vector for each token of each text."""
    assert answer.residual == "2 × 30 × 60", (
        "For each text, at each place, how long is the vector in the stream?"
    )


def check_query(answer):
    """Queries: a short vector for each token and head."""
    assert answer.query == "2 × 30 × 4 × 15", (
        "Each token of each text has one query in each head. How long is it?"
    )


def check_pattern(answer):
    """Patterns: from each token to each token, in each head."""
    assert answer.pattern == "2 × 4 × 30 × 30", (
        "Each head of each text has a table of its own: who looks, and at whom? How many tokens are there "
        "now?"
    )


def check_output_weights(answer):
    """W_O: from each head back to the stream."""
    assert answer.W_O == "4 × 15 × 60", (
        "W_O takes a head's vector, and what comes out has to fit into the stream."
    )


def check_neurons(answer):
    """Neurons: so many for each token."""
    assert answer.neurons == "2 × 30 × 240", "The MLP works at each token of each text alone. How wide is it?"


def check_logits(answer):
    """Logits: a number for each token of the vocabulary, at every place."""
    assert answer.logits == "2 × 30 × 1000", "A prediction is made at *every* place. Over what?"


def mistake_one_text__residual():
    """That is one text. There are two, and each has a stream of its own."""
    return "30 × 60"


def mistake_per_layer__residual():
    """The layers do not have streams of their own: there is one, and each block adds to it."""
    return "3 × 2 × 30 × 60"


def mistake_weight_for_activation__query():
    """That is `W_Q`, which makes queries. A query belongs to a token, so batch and position come first."""
    return "4 × 60 × 15"


def mistake_heads_forgotten__pattern():
    """Each head has a pattern of its own; there are four in a layer."""
    return "2 × 30 × 30"


def mistake_whole_context__pattern():
    """The model *could* read 128 tokens. These texts have 30, and no activation is larger than its text."""
    return "2 × 4 × 128 × 128"


def mistake_turned__W_O():
    """That is the layout of W_Q, W_K and W_V, which read from the stream. W_O writes to it: from d_head to
    d_model."""
    return "4 × 60 × 15"


def mistake_weight_for_activation__neurons():
    """That is `W_in`, a weight. The neurons' activations belong to tokens."""
    return "60 × 240"


def mistake_last_place_only__logits():
    """That would be the prediction at one place. The model predicts at all thirty, in one pass."""
    return "2 × 1000"
