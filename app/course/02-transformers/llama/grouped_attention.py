"""Fourth change: fewer keys than queries

A cache of keys and values fills a computer's memory. So Llama's heads share: there are `n_heads` queries, but
only `n_kv_heads` keys and values, and each of these serves a *group* of neighbouring heads. With 9 heads and
3 keys, heads 0, 1, 2 read key 0; heads 3, 4, 5 read key 1; and so on.

Write the whole attention layer: project, turn queries and keys with your `rotary`, score (divided by the root
of the head's width), mask what lies in the future, fetch, project back. No biases, weights `[out, in]`, heads
one after another in the rows. To within 1e-3."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "Cut the projections into heads: `(x @ W_Q.T).unflatten(-1, (n_heads, -1))` is batch × pos × head × "
    "d_head; keys and values have `n_kv_heads` there.",
    "Repeat keys and values so that there is one for each head: *each* key several times in a row, which is "
    "`repeat_interleave`, and not the whole list several times.",
    "After that it is plain attention: `scores = einsum(q, k, 'b q h d, b k h d -> b h q k') / "
    "d_head**0.5`, mask with `triu(1)`, softmax, `einsum(pattern, v, 'b h q k, b k h d -> b q h d')`, "
    "`flatten(2) @ W_O.T`.",
]
USES = ["rotary"]
MINUTES = 20
CONCEPTS = ["llama", "attention-head"]
DETERMINISTIC = True
PURPOSE = """In models with grouped keys, `W_K` and `W_V` have fewer heads than `W_Q`. Head-by-head tables,
patches and scores break right there if you forget it; and heads of one group look alike for a reason that is
not circuitry."""
DIFFICULTY = 4
IMPORTANCE = 3
SHAPES = [
    "queries: batch pos n_heads d_head",
    "keys: batch pos n_kv_heads d_head",
    "repeated: batch pos n_heads d_head",
    "scores: batch n_heads query key",
    "z: batch pos n_heads d_head",
]
WHY = """Only the repetition is new. `repeat_interleave(group, dim=2)` gives key 0 to the first heads, key 1
to the next; `repeat` would deal them out like cards, and every head would read a neighbour's key. Both run,
both have the same shape, and with trained weights the second is nonsense.

Values are not turned. Only what is *compared* has to know about distance (Ainslie et al., 2023, describe
grouped queries)."""
STYLE = {"loop": "All heads can be scored in one einsum."}
SEE = {"mistake_future_seen__grouped_attention": "causal_mask"}


def grouped_attention(
    x: Float[Tensor, "batch pos d_model"],
    W_Q: Float[Tensor, "q_width d_model"],
    W_K: Float[Tensor, "kv_width d_model"],
    W_V: Float[Tensor, "kv_width d_model"],
    W_O: Float[Tensor, "d_model q_width"],
    n_heads: int,
    n_kv_heads: int,
    theta: float,
) -> Float[Tensor, "batch pos d_model"]:
    """What the attention layer writes, with causal attention and rotary positions.

    >>> one = torch.eye(2)
    >>> x = torch.tensor([[[1.0, 2.0], [1.0, 2.0]]])  # whatever is looked at, the value is the same
    >>> grouped_attention(x, one, one, one, one, n_heads=1, n_kv_heads=1, theta=100.0)
    tensor([[[1., 2.],
             [1., 2.]]])
    """
    q = rotary((x @ W_Q.T).unflatten(-1, (n_heads, -1)), theta)
    k = rotary((x @ W_K.T).unflatten(-1, (n_kv_heads, -1)), theta)
    v = (x @ W_V.T).unflatten(-1, (n_kv_heads, -1))
    k, v = (each.repeat_interleave(n_heads // n_kv_heads, dim=2) for each in (k, v))
    scores = torch.einsum("bqhd, bkhd -> bhqk", q, k) / q.shape[-1] ** 0.5
    future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    pattern = scores.masked_fill(future, -torch.inf).softmax(-1)
    return torch.einsum("bhqk, bkhd -> bqhd", pattern, v).flatten(2) @ W_O.T


def check_one_key_each(answer):
    """As many keys as queries: plain attention with rotary positions."""
    _compare(answer, batch=2, pos=5, d_model=7, n_heads=3, n_kv_heads=3, d_head=4)


def check_groups(answer):
    """Groups of several sizes, down to one key for all."""
    _compare(answer, batch=1, pos=1, d_model=6, n_heads=4, n_kv_heads=2, d_head=2)
    _compare(answer, batch=2, pos=6, d_model=5, n_heads=6, n_kv_heads=2, d_head=4)
    _compare(answer, batch=1, pos=7, d_model=8, n_heads=4, n_kv_heads=1, d_head=6)


def check_no_future(answer):
    """What comes later changes nothing before it."""
    weights, sizes = _weights(6, 4, 2, 4), {"n_heads": 4, "n_kv_heads": 2, "theta": 100.0}
    x = torch.randn(1, 8, 6)
    longer = answer.grouped_attention(x, *weights, **sizes)
    lab.same(
        answer.grouped_attention(x[:, :5], *weights, **sizes),
        longer[:, :5],
        tol=1e-3,
        name="the first 5 places",
    )


def _weights(d_model: int, n_heads: int, n_kv_heads: int, d_head: int) -> tuple[Tensor, ...]:
    rows = (n_heads * d_head, n_kv_heads * d_head, n_kv_heads * d_head)
    return *(torch.randn(row, d_model) for row in rows), torch.randn(d_model, n_heads * d_head)


def _compare(answer, batch: int, pos: int, d_model: int, n_heads: int, n_kv_heads: int, d_head: int) -> None:
    x, weights = torch.randn(batch, pos, d_model), _weights(d_model, n_heads, n_kv_heads, d_head)
    asked = (x, *weights, n_heads, n_kv_heads, 100.0)
    name = f"what {n_heads} heads with {n_kv_heads} keys write"
    lab.same(answer.grouped_attention(*asked), grouped_attention(*asked), tol=1e-3, name=name)


def _with(
    x,
    W_Q,
    W_K,
    W_V,
    W_O,
    n_heads,
    n_kv_heads,
    theta,
    turn=rotary,
    deal="repeat_interleave",
    causal=True,
    scale=0.5,
):
    q = turn((x @ W_Q.T).unflatten(-1, (n_heads, -1)), theta)
    k = turn((x @ W_K.T).unflatten(-1, (n_kv_heads, -1)), theta)
    v = (x @ W_V.T).unflatten(-1, (n_kv_heads, -1))
    group = n_heads // n_kv_heads
    if deal == "repeat":
        k, v = (each.repeat(1, 1, group, 1) for each in (k, v))
    else:
        k, v = (each.repeat_interleave(group, dim=2) for each in (k, v))
    scores = torch.einsum("bqhd, bkhd -> bhqk", q, k) / q.shape[-1] ** scale
    if causal:
        scores = scores + torch.full(scores.shape[-2:], -torch.inf).triu(1)
    return torch.einsum("bhqk, bkhd -> bqhd", scores.softmax(-1), v).flatten(2) @ W_O.T


def mistake_dealt_like_cards__grouped_attention(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta):
    """Keys are dealt out like cards: head 0 gets key 0, head 1 key 1, … A key serves *neighbouring* heads:
    use `repeat_interleave`."""
    return _with(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta, deal="repeat")


def mistake_not_turned__grouped_attention(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta):
    """Queries and keys are not turned, so the layer knows nothing of positions. Apply `rotary` to both."""
    return _with(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta, turn=lambda each, theta: each)


def mistake_future_seen__grouped_attention(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta):
    """Tokens read their future: the causal mask is missing."""
    return _with(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta, causal=False)


def mistake_not_scaled__grouped_attention(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta):
    """The scores are not divided by √d_head."""
    return _with(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta, scale=0.0)


def mistake_values_turned__grouped_attention(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta):
    """You turn the values as well. Only queries and keys are compared, so only they are turned."""
    q = rotary((x @ W_Q.T).unflatten(-1, (n_heads, -1)), theta)
    k, v = (rotary((x @ W.T).unflatten(-1, (n_kv_heads, -1)), theta) for W in (W_K, W_V))
    k, v = (each.repeat_interleave(n_heads // n_kv_heads, dim=2) for each in (k, v))
    scores = torch.einsum("bqhd, bkhd -> bhqk", q, k) / q.shape[-1] ** 0.5
    pattern = (scores + torch.full(scores.shape[-2:], -torch.inf).triu(1)).softmax(-1)
    return torch.einsum("bhqk, bkhd -> bqhd", pattern, v).flatten(2) @ W_O.T


def also_right_torch__grouped_attention(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta):
    q = rotary(F.linear(x, W_Q).unflatten(-1, (n_heads, -1)), theta).transpose(1, 2)
    k = rotary(F.linear(x, W_K).unflatten(-1, (n_kv_heads, -1)), theta).transpose(1, 2)
    v = F.linear(x, W_V).unflatten(-1, (n_kv_heads, -1)).transpose(1, 2)
    k, v = (torch.repeat_interleave(each, n_heads // n_kv_heads, dim=1) for each in (k, v))
    return F.linear(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2), W_O)


def also_right_groups__grouped_attention(x, W_Q, W_K, W_V, W_O, n_heads, n_kv_heads, theta):
    q = rotary((x @ W_Q.T).unflatten(-1, (n_heads, -1)), theta).unflatten(2, (n_kv_heads, -1))
    k = rotary((x @ W_K.T).unflatten(-1, (n_kv_heads, -1)), theta)
    v = (x @ W_V.T).unflatten(-1, (n_kv_heads, -1))
    scores = torch.einsum("bqgnd, bkgd -> bgnqk", q, k) * q.shape[-1] ** -0.5
    scores = scores - 1e9 * torch.ones(x.shape[1], x.shape[1]).triu(1)
    return torch.einsum("bgnqk, bkgd -> bqgnd", scores.softmax(-1), v).flatten(2) @ W_O.T
