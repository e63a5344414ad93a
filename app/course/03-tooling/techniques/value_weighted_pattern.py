"""Weigh it by what is moved

A pattern says what *share* of its attention a head gives to each token. What arrives is that share times the
vector that the head fetches there, its value through $W_O$:

$$w_{hqk} = A_{hqk}\\,\\lVert v_{hk}\\, W_O^h \\rVert .$$

Write it. A token of which nothing is taken then counts for nothing, however long the head stares at it."""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "There are two factors: one depends on head, query and key, the other on head and key alone. Make the "
    "second one first.",
    "What a head fetches at each key is `v` times its own `W_O`, a vector of d_model numbers. Its norm is "
    "one number for each head and key.",
    '`moved = torch.einsum("khd,hdm->hkm", v, W_O).norm(dim=-1)`, and `pattern * moved[:, None, :]`.',
]
MINUTES = 10
CONCEPTS = ["value-weighted-attention"]
DETERMINISTIC = True
PURPOSE = """Attention sinks make most heads of most models look busy with the first token. Weighed by what is
moved, the pattern shows who really fetches something. You will want this whenever you draw patterns of a
model that you do not know yet."""
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["fetched: head key d_model", "moved: head key"]
WHY = """The order matters: the *norm of the product*, not the product of norms. $W_O$ may be large in
directions in which this value does not point. And the query has no part in it: what stands at a token is the
same for everyone who looks. (After Kobayashi et al., 2020, who weighed BERT's attention like this.)"""


def value_weighted_pattern(
    pattern: Float[Tensor, "head query key"],
    v: Float[Tensor, "key head d_head"],
    W_O: Float[Tensor, "head d_head d_model"],
) -> Float[Tensor, "head query key"]:
    """Each attention weight times the norm of what the head fetches at that key. `v` is laid out as in the
    cache of one text.

    >>> pattern = torch.tensor([[[1.0, 0.0], [0.5, 0.5]]])
    >>> v = torch.tensor([[[0.0]], [[2.0]]])
    >>> value_weighted_pattern(pattern, v, torch.ones(1, 1, 1))
    tensor([[[0., 0.],
             [0., 1.]]])
    """
    moved = torch.einsum("khd,hdm->hkm", v, W_O).norm(dim=-1)
    return pattern * moved[:, None, :]


def check_random_heads(answer):
    """Random patterns and values of any size give our weights."""
    for heads, length, d_head, d_model in ((3, 5, 2, 7), (2, 6, 4, 3), (1, 4, 1, 2)):
        pattern = torch.randn(heads, length, length).softmax(-1)
        v, W_O = torch.randn(length, heads, d_head), torch.randn(heads, d_head, d_model)
        lab.same(
            answer.value_weighted_pattern(pattern, v, W_O),
            value_weighted_pattern(pattern, v, W_O),
            tol=1e-4,
            name="the weighted pattern",
        )


def check_a_sink(answer):
    """A head that stares at a token from which it takes nothing moves nothing."""
    sink = int(torch.randint(4, ()))
    pattern = torch.zeros(1, 4, 4)
    pattern[..., sink] = 1
    v, W_O = 1 + torch.rand(4, 1, 3), torch.randn(1, 3, 5)
    v[sink] = 0
    got = answer.value_weighted_pattern(pattern, v, W_O)
    lab.same(got, torch.zeros(1, 4, 4), tol=1e-5, name="what a head moves that looks at an empty token")


def check_shipped_model(answer):
    """The heads of layer 1 of the shipped model on a text of its own."""
    model = lab.load("attn-only-2l")
    once = 1 + torch.randperm(1023)[: int(torch.randint(9, 15, ()))]
    _, cache = model.run_with_cache(torch.cat([torch.zeros(1, dtype=torch.long), once, once]))
    pattern, v = cache["pattern", 1][0], cache["v", 1][0]
    lab.same(
        answer.value_weighted_pattern(pattern, v, model.W_O[1]),
        value_weighted_pattern(pattern, v, model.W_O[1]),
        tol=1e-3,
        name="the weighted pattern of layer 1",
    )


def mistake_norm_of_value__value_weighted_pattern(pattern, v, W_O):
    """That is the norm of the value alone. It has not been through W_O yet, which decides how much of it
    reaches the residual stream."""
    return pattern * v.norm(dim=-1).T[:, None, :]


def mistake_product_of_norms__value_weighted_pattern(pattern, v, W_O):
    """The product of two norms is not the norm of the product: W_O may be large in directions in which this
    value does not point. Multiply first."""
    return pattern * (v.norm(dim=-1).T * W_O.norm(dim=(-2, -1))[:, None])[:, None, :]


def mistake_at_the_query__value_weighted_pattern(pattern, v, W_O):
    """You weigh by what stands at the token that looks. What is fetched stands at the *key*: the last
    axis."""
    return pattern * torch.einsum("khd,hdm->hkm", v, W_O).norm(dim=-1)[:, :, None]


def mistake_squared__value_weighted_pattern(pattern, v, W_O):
    """That is the squared norm: a root is missing."""
    return pattern * torch.einsum("khd,hdm->hkm", v, W_O).pow(2).sum(-1)[:, None, :]


def mistake_rows_sum_to_one__value_weighted_pattern(pattern, v, W_O):
    """You made each row sum to 1 again. Then a head that moves nothing looks as busy as any other, which is
    just what should become visible."""
    weighted = value_weighted_pattern(pattern, v, W_O)
    return weighted / weighted.sum(-1, keepdim=True).clamp_min(1e-9)


def mistake_sum_of_values__value_weighted_pattern(pattern, v, W_O):
    """A sum lets directions cancel. How much is moved is the length of the vector: its norm."""
    return pattern * torch.einsum("khd,hdm->hkm", v, W_O).sum(-1)[:, None, :]


def also_right_vectors_first__value_weighted_pattern(pattern, v, W_O):
    fetched = torch.einsum("hqk,khd,hdm->hqkm", pattern, v, W_O)
    return fetched.norm(dim=-1)


def also_right_loop__value_weighted_pattern(pattern, v, W_O):
    rows = []
    for head in range(pattern.shape[0]):
        moved = torch.linalg.vector_norm(v[:, head] @ W_O[head], dim=1)
        rows.append(pattern[head] * moved)
    return torch.stack(rows)


def also_right_gram__value_weighted_pattern(pattern, v, W_O):
    gram = W_O @ W_O.transpose(1, 2)
    squares = torch.einsum("khd,hde,khe->hk", v, gram, v)
    return pattern * squares.clamp_min(0).sqrt().unsqueeze(1)
