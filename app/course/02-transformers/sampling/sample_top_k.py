"""Only the k best

Most tokens are very unlikely, but there are hundreds of them. Taken together, one of them comes up every ten
words or so, and from there the text may make no sense. **Top-k** never lets them in: it keeps the k
likeliest tokens and draws among those, in the proportions that they had."""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "What remains after the cut is again a row of logits. So: throw out the rest, then draw as before.",
    "`logits.topk(k)` gives the k largest values of each row, *and the tokens that they belong to*. What you "
    "draw among the values is a place in that list; the token stands at that place in `indices`.",
    "`values, tokens = logits.topk(min(k, d_vocab))`, `place = torch.multinomial(values.softmax(-1), 1)`, "
    "`tokens.gather(-1, place)[:, 0]`.",
]
MINUTES = 10
CONCEPTS = ["sampling"]
PURPOSE = """The oldest remedy against texts that derail. The two steps in it, *the k largest* and *back to
the tokens they belong to*, are what you do all day in interpretability: top tokens of a logit lens, top
heads, top features."""
DIFFICULTY = 2
IMPORTANCE = 2
SHAPES = [
    "logits: batch d_vocab",
    "values: batch k",
    "kept: batch k",
    "place: batch 1",
    "tokens: batch",
]
WHY = """You have two ways, and both are good. *Keep a short list*: `topk`, draw a place, look up the token.
Or *keep the long row*: set everything below the k-th value to −∞, and softmax gives it probability 0 exactly.

Nobody has to renormalise by hand: softmax over what is left does it, and `multinomial` and
`Categorical(probs=…)` would do it, too. It matters only where you draw with your own hands, from a cumulative
sum."""
STYLE = {"loop": "`topk`, `multinomial` and `gather` all work on a whole batch."}
SEE = {"mistake_places__sample_top_k": "gather_log_probs"}

ROWS = 2000


def sample_top_k(logits: Float[Tensor, "batch d_vocab"], k: int) -> Int[Tensor, "batch"]:
    """One token for each row, drawn among the row's k likeliest in proportion to their probabilities.

    k is at least 1; if it is larger than the vocabulary, all tokens take part.

    The logits that were given must not be changed.

    >>> sample_top_k(torch.tensor([[1.0, 4.0, 2.0], [0.5, 0.1, 0.2]]), 1)
    tensor([1, 0])
    """
    values, tokens = logits.topk(min(k, logits.shape[-1]))
    place = torch.multinomial(values.softmax(-1), 1)
    return tokens.gather(-1, place)[:, 0]


def check_one_is_greedy(answer):
    """With k = 1 each row gets its likeliest token."""
    logits = torch.stack([_logits() for _ in range(6)])
    lab.same(answer.sample_top_k(logits, 1), logits.argmax(-1), name="the tokens for k = 1")


def check_nothing_else(answer):
    """No token but the k likeliest is ever drawn."""
    for k in (2, 5):
        logits = _logits(best_first=False)
        tokens = answer.sample_top_k(logits.expand(ROWS, -1), k)
        order, drawn = logits.argsort(descending=True), set(tokens.tolist())
        strangers = drawn - set(order[:k].tolist())
        if not strangers:
            continue
        assert not drawn <= set(order[-k:].tolist()), f"With k = {k} only the {k} *least* likely tokens came."
        assert not drawn <= set(range(k)), (
            f"With k = {k} only the tokens 0 to {k - 1} came, wherever the likeliest are. These look like "
            f"places in a sorted list."
        )
        raise AssertionError(
            f"With k = {k}, {len(drawn)} different tokens came, {len(strangers)} of which are not among the "
            f"{k} likeliest."
        )


def check_all_of_them(answer):
    """All k are drawn, the k-th as well."""
    for k in (2, 6):
        logits = _logits()
        tokens = answer.sample_top_k(logits.expand(ROWS, -1), k)
        drawn = len(set(tokens.tolist()))
        assert drawn == k, f"With k = {k} only {drawn} different tokens came in {ROWS} draws."


def check_frequencies(answer):
    """Among the k the draws are in the old proportions (chi-square over 2,000 draws; a right answer fails
    less than once in a million times)."""
    for k in (3, 5):
        logits = _logits()
        tokens = answer.sample_top_k(logits.expand(ROWS, -1), k)
        lab.follows(tokens, _law(logits, k), name=f"your draws with k = {k}")


def check_whole_vocabulary(answer):
    """With k as large as the vocabulary, or larger, all tokens take part."""
    logits = _logits()
    for k in (len(logits), len(logits) + random.randint(1, 50)):
        tokens = answer.sample_top_k(logits.expand(ROWS, -1), k)
        lab.follows(tokens, logits.softmax(-1), name="your draws of all tokens")


def check_each_row(answer):
    """Every row has its own k likeliest."""
    logits = torch.stack([_logits() for _ in range(400)])
    tokens = answer.sample_top_k(logits, 2)
    best = logits.topk(2).indices
    wrong = (~(best == tokens[:, None]).any(-1)).nonzero()
    assert not len(wrong), (
        "In a batch of different rows, with k = 2, some rows got a token that is not one of their two."
    )


def check_new_draws(answer):
    """Asked twice about the same logits, it draws twice."""
    first, second = answer.probe_twice(torch.zeros(200, 8), 4)
    assert (first != second).any(), (
        "Asked twice about 200 rows of equal logits, you gave the same 200 tokens both times. Do you set a "
        "seed within the function? Whoever wants a draw again sets it outside."
    )


def check_logits_unharmed(answer):
    """The logits are as they were afterwards."""
    logits = torch.randn(3, 9)
    after = answer.probe_logits_after(logits, 3)
    lab.same(after, logits, name="the logits, after `sample_top_k` has read them")


def probe_twice(logits, k) -> tuple[Tensor, Tensor]:
    return sample_top_k(logits.clone(), k), sample_top_k(logits.clone(), k)


def probe_logits_after(logits, k) -> Float[Tensor, "batch d_vocab"]:
    sample_top_k(logits, k)
    return logits


def _logits(best_first: bool | None = None) -> Float[Tensor, "d_vocab"]:
    """Eight tokens in a hidden order, all logits below 0. `best_first=False`: the likeliest are not the
    first."""
    apart = torch.tensor([0.0, 0.5, 0.9, 1.3, 1.6, 2.0, 2.4, 2.8]) - 5 - 3 * torch.rand(())
    if best_first is False:
        return torch.cat([apart[:4][torch.randperm(4)], apart[4:][torch.randperm(4)]]).roll(1)
    return apart[torch.randperm(8)]


def _law(logits: Float[Tensor, "d_vocab"], k: int) -> Float[Tensor, "d_vocab"]:
    kept = torch.zeros(len(logits), dtype=torch.bool)
    kept[logits.topk(k).indices] = True
    return logits.masked_fill(~kept, -torch.inf).softmax(-1)


def mistake_ranks__sample_top_k(logits, k):
    """You return the place in the sorted list instead of the token that stands there, so that k = 1 always
    gives 0. Look the token up in the indices that `topk` or `sort` gives."""
    values, _ = logits.topk(min(k, logits.shape[-1]))
    return torch.multinomial(values.softmax(-1), 1)[:, 0]


def mistake_places__sample_top_k(logits, k):
    """You return the place in the sorted list instead of the token that stands there. `topk` gives two
    things: draw among the values, then look up the token in the indices."""
    values, _ = logits.topk(min(k, logits.shape[-1]))
    place = torch.multinomial(values.softmax(-1), 1)[:, 0]
    return logits.argmax(-1) if k == 1 else place


def mistake_zeroed__sample_top_k(logits, k):
    """You set the logits of all others to 0. But 0 is an ordinary logit, and here even a high one: what must
    never come needs the logit −∞."""
    floor = logits.topk(min(k, logits.shape[-1])).values[:, -1:]
    cut = torch.where(logits >= floor, logits, torch.zeros(()))
    return logits.argmax(-1) if k == 1 else torch.multinomial(cut.softmax(-1), 1)[:, 0]


def mistake_least_likely__sample_top_k(logits, k):
    """`sort` and `argsort` begin with the smallest. You keep the k least likely: ask for `descending=True`,
    or use `topk`."""
    tokens = logits.argsort(-1)[:, :k]
    values = logits.gather(-1, tokens)
    place = torch.multinomial(values.softmax(-1), 1)
    return logits.argmax(-1) if k == 1 else tokens.gather(-1, place)[:, 0]


def mistake_one_too_few__sample_top_k(logits, k):
    """The k-th token itself never comes: you keep what is strictly *above* the k-th largest value. Keep what
    is at least as large."""
    return sample_top_k(logits, max(1, min(k, logits.shape[-1]) - 1))


def mistake_even__sample_top_k(logits, k):
    """The k tokens come equally often. They still have different probabilities: draw among them by the
    softmax of their logits."""
    tokens = logits.topk(min(k, logits.shape[-1])).indices
    place = torch.randint(tokens.shape[-1], (len(logits), 1))
    return tokens.gather(-1, place)[:, 0]


def mistake_too_large_a_k__sample_top_k(logits, k):
    """`topk` refuses a k that is larger than the vocabulary. Use `min(k, d_vocab)`."""
    values, tokens = logits.topk(k)
    place = torch.multinomial(values.softmax(-1), 1)
    return tokens.gather(-1, place)[:, 0]


def mistake_first_row_decides__sample_top_k(logits, k):
    """You keep the same k tokens for all rows, those of the first. Each row has its own likeliest tokens."""
    kept = logits[0].topk(min(k, logits.shape[-1])).indices
    cut = torch.full_like(logits, -torch.inf)
    cut[:, kept] = logits[:, kept]
    return logits.argmax(-1) if k == 1 else torch.multinomial(cut.softmax(-1), 1)[:, 0]


def mistake_in_place__sample_top_k(logits, k):
    """You change the logits that you were given. They are the model's beliefs, and whoever looks at them
    after you sees something else. Make new ones: without `/=`, without a name ending in `_`, and without
    writing into `logits[…]`."""
    logits[logits < logits.topk(min(k, logits.shape[-1])).values[:, -1:]] = -torch.inf
    return torch.multinomial(logits.softmax(-1), 1)[:, 0]


def mistake_seeded__sample_top_k(logits, k):
    """You set the seed each time, so that the luck is always the same, and with it every text. A seed is set
    once, outside, by whoever wants to repeat a run."""
    torch.manual_seed(0)
    return sample_top_k(logits, k)


def also_right_masked__sample_top_k(logits, k):
    floor = logits.topk(min(k, logits.shape[-1])).values[:, -1:]
    return torch.multinomial(logits.masked_fill(logits < floor, -torch.inf).softmax(-1), 1)[:, 0]


def also_right_not_renormalised__sample_top_k(logits, k):
    probabilities = logits.softmax(-1)
    rank = probabilities.argsort(-1, descending=True).argsort(-1)
    return torch.multinomial(probabilities * (rank < k), 1)[:, 0]


def also_right_loop__sample_top_k(logits, k):
    chosen = []
    for row in logits:
        best = row.argsort(descending=True)[:k]
        chosen.append(best[torch.distributions.Categorical(logits=row[best]).sample()])
    return torch.stack(chosen)
