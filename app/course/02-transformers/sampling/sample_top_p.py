"""As many as it takes

After “The capital of France is” one token is enough; after “She bought a” a hundred are fine. A fixed k is
too many for the first and too few for the second. **Top-p**, also called *nucleus sampling*, lets the model
decide: go down the list from the likeliest, add up probabilities, and stop as soon as the sum reaches $p$.
What you have passed is kept, and you draw among it.

The token with which the sum reaches $p$ is kept, too. So at least one token always is, even for $p = 0$, and
for $p = 1$ all are.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "Sort the probabilities from large to small and take their cumulative sum. A token is kept if the sum of "
    "those *before* it has not reached p yet.",
    "`cumsum(-1)` counts a token itself; subtract its own probability to get the sum before it. Say that the "
    "first is always kept. And remember which token stands at which place of the sorted list.",
    "`sorted, tokens = probabilities.sort(-1, descending=True)`, `keep = sorted.cumsum(-1) - sorted < p`, "
    "`keep[:, 0] = True`, `place = torch.multinomial(sorted * keep, 1)`, `tokens.gather(-1, place)[:, 0]`.",
]
MINUTES = 15
CONCEPTS = ["sampling"]
PURPOSE = """How most language models write today. The same cumulative sum answers a question you will ask of
heads, neurons and features: how many of them does it take to explain 90 %?"""
DIFFICULTY = 3
IMPORTANCE = 2
SHAPES = [
    "probabilities: batch d_vocab",
    "sorted: batch d_vocab",
    "before: batch d_vocab",
    "keep: batch d_vocab",
    "tokens: batch",
]
WHY = """The whole exercise is in one word, *before*: a token is dropped if those before it suffice already.
Ask instead whether the sum *with* it is still below $p$, and you drop the very token that is needed to get
there. If the first token has more than $p$, nothing at all is left.

A kept set has to be renormalised, but you seldom see it done: `multinomial` normalises whatever it is given.
Draw from a cumulative sum by hand, with one random number, and forgetting it shows: what is missing to 1 all
goes to whoever stands at the end of the list.

Holtzman et al. (2020), *The Curious Case of Neural Text Degeneration*, introduced nucleus sampling."""
STYLE = {"loop": "`sort`, `cumsum`, `multinomial` and `gather` all work on a whole batch."}
SEE = {"mistake_places__sample_top_p": "gather_log_probs"}

ROWS = 2000


def sample_top_p(logits: Float[Tensor, "batch d_vocab"], p: float) -> Int[Tensor, "batch"]:
    """One token for each row, drawn among the fewest likeliest whose probabilities add up to p or more.

    p is from 0 (only the likeliest token) to 1 (all tokens).

    The logits that were given must not be changed.

    >>> sample_top_p(torch.tensor([[1.0, 4.0, 2.0], [0.5, 0.1, 0.2]]), 0.0)
    tensor([1, 0])
    """
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[:, 0] = True
    place = torch.multinomial(ordered * keep, 1)
    return tokens.gather(-1, place)[:, 0]


def check_zero_is_greedy(answer):
    """With p = 0 each row gets its likeliest token."""
    logits = torch.stack([_shuffled() for _ in range(6)])
    lab.same(answer.sample_top_p(logits, 0.0), logits.argmax(-1), name="the tokens for p = 0")


def check_nothing_else(answer):
    """No token beyond those that are needed is ever drawn."""
    for p, needed in ((0.2, 1), (0.5, 2), (0.8, 4)):
        logits = _shuffled(best_first=False)
        tokens = answer.sample_top_p(logits.expand(ROWS, -1), p)
        order, drawn = logits.argsort(descending=True).tolist(), set(tokens.tolist())
        strangers = drawn - set(order[:needed])
        if not strangers:
            continue
        assert not drawn <= set(range(needed)), (
            f"With p = {p} only the tokens 0 to {needed - 1} came, wherever the likeliest are. These look "
            f"like places in a sorted list."
        )
        assert order[0] in drawn, f"With p = {p} the likeliest token of all never came in {ROWS} draws."
        raise AssertionError(
            f"With p = {p} it takes {needed} tokens to get there, and {len(drawn)} different ones came."
        )


def check_the_one_that_crosses(answer):
    """The token with which the sum reaches p is kept."""
    for p, needed in ((0.2, 1), (0.7, 3), (0.93, 6)):
        logits = _shuffled()
        drawn = set(answer.sample_top_p(logits.expand(ROWS, -1), p).tolist())
        assert len(drawn) == needed, (
            f"With p = {p} it takes {needed} tokens to get there, but only {len(drawn)} different came in "
            f"{ROWS} draws."
        )


def check_frequencies(answer):
    """What is kept is drawn in the old proportions (chi-square over 2,000 draws; a right answer fails less
    than once in a million times)."""
    for p, needed in ((0.5, 2), (0.85, 5)):
        logits = _shuffled()
        tokens = answer.sample_top_p(logits.expand(ROWS, -1), p)
        kept = torch.zeros(len(logits), dtype=torch.bool)
        kept[logits.topk(needed).indices] = True
        law = logits.masked_fill(~kept, -torch.inf).softmax(-1)
        lab.follows(tokens, law, name=f"your draws with p = {p}")


def check_one_is_everything(answer):
    """With p = 1 all tokens take part."""
    logits = _shuffled()
    tokens = answer.sample_top_p(logits.expand(ROWS, -1), 1.0)
    lab.follows(tokens, logits.softmax(-1), name="your draws with p = 1")


def check_each_row(answer):
    """Every row has its own list, and its own number of tokens."""
    sure, unsure = _shuffled(), torch.zeros(len(PROBABILITIES))
    sure[sure.argmax()] += 9
    tokens = answer.sample_top_p(torch.stack([sure, unsure]).repeat(ROWS // 2, 1), 0.8)
    assert (tokens[::2] == sure.argmax()).all(), "A row that is sure of one token got another one."
    several = len(tokens[1::2].unique())
    assert several >= 6, (
        f"A row in which all {len(unsure)} tokens are equally likely takes several to reach 0.8, and only "
        f"{several} came. Does another row decide for it?"
    )


def check_new_draws(answer):
    """Asked twice about the same logits, it draws twice."""
    first, second = answer.probe_twice(torch.zeros(200, 8), 0.9)
    assert (first != second).any(), (
        "Asked twice about 200 rows of equal logits, you gave the same 200 tokens both times. Do you set a "
        "seed within the function? Whoever wants a draw again sets it outside."
    )


def check_logits_unharmed(answer):
    """The logits are as they were afterwards."""
    logits = torch.randn(3, 9)
    after = answer.probe_logits_after(logits, 0.5)
    lab.same(after, logits, name="the logits, after `sample_top_p` has read them")


def probe_twice(logits, p) -> tuple[Tensor, Tensor]:
    return sample_top_p(logits.clone(), p), sample_top_p(logits.clone(), p)


def probe_logits_after(logits, p) -> Float[Tensor, "batch d_vocab"]:
    sample_top_p(logits, p)
    return logits


# sums: .32, .56, .72, .83, .90, .95, .98, 1; no p above is near one of them
PROBABILITIES = (0.32, 0.24, 0.16, 0.11, 0.07, 0.05, 0.03, 0.02)


def _shuffled(best_first: bool | None = None) -> Float[Tensor, "d_vocab"]:
    """Logits of these probabilities in a hidden order, shifted. `best_first=False`: the likeliest come
    late."""
    logits = torch.tensor(PROBABILITIES).log() + 6 * torch.rand(()) - 3
    if best_first is False:
        return torch.cat([logits[4:][torch.randperm(4)], logits[:4][torch.randperm(4)]])
    return logits[torch.randperm(len(logits))]


def mistake_crossing_token_dropped__sample_top_p(logits, p):
    """You drop the token with which the sum reaches p. Ask whether the tokens *before* it suffice: only then
    it is not needed."""
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    keep = ordered.cumsum(-1) <= p + 1e-6
    keep[:, 0] = True
    return tokens.gather(-1, torch.multinomial(ordered * keep, 1))[:, 0]


def mistake_one_too_many__sample_top_p(logits, p):
    """You keep one token more than needed: the sum has reached p already without it."""
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    keep = (ordered.cumsum(-1) - ordered < p).roll(1, -1)
    keep[:, 0] = True
    if p == 0:
        return logits.argmax(-1)
    return tokens.gather(-1, torch.multinomial(ordered * keep, 1))[:, 0]


def mistake_ranks__sample_top_p(logits, p):
    """You return the place in the sorted list instead of the token that stands there, so that p = 0 always
    gives 0. Keep the indices that `sort` gives, and look the token up."""
    ordered, _ = logits.softmax(-1).sort(-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[:, 0] = True
    return torch.multinomial(ordered * keep, 1)[:, 0]


def mistake_places__sample_top_p(logits, p):
    """You return the place in the sorted list instead of the token that stands there. `sort` gives two
    things: keep the indices, and look the token up."""
    ordered, _ = logits.softmax(-1).sort(-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[:, 0] = True
    return logits.argmax(-1) if p == 0 else torch.multinomial(ordered * keep, 1)[:, 0]


def mistake_nothing_left__sample_top_p(logits, p):
    """For p = 0, and whenever the first token alone has more than p, nothing is left to draw from. The
    likeliest token is always kept."""
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    keep = ordered.cumsum(-1) <= p + 1e-6
    return tokens.gather(-1, torch.multinomial(ordered * keep, 1))[:, 0]


def mistake_from_the_bottom__sample_top_p(logits, p):
    """You add up from the least likely token: `sort` begins with the smallest. Ask for `descending=True`."""
    ordered, tokens = logits.softmax(-1).sort(-1)
    keep = ordered.cumsum(-1) - ordered < p
    keep[:, 0] = True
    return logits.argmax(-1) if p == 0 else tokens.gather(-1, torch.multinomial(ordered * keep, 1))[:, 0]


def mistake_not_renormalised__sample_top_p(logits, p):
    """The kept tokens do not add up to 1, and you draw from their cumulative sum as if they did: whatever is
    missing falls to the last one kept. Divide by their sum first."""
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[:, 0] = True
    sums = (ordered * keep).cumsum(-1)
    place = (sums < torch.rand(len(logits), 1)).sum(-1, keepdim=True)
    place = place.minimum(keep.sum(-1, keepdim=True) - 1)
    return tokens.gather(-1, place)[:, 0]


def mistake_first_row_decides__sample_top_p(logits, p):
    """The first row decides how many tokens all rows keep. Each row needs a number of its own."""
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[:, 0] = True
    return tokens.gather(-1, torch.multinomial(ordered * keep[:1], 1))[:, 0]


def mistake_in_place__sample_top_p(logits, p):
    """You change the logits that you were given. They are the model's beliefs, and whoever looks at them
    after you sees something else. Make new ones: without `/=`, without a name ending in `_`, and without
    writing into `logits[…]`."""
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    drop = ordered.cumsum(-1) - ordered >= p
    drop[:, 0] = False
    logits.masked_fill_(torch.zeros_like(drop).scatter(-1, tokens, drop), -torch.inf)
    return torch.multinomial(logits.softmax(-1), 1)[:, 0]


def mistake_seeded__sample_top_p(logits, p):
    """You set the seed each time, so that the luck is always the same, and with it every text. A seed is set
    once, outside, by whoever wants to repeat a run."""
    torch.manual_seed(0)
    return sample_top_p(logits, p)


def also_right_masked_logits__sample_top_p(logits, p):
    order = logits.argsort(-1, descending=True)
    ordered = logits.gather(-1, order).softmax(-1)
    before = torch.nn.functional.pad(ordered.cumsum(-1)[:, :-1], (1, 0), value=-1.0)
    drop = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before >= p)
    return torch.distributions.Categorical(logits=logits.masked_fill(drop, -torch.inf)).sample()


def also_right_by_hand__sample_top_p(logits, p):
    ordered, tokens = logits.softmax(-1).sort(-1, descending=True)
    count = (ordered.cumsum(-1) < p).sum(-1, keepdim=True).clamp(max=logits.shape[-1] - 1)
    sums = ordered.cumsum(-1)
    whole = sums.gather(-1, count)
    place = (sums < torch.rand(len(logits), 1) * whole).sum(-1, keepdim=True)
    return tokens.gather(-1, place.minimum(count))[:, 0]


def also_right_loop__sample_top_p(logits, p):
    chosen = []
    for row in logits.softmax(-1).tolist():
        ranked, kept, total = sorted(range(len(row)), key=row.__getitem__, reverse=True), [], 0.0
        for token in ranked:
            if kept and total >= p:
                break
            kept.append(token)
            total += row[token]
        chosen.append(kept[torch.multinomial(torch.tensor([row[token] for token in kept]), 1).item()])
    return torch.tensor(chosen)
