"""What is inside?

`lab.load` gives you a TransformerLens model. Everything you need to know about its build is in `model.cfg`,
and everything it computes on the way has a name that ends in `hook_…`. Use the cell above to look, then fill
in what you found for `attn-only-2l`.
"""

from typing import Literal

from workers import lab

PURPOSE = (
    "Every experiment begins with these questions: how many layers and heads, how wide, and which shape "
    "has what I want to look at? Whoever knows the shapes before running has half of the code."
)
DIFFICULTY = 1
IMPORTANCE = 4
HINTS = [
    "Change the last lines of the cell above: print `model.cfg.n_heads`, `model.cfg.d_head`, or `model.cfg` "
    "as a whole.",
    "The cache is a dictionary of tensors: `cache['pattern', 1].shape` shows the shape of one of them. "
    "Attention patterns have one row for each token that looks (query) and one column for each token looked "
    "at (key).",
    "There are 2 layers with 8 heads each. For 3 texts of 41 tokens the pattern of one layer holds, for each "
    "text and each head, a square of 41 by 41.",
]
MINUTES = 5
CONCEPTS = ["loaded-a-model"]
WHY = """
The pattern of one layer has an axis for everything that can differ: text, head, the token that looks, the
token that is looked at. 2 × 8 would be layers × heads, but a cache keeps each layer under its own name. 3 ×
41 × 8 × 16 is the shape of queries, keys and values, and 3 × 41 × 128 that of the residual stream. Here, as
in most models, `n_heads` times `d_head` is `d_model`: 8 · 16 = 128.
"""

layers: int = 2
"""How many layers has it?"""

heads: int = 8
"""How many attention heads has each layer?"""

d_head: int = 16
"""How many numbers does one head write down for one token (`d_head`)?"""

pattern_shape: Literal["3 × 8 × 41 × 41", "3 × 41 × 8 × 16", "2 × 8 × 41 × 41", "3 × 41 × 128"] = (
    "3 × 8 × 41 × 41"
)
"""You give it 3 texts of 41 tokens each. Which shape has `cache["pattern", 1]`?"""


def check_config(answer):
    """Layers, heads and head size are what the model says of itself."""
    cfg = lab.load("attn-only-2l").cfg
    assert answer.layers == cfg.n_layers, f"Layers: not {answer.layers}. `model.cfg.n_layers` tells."
    assert answer.heads == cfg.n_heads, (
        f"Heads: not {answer.heads}. `model.cfg.n_heads` counts those of one layer."
    )
    assert answer.d_head == cfg.d_head, (
        f"Size of a head: not {answer.d_head}. Look for `d_head` in `model.cfg`."
    )


def check_shape(answer):
    """The shape of one layer's attention patterns."""
    assert answer.pattern_shape == "3 × 8 × 41 × 41", (
        "One layer's patterns have the order batch × head × query × key. "
        "Run the model on three texts at once and print the shape."
    )


def mistake_all_heads__heads():
    """16 is the number of heads in both layers together. `n_heads` counts one layer."""
    return 16


def mistake_model_width__d_head():
    """128 is the width of the residual stream (`d_model`), which the 8 heads of a layer share: 8 × 16 =
    128."""
    return 128


def mistake_outputs__pattern_shape():
    """That is the shape of `hook_z`, the heads' outputs: 16 numbers for each head and token. A pattern says
    for every pair of tokens how much one looks at the other."""
    return "3 × 41 × 8 × 16"


def mistake_layers_first__pattern_shape():
    """The 2 would be the layers, but `cache["pattern", 1]` is one layer's; its first axis is the batch of 3
    texts."""
    return "2 × 8 × 41 × 41"


def mistake_residual__pattern_shape():
    """That is the shape of the residual stream, 128 numbers for each token. A pattern has an entry for every
    pair of tokens."""
    return "3 × 41 × 128"
