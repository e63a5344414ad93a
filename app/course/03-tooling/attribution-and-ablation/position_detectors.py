"""Where should it look?

A **detector** is made of two things: a theory, which says for every token where a head of that kind should
look, and a score, which says how much of its attention a head really spends there. The theory is a mask
`where[batch, query, key]`, true wherever such a head should look.

Write the three theories that need to know positions only, and the score that serves all theories, these and
any that you will think of later. The very first position is left out of every theory: it has nowhere else to
look, so it says nothing about a head.
"""

import random

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "A theory as a mask and one score for all of them: with these lines you can ask a model of any size "
    "which of its heads do a thing that you can describe."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["where: batch query key", "spent: batch head query", "has_place: batch query"]
HINTS = [
    "Three masks, three patterns of true: the diagonal, the one below it, and column 0. All of them without "
    "row 0, and all alike for each text.",
    "For the score, multiply the pattern by the mask (`where[:, None]` makes room for the heads) and sum "
    "over keys: what each query spends on all its right places together. Then average, but only over those "
    "queries that have a right place.",
    "`spent = (pattern * where[:, None]).sum(-1)`, `has_place = where.any(-1)`; the score of each head is "
    "`spent.sum((0, 2)) / has_place.sum().clamp(min=1)`: queries without a place have spent nothing anyway.",
]
MINUTES = 15
CONCEPTS = ["head-detectors"]
DETERMINISTIC = True
WHY = """
A theory is now a tensor of true and false, apart from any model, and you can print it and look at it. The
score sums over keys, because a theory may allow several places, and divides by the number of queries *that
have one*: otherwise a head would be blamed for tokens about which the theory says nothing. That matters from
the next exercise on, where most tokens have no place at all.
"""


def current_token(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch pos pos"]:
    """True where a token looks at itself. Row 0 is all false.

    >>> current_token(torch.tensor([[0, 7, 8]])).int()
    tensor([[[0, 0, 0],
             [0, 1, 0],
             [0, 0, 1]]], dtype=torch.int32)
    """
    batch, length = tokens.shape
    where = torch.eye(length, dtype=torch.bool)
    where[0] = False
    return where.repeat(batch, 1, 1)


def previous_token(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch pos pos"]:
    """True where a token looks at the one just before it."""
    batch, length = tokens.shape
    return torch.ones(length - 1, dtype=torch.bool).diag(-1).repeat(batch, 1, 1)


def first_token(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch pos pos"]:
    """True where a token looks at position 0. Row 0 is all false."""
    where = torch.zeros(*tokens.shape, tokens.shape[1], dtype=torch.bool)
    where[:, 1:, 0] = True
    return where


def detector_score(
    pattern: Float[Tensor, "batch head query key"], where: Bool[Tensor, "batch query key"]
) -> Float[Tensor, "head"]:
    """The attention that each head spends on all the places of `where` together, averaged over those queries
    of all texts that have at least one such place. 0 if no query has one.

    >>> pattern = torch.tensor([[[[1.0, 0.0], [0.25, 0.75]]]])
    >>> detector_score(pattern, previous_token(torch.tensor([[0, 7]])))
    tensor([0.2500])
    """
    spent = torch.einsum("bhqk,bqk->h", pattern, where.float())
    return spent / where.any(-1).sum().clamp(min=1)


def check_masks(answer):
    """The three theories, on texts of any length."""
    for _ in range(2):
        tokens = torch.randint(0, 9, (random.randint(1, 3), random.randint(4, 9)))
        for theory in (current_token, previous_token, first_token):
            got = getattr(answer, theory.__name__)(tokens)
            lab.same(got, theory(tokens), name=f"`{theory.__name__}` of tokens {list(tokens.shape)}")


def check_planted_heads(answer):
    """Heads planted to look in one place score 1 there, and little elsewhere."""
    tokens = torch.randint(0, 9, (random.randint(2, 3), random.randint(6, 11)))
    theories = [current_token, previous_token, first_token]
    random.shuffle(theories)
    pattern = torch.stack([_planted(theory(tokens)) for theory in theories], dim=1)
    for theory in theories:
        where = theory(tokens)
        got, want = answer.detector_score(pattern, where), detector_score(pattern, where)
        lab.same(got, want, name=f"the {theory.__name__} scores of three planted heads")


def check_any_theory(answer):
    """A theory of several places a query, or none, in some texts and not in others."""
    for _ in range(2):
        batch, heads, length = random.randint(2, 4), random.randint(2, 5), random.randint(5, 9)
        future = torch.full((length, length), -torch.inf).triu(1)
        pattern = (2 * torch.randn(batch, heads, length, length) + future).softmax(-1)
        where = (torch.rand(batch, length, length) < 0.2).tril()
        where[0, 1:] = False  # texts with few places and texts with many
        where[1, -2:, 1] = where[1, -2:, 0] = True
        got, want = answer.detector_score(pattern, where), detector_score(pattern, where)
        lab.same(got, want, name="the scores of random heads for a random theory")


def check_no_place(answer):
    """A theory that says nothing about this text gives 0, not a division by zero."""
    pattern = torch.rand(2, 3, 5, 5).tril().add(1e-3).softmax(-1)
    nowhere = torch.zeros(2, 5, 5, dtype=torch.bool)
    lab.same(answer.detector_score(pattern, nowhere), torch.zeros(3), name="the scores without any place")


def _planted(where: Bool[Tensor, "batch query key"]) -> Float[Tensor, "batch query key"]:
    """A head that looks only where the theory says; at the first position at itself."""
    pattern = where.float()
    pattern[:, 0, 0] = 1
    return pattern


def mistake_row_0_left__current_token(tokens):
    """The first position is still in it. It can only look at itself, whatever kind of head it is: clear row
    0."""
    return torch.eye(tokens.shape[1], dtype=torch.bool).repeat(len(tokens), 1, 1)


def mistake_looks_ahead__previous_token(tokens):
    """That is the diagonal above the main one: the token that comes next, which no head may see. Rows are
    queries, columns keys: key = query − 1 lies below."""
    return previous_token(tokens).transpose(1, 2)


def mistake_wraps_around__previous_token(tokens):
    """Row 0 is not empty: rolling has brought the last column round to it. The first token has nothing
    before it."""
    return torch.eye(tokens.shape[1], dtype=torch.bool).roll(-1, dims=1).repeat(len(tokens), 1, 1)


def mistake_row_0_left__first_token(tokens):
    """The first position is still in it, although it cannot look anywhere else. Clear row 0."""
    where = torch.zeros(*tokens.shape, tokens.shape[1], dtype=torch.bool)
    where[:, :, 0] = True
    return where


def mistake_first_row__first_token(tokens):
    """You marked a row: the places where position 0 looks. Rows are the tokens that look; the first token as
    a place to look at is *column* 0."""
    return first_token(tokens).transpose(1, 2)


def mistake_all_queries__detector_score(pattern, where):
    """You average over all queries. Those for which the theory names no place should not count: they pull
    every head's score down."""
    return torch.einsum("bhqk,bqk->h", pattern, where.float()) / (pattern.shape[0] * pattern.shape[2])


def mistake_mean_over_places__detector_score(pattern, where):
    """Where a query has several right places you take their mean. A head that spreads all its attention over
    them does just what the theory says: sum over the keys."""
    return torch.einsum("bhqk,bqk->h", pattern, where.float()) / where.sum().clamp(min=1)


def mistake_text_by_text__detector_score(pattern, where):
    """You average each text first, and then the texts. A text in which the theory names two places then
    weighs as much as one in which it names thirty. Count queries over all texts together."""
    spent = torch.einsum("bhqk,bqk->bh", pattern, where.float())
    return (spent / where.any(-1).sum(-1).clamp(min=1)[:, None]).mean(0)


def mistake_sum_only__detector_score(pattern, where):
    """That is a sum over all queries; it grows with the text. Divide by the number of queries that have a
    place."""
    return torch.einsum("bhqk,bqk->h", pattern, where.float())


def mistake_divides_by_nothing__detector_score(pattern, where):
    """Where no query has a place you divide by zero. Put `.clamp(min=1)` behind the count."""
    return torch.einsum("bhqk,bqk->h", pattern, where.float()) / where.any(-1).sum()


def also_right_arange__current_token(tokens):
    place = torch.arange(tokens.shape[1])
    same = (place[:, None] == place[None, :]) & (place[:, None] > 0)
    return same[None].expand(len(tokens), -1, -1)


def also_right_arange__previous_token(tokens):
    place = torch.arange(tokens.shape[1])
    return (place[:, None] == place[None, :] + 1).expand(len(tokens), -1, -1)


def also_right_loop__detector_score(pattern, where):
    total, count = torch.zeros(pattern.shape[1]), 0
    for text, mask in zip(pattern, where, strict=True):
        for query in range(mask.shape[0]):
            if mask[query].any():
                total += text[:, query, mask[query]].sum(-1)
                count += 1
    return total / max(count, 1)


def also_right_mask__detector_score(pattern, where):
    spent = (pattern * where.unsqueeze(1)).sum(-1).permute(1, 0, 2)  # head batch query
    chosen = spent[:, where.any(-1)]
    return chosen.mean(-1) if chosen.shape[1] else torch.zeros(pattern.shape[1])
