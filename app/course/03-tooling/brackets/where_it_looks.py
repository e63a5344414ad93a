"""What the heads look at

All that is known at the first position was fetched there by attention. So ask the two heads of the last layer
what they look at, sorted by what could matter.

Write `attention_shares`: of the attention that one head pays **from the first position**, how much goes to
brackets where the height is below zero, to all other brackets, to the padding, and to START and END together?
Four numbers for each string, in this order; they sum to 1. The height *at* a bracket counts that bracket: in
`())(` it is 1, 0, −1, 0.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    'The pattern is in the cache: `cache["pattern", layer]`, string × head × query × key. You want one head '
    "and the query at position 0: what is left is string × position.",
    "Make a mask for each group of positions (string × position, True or False); multiply the attention by "
    "each mask and sum over the positions.",
    "`height = ((tokens == 3).long() - (tokens == 4).long()).cumsum(1)`; `bracket = tokens >= 3`; the masks "
    "are `bracket & (height < 0)`, `bracket & (height >= 0)`, `tokens == 1` and `(tokens == 0) | (tokens == "
    "2)`.",
]
MINUTES = 12
CONCEPTS = ["bracket-circuit"]
DETERMINISTIC = True
PURPOSE = """Averaging a pattern over *kinds of positions* instead of positions is how one finds out what a
head looks for, when it is never at the same place twice."""
DIFFICULTY = 3
IMPORTANCE = 3
SHAPES = ["attention: string pos", "masks: place string pos"]
WHY = """A mean over positions would show nothing: a fall below zero can be anywhere. Sorted by height, the
pattern has something to say. The groups are disjoint and cover everything, so the shares sum to 1: a check
that costs nothing and finds most mistakes."""


def attention_shares(
    model, tokens: Int[Tensor, "string pos"], layer: int, head: int
) -> Float[Tensor, "string 4"]:
    """What a head's attention from the first position goes to: brackets below zero, other brackets, padding,
    START and END.

    >>> shares = attention_shares(lab.load("brackets"), lab.brackets.tokens(["())("]), layer=2, head=1)
    >>> shares.sum().round(decimals=3)
    tensor(1.)
    """
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("hook_pattern"))
    attention = cache["pattern", layer][:, head, 0]
    height = ((tokens == 3).long() - (tokens == 4).long()).cumsum(1)
    bracket = tokens >= 3
    below, other = bracket & (height < 0), bracket & (height >= 0)
    masks = torch.stack([below, other, tokens == 1, (tokens == 0) | (tokens == 2)])
    return (attention * masks).sum(-1).T


def check_sum(answer):
    """The four shares of a string sum to 1."""
    shares = answer.attention_shares(lab.load("brackets"), _tokens(9), 2, 1)
    off = (shares.sum(1) - 1).abs().max().item()
    assert off < 1e-3, (
        f"The shares of a string should sum to 1; one of yours is {off:.3g} off. Every position belongs to "
        "exactly one of the four groups."
    )


def check_every_head(answer):
    """All heads of all layers, on strings of every kind."""
    model = lab.load("brackets")
    for layer in range(3):
        for head in range(2):
            tokens = _tokens(15)
            got = answer.attention_shares(model, tokens, layer, head)
            want = attention_shares(model, tokens, layer, head)
            lab.same(got, want, tol=2e-3, name=f"the shares of head {layer}.{head}")


def _tokens(count: int) -> Int[Tensor, "string pos"]:
    return lab.brackets.tokens(lab.brackets.draw(count, seed=int(torch.randint(10_000, ()))))


def mistake_to_the_first__attention_shares(model, tokens, layer, head):
    """That is attention *to* the first position. What the first position looks at is the row of query 0:
    `[:, head, 0]`."""
    return _shares(model, tokens, layer, lambda pattern: pattern[:, head, :, 0])


def mistake_of_all_queries__attention_shares(model, tokens, layer, head):
    """You average over all positions that look. Only the first one reads for the verdict: query 0."""
    return _shares(model, tokens, layer, lambda pattern: pattern[:, head].mean(1))


def mistake_both_heads__attention_shares(model, tokens, layer, head):
    """You average over the heads; only the one that is asked for."""
    return _shares(model, tokens, layer, lambda pattern: pattern[:, :, 0].mean(1))


def mistake_height_before__attention_shares(model, tokens, layer, head):
    """Your height at a bracket leaves that bracket out. In `())(` the second `)` is the place below zero."""
    steps = (tokens == 3).long() - (tokens == 4).long()
    return _shares(model, tokens, layer, lambda pattern: pattern[:, head, 0], steps.cumsum(1) - steps)


def mistake_up_to_zero__attention_shares(model, tokens, layer, head):
    """You count height zero as below zero."""
    height = ((tokens == 3).long() - (tokens == 4).long()).cumsum(1)
    return _shares(model, tokens, layer, lambda pattern: pattern[:, head, 0], height - 1)


def mistake_means__attention_shares(model, tokens, layer, head):
    """You give the mean attention to a position of each group. The share of the whole is asked for: a sum."""
    sums = attention_shares(model, tokens, layer, head)
    height = ((tokens == 3).long() - (tokens == 4).long()).cumsum(1)
    below = ((tokens >= 3) & (height < 0)).sum(1)
    other, padding = ((tokens >= 3) & (height >= 0)).sum(1), (tokens == 1).sum(1)
    return sums / torch.stack([below, other, padding, torch.full_like(below, 2)], dim=1).clamp(min=1)


def also_right_loop__attention_shares(model, tokens, layer, head):
    pattern = model.run_with_cache(tokens)[1][f"blocks.{layer}.attn.hook_pattern"]
    shares = torch.zeros(len(tokens), 4)
    for row, string in enumerate(tokens.tolist()):
        height = 0
        for place, token in enumerate(string):
            height += (token == 3) - (token == 4)
            group = {0: 3, 1: 2, 2: 3}.get(token, 0 if height < 0 else 1)
            shares[row, group] += pattern[row, head, 0, place]
    return shares


def also_right_hook__attention_shares(model, tokens, layer, head):
    kept = []
    model.run_with_hooks(
        tokens, fwd_hooks=[(f"blocks.{layer}.attn.hook_pattern", lambda p, hook: kept.append(p[:, head, 0]))]
    )
    height = torch.tensor([0, 0, 0, 1, -1])[tokens].cumsum(1)
    group = torch.tensor([3, 2, 3, 1, 1])[tokens]
    group = torch.where((group == 1) & (height < 0), 0, group)
    return torch.zeros(len(tokens), 4).scatter_add(1, group, kept[0])


def _shares(model, tokens, layer, choose, height=None):
    """Ways to choose the wrong attention, or the wrong height."""
    attention = choose(model.run_with_cache(tokens)[1]["pattern", layer])
    if height is None:
        height = ((tokens == 3).long() - (tokens == 4).long()).cumsum(1)
    bracket = tokens >= 3
    groups = [bracket & (height < 0), bracket & (height >= 0), tokens == 1, (tokens == 0) | (tokens == 2)]
    return torch.stack([(attention * group).sum(1) for group in groups], dim=1)
