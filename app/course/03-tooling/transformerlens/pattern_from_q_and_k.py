"""A pattern, by hand

The cache has the queries and the keys of every head. Everything else about where a head looks follows from
them: rebuild the pattern. Score, scale, mask, softmax; the model's own pattern is the judge.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "Whoever can rebuild the pattern can take it apart: what a head would look at if the query came from one "
    "place and the key from another. The lesson on the circuit in the weights does just that."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["q: batch pos head d_head", "k: batch pos head d_head", "scores: batch head query key"]
HINTS = [
    "A score is a dot product of a query and a key, over d_head. `einsum` with the letters b, q, h, d and "
    "b, k, h, d makes all of them at once.",
    "Divide by the square root of d_head. Then everything above the diagonal, where the key comes after the "
    "query, has to be -inf *before* the softmax over keys.",
    '`torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5`, then '
    "`.masked_fill(torch.ones(n, n).triu(1).bool(), -torch.inf).softmax(-1)`.",
]
MINUTES = 8
CONCEPTS = ["cached-activations"]
DETERMINISTIC = True
WHY = """
Two positions meet here, so they need two letters, `q` and `k`; with one letter for both, einsum would compare
each token only with itself. The mask comes before the softmax, so that what is left is shared among the
places that exist: zeroing afterwards leaves rows that sum to less than 1. And the last axis is the key: a
row of a pattern is one token looking.
"""
STYLE = {"loop": "One einsum does all heads and all pairs of positions."}


def pattern_from_q_and_k(
    q: Float[Tensor, "batch pos head d_head"], k: Float[Tensor, "batch pos head d_head"]
) -> Float[Tensor, "batch head pos pos"]:
    """The attention pattern of every head, [batch, head, query, key], from its queries and keys.

    q, k: as the cache has them, `cache["q", layer]` and `cache["k", layer]`. The model is causal.

    >>> same = torch.ones(1, 2, 1, 4)
    >>> pattern_from_q_and_k(same, same)
    tensor([[[[1.0000, 0.0000],
              [0.5000, 0.5000]]]])
    """
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    future = torch.ones(q.shape[1], q.shape[1], device=q.device).triu(1).bool()
    return scores.masked_fill(future, -torch.inf).softmax(-1)


def check_random(answer):
    """Random queries and keys of any size give our pattern."""
    size = random.randint(2, 4), random.randint(5, 9), random.randint(2, 4), random.choice([6, 10, 12])
    q, k = torch.randn(size), torch.randn(size)
    lab.same(answer.pattern_from_q_and_k(q, k), pattern_from_q_and_k(q, k), tol=1e-4, name="the pattern")


def check_large(answer):
    """Also where the scores are large."""
    q, k = 12 * torch.randn(1, 6, 2, 8), 12 * torch.randn(1, 6, 2, 8)
    lab.same(answer.pattern_from_q_and_k(q, k), pattern_from_q_and_k(q, k), tol=1e-4, name="the pattern")


def check_real_model(answer):
    """On the real models it is the pattern they computed themselves."""
    for name in ("attn-only-2l", "tiny-gpt2"):
        model = lab.load(name)
        tokens = torch.randint(1, model.cfg.d_vocab, (2, random.randint(6, 20)))
        _, cache = model.run_with_cache(tokens)
        layer = random.randrange(model.cfg.n_layers)
        got = answer.pattern_from_q_and_k(cache["q", layer], cache["k", layer])
        lab.same(got, cache["pattern", layer], tol=1e-4, name=f"the pattern of layer {layer} of {name}")


def mistake_not_scaled__pattern_from_q_and_k(q, k):
    """The scores are not divided by √d_head, so your softmax is too sure of itself."""
    return pattern_from_q_and_k(q * q.shape[-1] ** 0.5, k)


def mistake_scaled_by_d_head__pattern_from_q_and_k(q, k):
    """You divide by d_head. It is its square root: `q.shape[-1] ** 0.5`."""
    return pattern_from_q_and_k(q / q.shape[-1] ** 0.5, k)


def mistake_no_mask__pattern_from_q_and_k(q, k):
    """Your tokens look into the future. Set the scores above the diagonal to -inf before the softmax."""
    return (torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5).softmax(-1)


def mistake_mask_afterwards__pattern_from_q_and_k(q, k):
    """You mask after the softmax, so rows no longer sum to 1: what the future had taken is lost. Mask the
    scores, with -inf."""
    return (torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5).softmax(-1).tril()


def mistake_zero_mask__pattern_from_q_and_k(q, k):
    """A masked score of 0 is no mask: e⁰ is 1, and the future still gets its share. Use -inf."""
    return (torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5).tril().softmax(-1)


def mistake_transposed__pattern_from_q_and_k(q, k):
    """Queries and keys have changed places. A row of the pattern is one query, and sums to 1 over keys."""
    return pattern_from_q_and_k(k, q)


def mistake_strict_mask__pattern_from_q_and_k(q, k):
    """A token may look at itself: mask what is strictly above the diagonal, `triu(1)`."""
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / q.shape[-1] ** 0.5
    masked = scores.masked_fill(torch.ones(q.shape[1], q.shape[1]).triu(0).bool(), -1e9)
    return masked.softmax(-1)


def also_right_matmul__pattern_from_q_and_k(q, k):
    q, k = q.transpose(1, 2), k.transpose(1, 2)
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    return torch.softmax(scores + torch.full(scores.shape[-2:], -torch.inf).triu(1), dim=-1)


def also_right_exponentials__pattern_from_q_and_k(q, k):
    scores = (q[:, :, None] * k[:, None]).sum(-1).permute(0, 3, 1, 2) / q.shape[-1] ** 0.5
    weight = (scores - scores.amax(-1, keepdim=True)).double().exp().tril()
    lost = weight.sum(-1, keepdim=True) == 0
    exact = (scores + torch.full(scores.shape[-2:], -torch.inf).triu(1)).softmax(-1)
    return torch.where(lost, exact, (weight / weight.sum(-1, keepdim=True).clamp_min(1e-300)).float())
