"""How many numbers is that?

Count the parameters of a GPT-2-style transformer from its sizes alone. These are its weights, as
TransformerLens names them:

| part | weights |
|---|---|
| embeddings | `W_E` [d_vocab, d_model], `W_pos` [n_ctx, d_model] |
| each block: two LayerNorms | `w` and `b` [d_model] each |
| each block: attention | `W_Q`, `W_K`, `W_V` [n_heads, d_model, d_head], `W_O` [n_heads, d_head, d_model] |
| … and its biases | `b_Q`, `b_K`, `b_V` [n_heads, d_head], `b_O` [d_model] |
| each block: MLP | `W_in` [d_model, d_mlp], `b_in` [d_mlp], `W_out` [d_mlp, d_model], `b_out` [d_model] |
| at the end | a LayerNorm; `W_U` [d_model, d_vocab], `b_U` [d_vocab] |

Sizes are drawn by lot, and `n_heads` times `d_head` need not be `d_model`.
"""

import random

import torch
from torch import nn

HINTS = [
    "Make four sums: embeddings, one block, the end, and multiply the block by `n_layers`.",
    "One attention layer has four matrices of `n_heads * d_model * d_head` numbers, three biases of "
    "`n_heads * d_head`, and one of `d_model`.",
    "`block = 4*d_model + 4*n_heads*d_head*d_model + 3*n_heads*d_head + d_model + 2*d_model*d_mlp + d_mlp "
    "+ d_model`; `total = (d_vocab + n_ctx)*d_model + n_layers*block + 2*d_model + d_model*d_vocab + "
    "d_vocab`.",
]
MINUTES = 10
CONCEPTS = ["counted-parameters"]
DETERMINISTIC = True
PURPOSE = """“A model with 124 million parameters” becomes a sentence that you can check. You also see where
they are: two thirds of a block stand in its MLP, which is where much of what a model *knows* is looked
for."""
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = [
    "W_E: d_vocab d_model",
    "W_pos: n_ctx d_model",
    "W_Q: n_heads d_model d_head",
    "W_O: n_heads d_head d_model",
    "W_in: d_model d_mlp",
    "W_out: d_mlp d_model",
    "W_U: d_model d_vocab",
]
WHY = """With `n_heads * d_head = d_model` and `d_mlp = 4 * d_model`, as in most models, a block has about
$4 d^2$ parameters in its attention and $8 d^2$ in its MLP: the rule of thumb is $12\\, d_\\text{model}^2$ a
layer. Everything else is vocabulary.

GPT-2 small comes out at 163 million here, and is known as the model with 124 million. Both are right: its
unembedding is the embedding turned round (*tied* weights), counted once and not twice."""


def count_parameters(
    d_vocab: int, n_ctx: int, d_model: int, n_layers: int, n_heads: int, d_head: int, d_mlp: int
) -> int:
    """The number of parameters of a model of these sizes: all the entries of all the weights in the table.

    >>> count_parameters(50257, 1024, 768, 12, 12, 64, 3072)  # GPT-2 small
    163087441
    """
    norm, heads = 2 * d_model, n_heads * d_head
    attention = 4 * d_model * heads + 3 * heads + d_model
    mlp = 2 * d_model * d_mlp + d_mlp + d_model
    embeddings = (d_vocab + n_ctx) * d_model
    return embeddings + n_layers * (2 * norm + attention + mlp) + norm + d_model * d_vocab + d_vocab


NAMES = ("d_vocab", "n_ctx", "d_model", "n_layers", "n_heads", "d_head", "d_mlp")


def check_without_layers(answer):
    """A model without layers: embeddings, the last norm, and the unembedding."""
    for _ in range(2):
        _compare(answer, _sizes(n_layers=0))


def check_two_layers(answer):
    """Two layers, where n_heads × d_head is d_model."""
    heads, d_head = random.randint(2, 5), random.randint(3, 9)
    _compare(answer, _sizes(n_layers=2, n_heads=heads, d_head=d_head, d_model=heads * d_head))


def check_any_sizes(answer):
    """Any sizes, also where n_heads × d_head is not d_model."""
    for _ in range(4):
        _compare(answer, _sizes())


def _sizes(**given: int) -> dict[str, int]:
    least = dict(zip(NAMES, (20, 5, 7, 2, 2, 3, 11), strict=True))
    return {name: random.randint(size, 4 * size) for name, size in least.items()} | given


def _compare(answer, sizes: dict[str, int]) -> None:
    got, want = answer.count_parameters(**sizes), count_parameters(**sizes)
    said = ", ".join(f"{name}={size}" for name, size in sizes.items())
    assert got == want, f"A model with {said} has {want:,} parameters; you counted {got:,} ({got - want:+,})."


def mistake_no_biases__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """Exactly the biases are missing (of attention, MLP and unembedding). They are few, but they are
    parameters."""
    biases = 3 * n_heads * d_head + d_model + d_mlp + d_model
    whole = count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp)
    return whole - n_layers * biases - d_vocab


def mistake_tied__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """The unembedding is missing. In GPT-2 it shares its numbers with the embedding; in this table it has
    numbers of its own."""
    whole = count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp)
    return whole - d_vocab * d_model - d_vocab


def mistake_heads_fill_d_model__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """You count d_model × d_model for each matrix of the attention. That is right only where n_heads × d_head
    happens to be d_model."""
    norm = 2 * d_model
    block = 2 * norm + 4 * d_model**2 + 4 * d_model + 2 * d_model * d_mlp + d_mlp + d_model
    return (d_vocab + n_ctx) * d_model + n_layers * block + norm + d_model * d_vocab + d_vocab


def mistake_one_head__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """You count one head a layer. Each of the n_heads has matrices of its own."""
    return count_parameters(d_vocab, n_ctx, d_model, n_layers, 1, d_head, d_mlp)


def mistake_one_block__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """You count one block, however many there are."""
    return count_parameters(d_vocab, n_ctx, d_model, 1, n_heads, d_head, d_mlp)


def mistake_no_norms__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """The LayerNorms are missing: two in each block and one at the end, each with a `w` and a `b`."""
    whole = count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp)
    return whole - (4 * n_layers + 2) * d_model


def mistake_one_norm_a_block__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """You count one LayerNorm in each block. There are two: attention and MLP each read through one of their
    own."""
    whole = count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp)
    return whole - 2 * n_layers * d_model


def mistake_last_norm__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """The last LayerNorm is missing, the one before the unembedding."""
    return count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp) - 2 * d_model


def mistake_no_positions__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    """`W_pos` is missing: one learned vector for each of the n_ctx places."""
    return count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp) - n_ctx * d_model


def also_right_shapes__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    block = [(d_model,)] * 4 + [(n_heads, d_model, d_head)] * 3 + [(n_heads, d_head, d_model)]
    block += [(n_heads, d_head)] * 3 + [(d_model,), (d_model, d_mlp), (d_mlp,), (d_mlp, d_model), (d_model,)]
    ends = [(d_vocab, d_model), (n_ctx, d_model), (d_model,), (d_model,), (d_model, d_vocab), (d_vocab,)]
    return sum(torch.Size(shape).numel() for shape in ends + n_layers * block)


def also_right_a_model__count_parameters(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    width = n_heads * d_head
    parts = [nn.Embedding(d_vocab, d_model), nn.Embedding(n_ctx, d_model)]
    for _ in range(n_layers):
        parts += [nn.LayerNorm(d_model), nn.LayerNorm(d_model)]
        parts += [nn.Linear(d_model, width) for _ in range(3)] + [nn.Linear(width, d_model)]
        parts += [nn.Linear(d_model, d_mlp), nn.Linear(d_mlp, d_model)]
    parts += [nn.LayerNorm(d_model), nn.Linear(d_model, d_vocab)]
    return sum(weight.numel() for weight in nn.ModuleList(parts).parameters())
