"""One back, without a text

How does a head know its left neighbour? It cannot look for a token: any may stand there. It must go by
positions, and those are weights, so the pattern can be computed before any text is seen:

$$x_p = \\frac{W_\\text{pos}[p] - \\text{mean}}{\\text{scale}}, \\qquad
s_{qk} = \\frac{(x_q W_Q + b_Q) \\cdot (x_k W_K + b_K)}{\\sqrt{d_\\text{head}}}.$$

In a real run the token's embedding is in the stream as well, and the norm divides by a scale that belongs to
both. So the scale is an argument here: you will see below how much hangs on it.

Write the pattern that positions alone would make, and how much of it lies one back."""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "A prediction about every text there is, made from weights alone. Whoever can make such a prediction, "
    "and sees it come true, has understood a part of the model."
)
DIFFICULTY = 3
IMPORTANCE = 3
SHAPES = ["x: pos d_model", "queries: pos d_head", "keys: pos d_head", "scores: pos pos"]
HINTS = [
    "Positions take the part that the residual stream has elsewhere. Norm first (subtract each row's mean, "
    "divide by the given scale), then queries and keys with their biases, then scores.",
    "Scores divided by √d_head; above the diagonal −inf (`torch.triu` with 1 leaves what lies above); "
    "softmax over the keys, the last axis.",
    "`future = torch.ones(n, n, dtype=torch.bool).triu(1)`; `scores.masked_fill(future, "
    "-torch.inf).softmax(-1)`. And the mass is `pattern.diagonal(-1).mean()`: position 0 has nothing before "
    "it.",
]
MINUTES = 15
CONCEPTS = ["previous-token-head", "qk-and-ov-circuits"]
DETERMINISTIC = True
WHY = """
Centring is exact: the mean of token and position together is the mean of each, so the position may be centred
alone. The scale is not: it is the size of the whole, and positions alone are smaller than positions with
tokens. Divide by their own size, and the scores are too large and the prediction too good; do not divide at
all, and there is hardly a pattern. A softmax turns a factor in its scores into quite another picture.
"""
SEE = {"mistake_no_mask__positional_pattern": "causal_mask"}


def positional_pattern(
    W_pos: Float[Tensor, "pos d_model"],
    W_Q: Float[Tensor, "d_model d_head"],
    W_K: Float[Tensor, "d_model d_head"],
    b_Q: Float[Tensor, "d_head"],
    b_K: Float[Tensor, "d_head"],
    scale: float,
) -> Float[Tensor, "pos pos"]:
    """The attention pattern [query, key] that a head of the first layer would have if the stream held
    positions only, centred and divided by `scale`. No token sees later ones.

    >>> positional_pattern(torch.randn(5, 8), torch.randn(8, 2), torch.randn(8, 2),
    ...                    torch.randn(2), torch.randn(2), 0.5).shape
    torch.Size([5, 5])
    """
    x = (W_pos - W_pos.mean(-1, keepdim=True)) / scale
    scores = (x @ W_Q + b_Q) @ (x @ W_K + b_K).T / W_Q.shape[1] ** 0.5
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1)


def mass_one_back(pattern: Float[Tensor, "pos pos"]) -> float:
    """The attention paid to the position just before, averaged over all positions but the first."""
    return pattern.diagonal(-1).mean().item()


def check_random_heads(answer):
    """Random heads of any size give our pattern."""
    for _ in range(3):
        weights = _weights(random.randint(4, 9), random.randint(5, 12), random.randint(1, 6))
        scale = random.uniform(0.4, 2.5)
        got, want = answer.positional_pattern(*weights, scale), positional_pattern(*weights, scale)
        lab.same(got, want, tol=1e-3, name=f"the pattern of {len(weights[0])} positions")


def check_mass(answer):
    """The mass one back of random patterns."""
    for length in (4, random.randint(6, 11)):
        future = torch.full((length, length), -torch.inf).triu(1)
        pattern = (2 * torch.randn(length, length) + future).softmax(-1)
        lab.same(answer.mass_one_back(pattern), mass_one_back(pattern), name="the mass one back")


def check_shipped_model(answer):
    """Heads of the shipped model, among them the one that looks one back."""
    model = lab.load("attn-only-2l")
    for head in (0, random.randrange(1, 8)):
        own = (each[0, head] for each in (model.W_Q, model.W_K, model.b_Q, model.b_K))
        weights, scale = (model.W_pos, *own), random.uniform(0.1, 0.2)
        got, want = answer.positional_pattern(*weights, scale), positional_pattern(*weights, scale)
        lab.same(got, want, tol=1e-3, name=f"the positional pattern of head 0.{head}")


def _weights(length: int, d_model: int, d_head: int) -> tuple[Tensor, ...]:
    sizes = ((length, d_model), (d_model, d_head), (d_model, d_head), (d_head,), (d_head,))
    weights = [torch.randn(*size) for size in sizes]
    return (weights[0] + 1, *(weight / d_model**0.5 for weight in weights[1:3]), *weights[3:])


def _from_scores(scores):
    return scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), -torch.inf).softmax(-1)


def mistake_not_centred__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """The mean of each position's vector is still in it. The norm subtracts it before it divides."""
    x = W_pos / scale
    return _from_scores((x @ W_Q + b_Q) @ (x @ W_K + b_K).T / W_Q.shape[1] ** 0.5)


def mistake_no_scale__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """The scale is never used. The stream is divided by it before queries and keys are made."""
    return positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, 1.0)


def mistake_own_scale__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """You divide each position by its own size. Use the `scale` that is given: in a run it belongs to
    position and token together."""
    x = torch.nn.functional.layer_norm(W_pos, W_pos.shape[1:])
    return _from_scores((x @ W_Q + b_Q) @ (x @ W_K + b_K).T / W_Q.shape[1] ** 0.5)


def mistake_centred_over_positions__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """You subtract the mean over the positions. The norm works on each position by itself: its mean runs over
    d_model, the last axis."""
    x = (W_pos - W_pos.mean(0)) / scale
    return _from_scores((x @ W_Q + b_Q) @ (x @ W_K + b_K).T / W_Q.shape[1] ** 0.5)


def mistake_no_bias__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """The biases b_Q and b_K are missing. They are added to queries and keys, whatever stands in the
    stream."""
    return positional_pattern(W_pos, W_Q, W_K, 0 * b_Q, 0 * b_K, scale)


def mistake_scores_not_scaled__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """The scores are not divided by √d_head. (`scale` is the norm's; this one is the head's.)"""
    x = (W_pos - W_pos.mean(-1, keepdim=True)) / scale
    return _from_scores((x @ W_Q + b_Q) @ (x @ W_K + b_K).T)


def mistake_no_mask__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """Positions look into the future. Put −inf above the diagonal before the softmax."""
    x = (W_pos - W_pos.mean(-1, keepdim=True)) / scale
    return ((x @ W_Q + b_Q) @ (x @ W_K + b_K).T / W_Q.shape[1] ** 0.5).softmax(-1)


def mistake_turned__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """Queries and keys have changed places. Rows are the positions that look: queries on the left, keys
    transposed on the right."""
    return positional_pattern(W_pos, W_K, W_Q, b_K, b_Q, scale)


def mistake_all_positions__mass_one_back(pattern):
    """You divide by all positions. The first has nothing before it: there is one pair fewer."""
    return (pattern.diagonal(-1).sum() / len(pattern)).item()


def mistake_main_diagonal__mass_one_back(pattern):
    """That is how much each position looks at itself. One back is the diagonal below."""
    return pattern.diagonal().mean().item()


def mistake_a_sum__mass_one_back(pattern):
    """That is a sum over positions. Take the mean."""
    return pattern.diagonal(-1).sum().item()


def also_right_einsum__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    x = W_pos.sub(W_pos.mean(dim=1, keepdim=True)).div(scale)
    q = torch.einsum("pd,dh->ph", x, W_Q) + b_Q
    k = torch.einsum("pd,dh->ph", x, W_K) + b_K
    scores = torch.einsum("qh,kh->qk", q, k) / torch.tensor(W_K.shape[-1]).sqrt()
    return (scores + torch.full_like(scores, -torch.inf).triu(1)).softmax(dim=-1)


def also_right_rows__positional_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    n, d = W_pos.shape
    centre = torch.eye(d) - torch.ones(d, d) / d
    x = W_pos @ centre / scale
    pattern = torch.zeros(n, n)
    for q in range(n):
        row = (x[: q + 1] @ W_K + b_K) @ (x[q] @ W_Q + b_Q) / W_Q.shape[1] ** 0.5
        pattern[q, : q + 1] = row.softmax(0)
    return pattern


def also_right_loop__mass_one_back(pattern):
    return sum(pattern[q, q - 1].item() for q in range(1, len(pattern))) / (len(pattern) - 1)


def also_right_indices__mass_one_back(pattern):
    q = torch.arange(1, len(pattern))
    return pattern[q, q - 1].mean().item()
