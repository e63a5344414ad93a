"""Who looks one back?

An induction head can only find "the token after the last `b`" if that token somehow knows that `b` stood
before it. Somebody must have told it. Score every head for looking exactly one token back, and write the hook
yourself this time.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "The first half of the induction circuit. Here you write a hook yourself, and hooks are how "
    "everything inside a model is read, from a single head to a whole patching experiment."
)
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["pattern: batch head query key", "score: head", "scores: layer head"]
HINTS = [
    "In a pattern, entry (query, key) says how much `query` looks at `key`. One back means key = query − 1: "
    "a diagonal. `pattern.diagonal(-1, dim1=-2, dim2=-1)` takes it, and leaves out position 0, which has "
    "nothing before it.",
    "A hook is called with (tensor, hook). `hook.layer()` says in which layer it is. Store the score there, "
    "in a tensor made before the run, and return nothing: you only watch.",
    "As in `score_heads` above: `model.run_with_hooks(tokens, return_type=None, fwd_hooks=[(lambda name: "
    'name.endswith("hook_pattern"), note_score)])`, and inside: `scores[hook.layer()] = '
    "previous_token_score(pattern)`.",
]
MINUTES = 12
CONCEPTS = ["hooked-a-head"]
DETERMINISTIC = True
WHY = """
A diagonal below the main one is every place where key = query − 1; position 0 has nothing before it and drops
out by itself. The hook returns nothing, so the model goes on as if nobody had looked. Storing one number a
head, rather than whole patterns, is what makes the same code work on a model a thousand times as large.
"""


def previous_token_score(pattern: Float[Tensor, "batch head query key"]) -> Float[Tensor, "head"]:
    """The attention each head pays to the token just before, averaged over all texts and all positions but
    the first.

    >>> previous_token_score(torch.tensor([[[[1.0, 0.0], [0.25, 0.75]]]]))
    tensor([0.2500])
    """
    return pattern.diagonal(-1, dim1=-2, dim2=-1).mean(dim=(0, 2))


def previous_token_scores(model, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "layer head"]:
    """The previous-token score of every head of the model on these tokens, noted by a hook on every
    pattern."""
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)

    def note_score(pattern: Float[Tensor, "batch head query key"], hook) -> None:
        scores[hook.layer()] = previous_token_score(pattern)

    every_pattern = [(lambda name: name.endswith("hook_pattern"), note_score)]
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=every_pattern)
    return scores


def check_planted_heads(answer):
    """A head planted to look one back scores 1; one that looks at itself or at the start scores about 0."""
    length = random.randint(5, 12)
    back = torch.eye(length).roll(1, dims=0)
    back[0] = torch.eye(length)[0]  # the first token has nowhere else to look
    itself, start = torch.eye(length), torch.zeros(length, length)
    start[:, 0] = 1
    heads = [back, itself, start]
    random.shuffle(heads)
    pattern = torch.stack(heads).expand(3, -1, -1, -1)
    want = torch.stack([head.diagonal(-1).mean() for head in heads])
    lab.same(answer.previous_token_score(pattern), want, name="the scores of three planted heads")


def check_random_patterns(answer):
    """Random patterns of any size give our scores."""
    batch, heads, length = random.randint(1, 4), random.randint(2, 6), random.randint(4, 12)
    future = torch.full((length, length), -torch.inf).triu(1)
    pattern = (2 * torch.randn(batch, heads, length, length) + future).softmax(-1)
    got, want = answer.previous_token_score(pattern), previous_token_score(pattern)
    lab.same(got, want, name=f"the scores of a pattern {list(pattern.shape)}")


def check_shipped_models(answer):
    """Every head of a shipped model, layer by layer, scored on tokens you have not seen."""
    name = random.choice(["attn-only-2l", "fixed-period-impostor"])
    tokens = torch.randint(1, 1024, (random.randint(2, 4), random.randint(20, 40)))
    model = lab.load(name)
    got, want = answer.previous_token_scores(model, tokens), previous_token_scores(model, tokens)
    lab.same(got, want, tol=1e-3, name=f"`previous_token_scores({name}, tokens)`")


def mistake_current_token__previous_token_score(pattern):
    """That is the main diagonal: how much each token looks at itself. One back is one below it."""
    return pattern.diagonal(0, dim1=-2, dim2=-1).mean(dim=(0, 2))


def mistake_counts_the_first__previous_token_score(pattern):
    """The sum is right, but you divide by all positions. The first token has nothing before it and does not
    count: there is one pair fewer than tokens."""
    return pattern.diagonal(-1, dim1=-2, dim2=-1).sum(-1).mean(0) / pattern.shape[-1]


def mistake_next_token__previous_token_score(pattern):
    """That is the diagonal above the main one: looking ahead, which the causal mask forbids. Offset −1, not
    1."""
    return pattern.diagonal(1, dim1=-2, dim2=-1).mean(dim=(0, 2))


def mistake_most_attended__previous_token_score(pattern):
    """You take the largest weight of each row, wherever it points. That says how sharply a head looks, not
    where."""
    return pattern.amax(-1).mean(dim=(0, 2))


def mistake_one_layer_for_all__previous_token_scores(model, tokens):
    """All layers show the same scores: each call of your hook overwrites the one before. Store under
    `hook.layer()`."""
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)

    def note_score(pattern, hook):
        scores[:] = previous_token_score(pattern)

    model.run_with_hooks(
        tokens, return_type=None, fwd_hooks=[(lambda name: name.endswith("hook_pattern"), note_score)]
    )
    return scores


def mistake_last_layer_only__previous_token_scores(model, tokens):
    """Only the last layer has scores; the others are zero. Put the hook on the pattern of *every* layer: give
    `run_with_hooks` a function of the name, such as `lambda name: name.endswith("hook_pattern")`."""
    scores = torch.zeros(model.cfg.n_layers, model.cfg.n_heads)

    def note_score(pattern, hook):
        scores[hook.layer()] = previous_token_score(pattern)

    last = f"blocks.{model.cfg.n_layers - 1}.attn.hook_pattern"
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=[(last, note_score)])
    return scores


def also_right_indices__previous_token_score(pattern):
    query = torch.arange(1, pattern.shape[-1])
    return pattern[:, :, query, query - 1].mean(-1).mean(0)


def also_right_loop__previous_token_score(pattern):
    batch, heads, length, _ = pattern.shape
    total = torch.zeros(heads)
    for query in range(1, length):
        total += pattern[:, :, query, query - 1].sum(0)
    return total / (batch * (length - 1))


def also_right_cache__previous_token_scores(model, tokens):
    _, cache = model.run_with_cache(tokens)
    return torch.stack([previous_token_score(cache["pattern", layer]) for layer in range(model.cfg.n_layers)])
