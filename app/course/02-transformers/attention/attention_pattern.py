"""From queries and keys to a pattern

Each position asks a question, its *query* $q$, and puts up a sign, its *key* $k$. The score is their dot
product: how well the sign answers the question. It is divided by $\\sqrt{d_\\text{head}}$, masked, and made
into weights,

$$S = \\text{mask}\\!\\left(\\frac{q\\,k^\\top}{\\sqrt{d_\\text{head}}}\\right), \\qquad
A = \\text{softmax}_\\text{keys}(S).$$

Row $i$ of the pattern says how position $i$ divides its attention among the positions up to itself. Your
`causal_mask` is there to be called. Compared to within 1e-4.
"""

import math
import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

PURPOSE = (
    "The pattern is the most looked-at picture in interpretability: induction heads, previous-token heads "
    "and name movers are all named after theirs. TransformerLens keeps it as `hook_pattern`, and the "
    "scores before the softmax as `hook_attn_scores`."
)
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["scores: … query key", "masked: … query key"]
HINTS = [
    "Every query with every key: that is a matrix product, query × d_head times d_head × key. The last "
    "two axes of `k` have to change places first.",
    "`q @ k.transpose(-1, -2)` are all the dot products. Divide by the root of the length of a query, "
    "then mask, then softmax. In this order.",
    "`scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5`, then `causal_mask(scores).softmax(-1)`.",
]
USES = ["causal_mask"]
MINUTES = 8
CONCEPTS = ["attention-head"]
DETERMINISTIC = True
SEE = {
    "mistake_over_queries__attention_pattern": "stable_softmax",
    "mistake_queries_and_keys_swapped__attention_pattern": "einsum_six",
}
STYLE = {"loop": "One matrix product asks all keys at once: `q @ k.transpose(-1, -2)`."}
WHY = """
Why the root? If the entries of $q$ and $k$ vary by about 1, their dot product over $d_\\text{head}$ entries
varies by about $\\sqrt{d_\\text{head}}$. Undivided, the scores of a wide head would be large from the start,
the softmax would put everything on one key, and hardly any gradient would get through.

Why mask first? The softmax makes each row sum to 1 over whatever it is shown. Zeros put in afterwards take
attention away and give it to nobody.
"""


def attention_pattern(
    q: Float[Tensor, "*batch query d_head"], k: Float[Tensor, "*batch key d_head"]
) -> Float[Tensor, "*batch query key"]:
    """How each query divides its attention among the keys up to its own place. Each row sums to 1.

    There are as many queries as keys.

    >>> q = torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    >>> k = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> attention_pattern(q, k)
    tensor([[1.0000, 0.0000],
            [0.8044, 0.1956]])
    """
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    return causal_mask(scores).softmax(-1)


def check_rows_sum_to_one(answer):
    """Every row sums to 1, and nothing above the diagonal is left."""
    for q, k in _drawn():
        pattern = answer.attention_pattern(q, k)
        lab.same(
            pattern.sum(-1), torch.ones(q.shape[:-1]), tol=1e-4, name="the sum of each row of the pattern"
        )
        lab.same(pattern.triu(1), torch.zeros_like(pattern), tol=1e-6, name="the pattern above its diagonal")


def check_random_queries_and_keys(answer):
    """For random queries and keys of any size the pattern is ours (to within 1e-4)."""
    for q, k in _drawn():
        lab.same(
            answer.attention_pattern(q, k),
            attention_pattern(q, k),
            name=f"the pattern of queries of shape {list(q.shape)}",
        )


def check_shipped_model(answer):
    """From the queries and keys of tiny-gpt2 you get the patterns of tiny-gpt2 (to within 1e-3)."""
    model = lab.load("tiny-gpt2")
    tokens = torch.randint(1, 1024, (2, random.randint(8, 20)))
    _, cache = model.run_with_cache(tokens)
    layer = random.randrange(model.cfg.n_layers)
    q, k = (cache[name, layer].transpose(1, 2) for name in ("q", "k"))
    lab.same(
        answer.attention_pattern(q, k),
        cache["pattern", layer],
        tol=1e-3,
        name=f"the pattern of layer {layer} of tiny-gpt2",
    )


def _drawn() -> list[tuple[Tensor, Tensor]]:
    """Queries and keys: with heads and without, short and long."""
    pos, d_head = random.randint(4, 8), random.randint(2, 3)
    shapes = [(pos, d_head), (2, random.randint(2, 4), pos + 1, 9), (1, 1, 1)]
    return [(2 * torch.randn(shape), 2 * torch.randn(shape)) for shape in shapes]


def mistake_no_scale__attention_pattern(q, k):
    """The scores are not divided by √d_head. Your pattern looks like ours, but is too sharp, and the wider
    the head, the sharper."""
    return causal_mask(q @ k.transpose(-1, -2)).softmax(-1)


def mistake_no_root__attention_pattern(q, k):
    """You divide by d_head, not by its root. That makes the pattern too flat."""
    return causal_mask(q @ k.transpose(-1, -2) / q.shape[-1]).softmax(-1)


def mistake_scaled_by_length__attention_pattern(q, k):
    """You divide by the root of the number of *positions*. It is the length of one query that counts, d_head:
    the last axis of `q`."""
    return causal_mask(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-2])).softmax(-1)


def mistake_mask_after_softmax__attention_pattern(q, k):
    """You mask after the softmax. By then each row has shared its attention out among all keys, and what you
    set to zero is lost: the rows sum to less than 1. Mask the scores, and then take the softmax."""
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1).tril()


def mistake_infinity_after_softmax__attention_pattern(q, k):
    """You mask after the softmax: nothing turns the −∞ into 0 any more. Mask the scores, and then take the
    softmax."""
    return causal_mask((q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1))


def mistake_over_queries__attention_pattern(q, k):
    """Your softmax runs over the queries, so the columns sum to 1. Each *query* has one unit of attention to
    share out among the keys: the softmax runs over the last axis, −1."""
    return causal_mask(q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-2)


def mistake_queries_and_keys_swapped__attention_pattern(q, k):
    """Rows and columns have changed places: in your scores the keys stand in the rows. Row i belongs to query
    i: `q @ k.transpose(-1, -2)`."""
    return attention_pattern(k, q)


def mistake_no_mask__attention_pattern(q, k):
    """The mask is missing: every query also looks at what comes after it. Call your `causal_mask` on the
    scores."""
    return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)


def also_right_einsum__attention_pattern(q, k):
    scores = torch.einsum("...qd,...kd->...qk", q / math.sqrt(q.shape[-1]), k)
    return torch.softmax(scores + torch.full(scores.shape[-2:], -torch.inf).triu(1), dim=-1)


def also_right_loop__attention_pattern(q, k):
    pattern = torch.zeros(*q.shape[:-1], k.shape[-2])
    for query in range(q.shape[-2]):
        scores = (q[..., query, None, :] * k[..., : query + 1, :]).sum(-1) / q.shape[-1] ** 0.5
        weights = (scores - scores.amax(-1, keepdim=True)).exp()
        pattern[..., query, : query + 1] = weights / weights.sum(-1, keepdim=True)
    return pattern


def also_right_renormalised__attention_pattern(q, k):
    scores = (q.double() @ k.double().mT) / math.sqrt(q.shape[-1])
    weights = (scores - scores.amax(-1, keepdim=True)).exp().tril()
    return (weights / weights.sum(-1, keepdim=True)).float()
