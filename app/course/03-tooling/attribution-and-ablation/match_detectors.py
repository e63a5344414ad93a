"""Detectors that read

The other theories depend on what the tokens *are*. A **duplicate-token head** looks at earlier places of the
same token. An **induction head** looks at the places right after those.

In the first lesson the induction score needed a text said twice, and its period. As a theory about tokens it
needs neither: it holds for a tale, for code, for anything in which tokens return.
"""

import random

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "With tokens instead of periods, the detectors leave the laboratory: the same lines will score 270 "
    "heads of a real model at the end of this lesson."
)
USES = ["position_detectors"]
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["same: batch query key", "where: batch query key", "scores: layer head"]
HINTS = [
    "`tokens[:, :, None] == tokens[:, None, :]` compares every token with every other: [batch, query, key]. "
    "Of that, a duplicate lies strictly below the diagonal.",
    "Induction is the duplicate mask pushed one column to the right: where key − 1 is a duplicate of the "
    "query, key is the place to look. Nothing may be rolled round from the last column to the first.",
    "`where = torch.zeros_like(same); where[:, :, 1:] = duplicate_token(tokens)[:, :, :-1]`. And in "
    "`score_heads`, a hook on every `hook_pattern` that stores "
    "`scores[hook.layer()] = detector_score(pattern, where)`.",
]
MINUTES = 15
CONCEPTS = ["head-detectors"]
DETERMINISTIC = True
WHY = """
`same` holds every question at once: is the token there the one that stands here? Pushed by a column it asks
about the token before. Because the theory is about tokens, chance repetitions count as well, and a token that
occurred three times has three right places, of which a head may choose any. That is why the score sums.
"""


def duplicate_token(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch pos pos"]:
    """True where a token looks at an earlier place of the same token (never at itself).

    >>> duplicate_token(torch.tensor([[0, 7, 8, 7]])).int()[0]
    tensor([[0, 0, 0, 0],
            [0, 0, 0, 0],
            [0, 0, 0, 0],
            [0, 1, 0, 0]], dtype=torch.int32)
    """
    return (tokens[:, :, None] == tokens[:, None, :]).tril(-1)


def induction(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch pos pos"]:
    """True where a token looks at the place right after an earlier place of the same token. (After `a a`,
    that place is the second `a` itself.)

    >>> induction(torch.tensor([[0, 7, 8, 7]])).int()[0]
    tensor([[0, 0, 0, 0],
            [0, 0, 0, 0],
            [0, 0, 0, 0],
            [0, 0, 1, 0]], dtype=torch.int32)
    """
    where = torch.zeros(*tokens.shape, tokens.shape[1], dtype=torch.bool)
    where[:, :, 1:] = duplicate_token(tokens)[:, :, :-1]
    return where


def score_heads(
    model, tokens: Int[Tensor, "batch pos"], where: Bool[Tensor, "batch pos pos"]
) -> Float[Tensor, "layer head"]:
    """The `detector_score` of every head of the model on these texts, for this theory, noted by a hook on
    every pattern.
    """
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)

    def note_score(pattern: Float[Tensor, "batch head query key"], hook) -> None:
        scores[hook.layer()] = detector_score(pattern, where)

    every_pattern = [(lambda name: name.endswith("hook_pattern"), note_score)]
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=every_pattern)
    return scores


def check_masks(answer):
    """Both theories on texts in which few tokens return often, also twice in a row."""
    for _ in range(3):
        tokens = torch.randint(0, 4, (random.randint(1, 3), random.randint(5, 12)))
        for theory in (duplicate_token, induction):
            got = getattr(answer, theory.__name__)(tokens)
            lab.same(got, theory(tokens), name=f"`{theory.__name__}` of {tokens.tolist()}")


def check_last_token(answer):
    """Nothing is brought round from the last place to the first."""
    length = random.randint(5, 9)
    tokens = torch.arange(length)[None] + 1
    tokens[0, -1] = tokens[0, -2]  # x x at the end
    lab.same(answer.induction(tokens), induction(tokens), name=f"`induction` of {tokens.tolist()}")


def check_shipped_models(answer):
    """Every head of a shipped model, on texts and for a theory that you have not seen."""
    names = random.sample(["attn-only-2l", "fixed-period-impostor"], 2)
    for theory, name in zip((duplicate_token, induction), names, strict=True):
        model = lab.load(name)
        once = torch.randint(1, 1024, (random.randint(2, 3), random.randint(8, 15)))
        tokens = torch.cat([torch.zeros(len(once), 1, dtype=torch.long), once, once], dim=1)
        where = theory(tokens)
        got, want = answer.score_heads(model, tokens, where), score_heads(model, tokens, where)
        lab.same(got, want, tol=1e-3, name=f"`score_heads({name}, tokens, {theory.__name__}(tokens))`")


def mistake_itself_too__duplicate_token(tokens):
    """Each token is a duplicate of itself in your mask: the diagonal is true. Take `.tril(-1)`."""
    return (tokens[:, :, None] == tokens[:, None, :]).tril()


def mistake_future__duplicate_token(tokens):
    """Your mask holds places that come later, which no head can see. Keep what lies below the diagonal:
    `.tril(-1)`."""
    same = tokens[:, :, None] == tokens[:, None, :]
    return same & ~torch.eye(tokens.shape[1], dtype=torch.bool)


def mistake_turned__duplicate_token(tokens):
    """Your mask looks ahead: rows are the tokens that look, columns the places they look at. Earlier places
    lie below the diagonal (`tril`), not above."""
    return (tokens[:, :, None] == tokens[:, None, :]).triu(1)


def mistake_place_before__induction(tokens):
    """You mark the place *before* the earlier copy. What helps to guess is what came after it: push the mask
    to the right, not to the left."""
    where = torch.zeros(*tokens.shape, tokens.shape[1], dtype=torch.bool)
    where[:, :, :-1] = duplicate_token(tokens)[:, :, 1:]
    return where


def mistake_the_copy_itself__induction(tokens):
    """That is the duplicate's own place. An induction head looks one further, at what followed it."""
    return duplicate_token(tokens)


def mistake_pushed_down__induction(tokens):
    """You pushed the rows and not the columns: now the token *after* the one that matched looks back. It is
    the place looked at that moves, the last axis."""
    where = torch.zeros(*tokens.shape, tokens.shape[1], dtype=torch.bool)
    where[:, 1:] = duplicate_token(tokens)[:, :-1]
    return where


def mistake_pushed_the_whole__induction(tokens):
    """You shifted the comparison before cutting it at the diagonal, so places in the future, or the token's
    own next place, slip in. First keep the duplicates that are earlier, then shift."""
    same = tokens[:, :, None] == tokens[:, None, :]
    where = torch.zeros_like(same)
    where[:, :, 1:] = same[:, :, :-1]
    return where


def mistake_last_copy_only__induction(tokens):
    """Of several earlier places you mark only the latest. The theory allows all of them, and a head may
    choose."""
    where = induction(tokens)
    latest = where & (where.flip(-1).cumsum(-1).flip(-1) == 1)
    return latest


def mistake_one_layer_for_all__score_heads(model, tokens, where):
    """All layers show the same scores: each call of your hook overwrites the one before. Store under
    `hook.layer()`."""
    return score_heads(model, tokens, where)[-1:].repeat(model.cfg.n_layers, 1)


def mistake_first_text_only__score_heads(model, tokens, where):
    """You score the first text only. Give `detector_score` the whole batch: it averages over all queries of
    all texts."""
    return score_heads(model, tokens[:1], where[:1])


def also_right_loop__duplicate_token(tokens):
    batch, length = tokens.shape
    where = torch.zeros(batch, length, length, dtype=torch.bool)
    for query in range(length):
        for key in range(query):
            where[:, query, key] = tokens[:, query] == tokens[:, key]
    return where


def also_right_pad__induction(tokens):
    before = torch.cat(
        [torch.full((len(tokens), 1), -1), tokens[:, :-1]], dim=1
    )  # what stood before each key
    place = torch.arange(tokens.shape[1])
    return (tokens[:, :, None] == before[:, None, :]) & (place[None, :] <= place[:, None])


def also_right_roll__induction(tokens):
    where = duplicate_token(tokens).roll(1, dims=-1)
    where[..., 0] = False
    return where


def also_right_cache__score_heads(model, tokens, where):
    _, cache = model.run_with_cache(tokens)
    layers = range(model.cfg.n_layers)
    return torch.stack([detector_score(cache["pattern", layer], where) for layer in layers])
