"""One head

A head makes queries, keys and *values* of what it reads: three linear maps from $d_\\text{model}$ down to
$d_\\text{head}$. The pattern of its queries and keys says where each position looks; what it fetches there
are the values, added up by those weights. This sum is called $z$. One more linear map, $W_O$, brings it back
up to $d_\\text{model}$, and that is what the head adds to the residual stream:

$$z_i = \\sum_{j \\le i} A_{ij} \\, v_j, \\qquad \\text{result}_i = z_i \\, W_O.$$

Where it looks (queries and keys) and what it fetches (values and output) have nothing to do with each other.
Compared to within 1e-4.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "Heads are the parts one most often names, knocks out and patches. In interpretability the two halves "
    "become the QK circuit (where does it look?) and the OV circuit (what does it do with what it finds?), "
    "and both can be read from the weights alone."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["q, k, v: batch pos d_head", "pattern: batch query key", "z: batch query d_head"]
HINTS = [
    "`x @ W_Q + b_Q` are the queries of all positions; keys and values go the same way, with weights of "
    "their own. Your `attention_pattern` makes the pattern of queries and keys.",
    "Row i of the pattern holds the weights with which position i adds up the values. Weights times vectors, "
    "added up: that is a matrix product again, query × key times key × d_head.",
    "`z = attention_pattern(x @ W_Q + b_Q, x @ W_K + b_K) @ (x @ W_V + b_V)`, and `z @ W_O` is the result.",
]
USES = ["attention_pattern"]
MINUTES = 10
CONCEPTS = ["attention-head"]
DETERMINISTIC = True
SEE = {"mistake_pattern_transposed__attention_head": "einsum_six"}
STYLE = {"loop": "`pattern @ v` adds up the values for all queries at once."}
WHY = """
Read the last line from right to left and you see the two circuits. `pattern` decides from where to
where; `v @ W_O`, which is `x @ W_V @ W_O`, decides what. The order of the two products does not matter: one
may first map every position up to $d_\\text{model}$ and then mix positions, or the other way round. That the
head works on positions and on features *separately* is what makes it readable.

The output bias is missing here on purpose: GPT-2 has one for the whole layer, not one for each head.
"""


def attention_head(
    x: Float[Tensor, "batch pos d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
    W_V: Float[Tensor, "d_model d_head"],
    W_O: Float[Tensor, "d_head d_model"],
    b_Q: Float[Tensor, "d_head"],
    b_K: Float[Tensor, "d_head"],
    b_V: Float[Tensor, "d_head"],
) -> Float[Tensor, "batch pos d_model"]:
    """What one head adds to the residual stream, given the normalised x that it reads.

    >>> x = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    >>> nothing, same = torch.zeros(2, 1), torch.tensor([[1.0], [1.0]])
    >>> attention_head(x, nothing, nothing, torch.tensor([[2.0], [4.0]]), same.T, *torch.zeros(3, 1))
    tensor([[[2., 2.],
             [3., 3.]]])
    """
    q, k, v = x @ W_Q + b_Q, x @ W_K + b_K, x @ W_V + b_V
    return attention_pattern(q, k) @ v @ W_O


def check_looks_nowhere_in_particular(answer):
    """A head whose queries are zero averages the values up to its place (to within 1e-4)."""
    x, weights = _drawn(batch=2, pos=random.randint(3, 6))
    weights |= {"W_Q": torch.zeros_like(weights["W_Q"]), "b_Q": torch.zeros_like(weights["b_Q"])}
    lab.same(
        answer.attention_head(x, **weights),
        attention_head(x, **weights),
        name="what a head adds that looks everywhere alike",
    )


def check_random_weights(answer):
    """For random weights of any size the result is ours (to within 1e-4)."""
    for batch, pos in ((random.randint(2, 3), random.randint(4, 8)), (1, 1)):
        x, weights = _drawn(batch, pos)
        lab.same(
            answer.attention_head(x, **weights),
            attention_head(x, **weights),
            name=f"what the head adds, for x of shape {list(x.shape)}",
        )


def check_causal(answer):
    """Changing the input at position t changes no output before t."""
    x, weights = _drawn(batch=2, pos=8)
    changed, t = x.clone(), random.randint(3, 6)
    changed[:, t:] = torch.randn_like(changed[:, t:])
    before, after = answer.attention_head(x, **weights), answer.attention_head(changed, **weights)
    lab.same(
        after[:, :t],
        before[:, :t],
        tol=1e-5,
        name=f"what the head adds before position {t}, when only later inputs have changed",
    )


def _drawn(batch: int, pos: int) -> tuple[Tensor, dict[str, Tensor]]:
    d_model, d_head = random.randint(6, 9), random.randint(2, 4)
    weights = {name: torch.randn(d_model, d_head) / 2 for name in ("W_Q", "W_K", "W_V")}
    weights |= {"W_O": torch.randn(d_head, d_model) / 2}
    weights |= {name: torch.randn(d_head) for name in ("b_Q", "b_K", "b_V")}
    return torch.randn(batch, pos, d_model), weights


def mistake_keys_for_values__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    """You fetch the keys. They only say where to look; what is fetched there are the values, which have
    weights of their own."""
    return attention_head(x, W_Q, W_K, W_K, W_O, b_Q, b_K, b_K)


def mistake_no_biases__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    """The biases are missing. Queries, keys and values each have one: `x @ W_Q + b_Q`."""
    return attention_head(x, W_Q, W_K, W_V, W_O, 0 * b_Q, 0 * b_K, 0 * b_V)


def mistake_pattern_transposed__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    """You add up over the queries instead of over the keys, as if the pattern were turned. Row i holds the
    weights of query i, so it is `pattern @ v`; in an einsum, `query key, key d_head -> query d_head`."""
    pattern = attention_pattern(x @ W_Q + b_Q, x @ W_K + b_K)
    return pattern.transpose(-1, -2) @ (x @ W_V + b_V) @ W_O


def mistake_queries_as_keys__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    """Queries and keys have changed roles: your keys are asked and your queries answer. `W_Q` belongs to the
    position that looks."""
    return attention_head(x, W_K, W_Q, W_V, W_O, b_K, b_Q, b_V)


def mistake_adds_its_input__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    """Your result contains the input itself. The residual connection comes later, in the block; here only
    what the head adds is asked for."""
    return x + attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V)


def also_right_einsum__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    pattern = attention_pattern(torch.einsum("bpm,mh->bph", x, W_Q) + b_Q, x @ W_K + b_K)
    moved = torch.einsum("bqk,bkm->bqm", pattern, x)  # rows sum to 1, so the bias may come afterwards
    return torch.einsum("bqm,mh,hn->bqn", moved, W_V, W_O) + b_V @ W_O


def also_right_loop__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    result = torch.zeros_like(x)
    for text in range(len(x)):
        for query in range(x.shape[1]):
            keys = x[text, : query + 1] @ W_K + b_K
            weights = (keys @ (x[text, query] @ W_Q + b_Q) / W_Q.shape[1] ** 0.5).softmax(0)
            result[text, query] = weights @ (x[text, : query + 1] @ W_V + b_V) @ W_O
    return result


def also_right_library__attention_head(x, W_Q, W_K, W_V, W_O, b_Q, b_K, b_V):
    heads = (x @ W_Q + b_Q, x @ W_K + b_K, x @ W_V + b_V)
    return torch.nn.functional.scaled_dot_product_attention(*heads, is_causal=True) @ W_O
