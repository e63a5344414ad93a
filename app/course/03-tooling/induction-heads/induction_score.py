"""One missing index

Twenty tokens said twice, and heads that may or may not look where it helps. To score a head, average the
attention it pays to *the one right place*, over the whole second copy. All the code is there, hook included;
only the right place is missing. Write `place_to_read`.

The picture to keep in mind, for a period of 4 (`·` is the start token):

```
position   0   1   2   3   4   5   6   7   8
token      ·   a   b   c   d   a   b   c   d
```

The head stands at position 6, on the second `b`. It wants to know what comes next. Where should it read?
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "The detector of the most famous circuit there is. Scores like it, one number for each head that says "
    "how far a head does what a theory expects, are how heads are found in models with thousands of them."
)
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["pattern: batch head query key", "scores: layer head"]
HINTS = [
    "Stand on position 6 in the picture, on the second `b`. Which token came after the first `b`? At which "
    "position is it?",
    "The same token stood exactly one period earlier, at `query - period`. That is not yet the place to "
    "read: there the head would only see its own token again.",
    "One further than the previous copy: one period back, then one forward.",
]
MINUTES = 5
CONCEPTS = ["induction-head", "hooked-a-head"]
DETERMINISTIC = True
WHY = """
Looking at the same token's earlier place, `query - period`, would be a *duplicate-token head*: it knows that
something has come again, and nothing of what comes next. One further on stands the answer. The mean over many
positions matters, too: a head that looks at the right place once by chance gets a score near zero.
"""


def place_to_read(query: Int[Tensor, "n"], period: int) -> Int[Tensor, "n"]:
    """For each query position in the second copy, the position that an induction head reads.

    query: positions after the first copy, e.g. tensor([5, 6, 7, 8]) where the period is 4.
    Returns as many positions: where should the head read, to learn which token comes next?

    >>> place_to_read(torch.tensor([5, 6, 7, 8]), period=4).shape
    torch.Size([4])
    """
    return query - period + 1


def induction_score(pattern: Float[Tensor, "*batch query key"], period: int) -> Float[Tensor, "*batch"]:
    # The mean attention, over the second copy, from each position to the place worth reading.
    query = torch.arange(period + 1, pattern.shape[-1])
    return pattern[..., query, place_to_read(query, period)].mean(-1)


def score_heads(model, tokens: Int[Tensor, "batch pos"], period: int) -> Float[Tensor, "layer head"]:
    # A hook is a function that the model calls in the middle of its work, with what it holds at that moment.
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)

    def note_score(pattern: Float[Tensor, "batch head query key"], hook) -> None:
        scores[hook.layer()] = induction_score(pattern, period).mean(0)

    every_pattern = [(lambda name: name.endswith("hook_pattern"), note_score)]
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=every_pattern)
    return scores


def check_places(answer):
    """In the second copy, the head reads the token that followed last time."""
    period = random.randint(3, 9)
    query = torch.arange(period + 1, 2 * period + 1)
    places = answer.place_to_read(query, period)
    lab.same(places, query - period + 1, name=f"`place_to_read({query.tolist()}, period={period})`")


def check_any_query(answer):
    """It works for any positions, in any order, and in a third or fourth copy too."""
    period = random.randint(4, 12)
    query = (torch.randperm(3 * period) + period + 1)[: random.randint(2, 7)]
    query[-1] = random.randint(2 * period + 1, 4 * period)  # one at least beyond the second copy
    places = answer.place_to_read(query, period)
    lab.same(places, query - period + 1, name=f"`place_to_read({query.tolist()}, period={period})`")


def check_planted_head(answer):
    """A head planted to read one past the previous copy scores 1; the heads beside it score what they pay
    there."""
    period, heads = random.randint(3, 9), random.randint(2, 5)
    length = 2 * period + 1
    pattern = _causal_noise(heads, length)
    planted = random.randrange(heads)
    for query in range(period + 1, length):
        pattern[planted, query] = torch.eye(length)[query - period + 1]
    scores = answer.induction_score(pattern, period)
    want = torch.stack([pattern[:, q, q - period + 1] for q in range(period + 1, length)]).mean(0)
    assert abs(float(scores[planted]) - 1) < 1e-5, (
        f"Head {planted} always attends to the token after the previous copy, so it should score 1. "
        f"Yours says {float(scores[planted]):.2f} (pattern {list(pattern.shape)}, period {period})."
    )
    lab.same(scores, want, name="the scores of the other heads")


def check_real_model(answer):
    """On attn-only-2l, the hooked scores agree with ours for repeated tokens you have not seen."""
    model, period = lab.load("attn-only-2l"), random.choice([10, 15, 20, 25])
    once = torch.randint(1, model.cfg.d_vocab, (4, period))
    tokens = torch.cat([torch.zeros(4, 1, dtype=torch.long), once, once], dim=1)
    want = score_heads(model, tokens, period)
    lab.same(answer.score_heads(model, tokens, period), want, tol=1e-3, name="`score_heads(model, …)`")


def _causal_noise(heads: int, length: int) -> Float[Tensor, "head query key"]:
    """Random attention patterns: rows sum to 1, nothing looks ahead."""
    future = torch.full((length, length), -torch.inf).triu(1)
    return (torch.randn(heads, length, length) + future).softmax(-1)


def mistake_off_by_one__place_to_read(query, period):
    """That is the previous copy of the token itself. The head already knows which token it stands on: it
    wants the one that came *after* it. Your index is one too small."""
    return query - period


def mistake_one_before__place_to_read(query, period):
    """You go one period back and then one further back: that is the token *before* the previous copy. The
    head wants to know what came after it."""
    return query - period - 1


def mistake_one_too_far__place_to_read(query, period):
    """You land two tokens after the previous copy. One is enough: the very next token is what the model must
    predict."""
    return query - period + 2


def mistake_previous_token__place_to_read(query, period):
    """That is the token just before the current one. A head that reads there is a previous-token head: you
    will meet it later. An induction head jumps back a whole period."""
    return query - 1


def mistake_from_the_start__place_to_read(query, period):
    """You count from the start, so you always land in the *first* copy. In a second copy that is right; in a
    third or fourth one the head reads one period back, in the copy just before. Count back from `query`."""
    return (query - 1) % period + 2


def also_right_back_then_forward__place_to_read(query, period):
    return query - (period - 1)


def also_right_one_by_one__place_to_read(query, period):
    return torch.tensor([int(position) + 1 - period for position in query])
