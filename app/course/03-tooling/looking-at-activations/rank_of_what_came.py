"""What rank had what came?

For each token of a text after the first: the log-probability the model had given to it, and its rank
among all tokens of the vocabulary. Rank 1 means that it was the model's first choice.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers import lab

PURPOSE = (
    "Probability says how sure the model was, rank whether it was right. Patching and ablation are "
    "read with both: "
    "a logit difference may grow while the answer stays at rank 40."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["log_probs: pos-1 d_vocab", "came: pos-1 1"]
HINTS = [
    "The logits at position t are about token t + 1: drop the last logits and the first token, and "
    "the two fit.",
    "`gather` picks each token's own entry from a table [pos − 1, d_vocab]. The rank counts how many "
    "entries of "
    "the same row are *larger* than that one.",
    "`came = scores.gather(1, tokens[1:, None])`; then `(scores > came).sum(1) + 1` is the rank, for "
    "logits as for "
    "log-probabilities.",
]
MINUTES = 10
CONCEPTS = ["rank-of-what-came", "per-token-loss"]
STYLE = {"argsort": "Counting the larger ones needs no sorting: one comparison, one sum."}
WHY = """
A rank is a count: one more than the number of tokens that were likelier. Sorting the whole vocabulary to
find it costs more, and needs a second sort (or an inverse permutation) to get from order to rank, which
is where most slips happen. Logits and log-probabilities have the same ranks, as the softmax keeps the order.
"""


def log_prob_of_what_came(
    logits: Float[Tensor, "pos d_vocab"], tokens: Int[Tensor, "pos"]
) -> Float[Tensor, "pos-1"]:
    """The log-probability, in nats, of each token after the first, as predicted one token before.

    >>> log_prob_of_what_came(torch.zeros(3, 8), torch.tensor([0, 5, 2]))
    tensor([-2.0794, -2.0794])
    """
    log_probs = logits[:-1].log_softmax(-1)
    return log_probs.gather(1, tokens[1:, None])[:, 0]


def rank_of_what_came(
    logits: Float[Tensor, "pos d_vocab"], tokens: Int[Tensor, "pos"]
) -> Int[Tensor, "pos-1"]:
    """The rank of each token after the first among all tokens of the vocabulary: 1 for the likeliest.

    >>> rank_of_what_came(torch.tensor([[0.1, 0.7, 0.2], [3.0, 2.0, 1.0]]), torch.tensor([0, 2]))
    tensor([2])
    """
    came = logits[:-1].gather(1, tokens[1:, None])
    return (logits[:-1] > came).sum(1) + 1


def check_planted_ranks(answer):
    """Where each token was put at a rank that we chose, that rank is found."""
    pos, d_vocab = random.randint(5, 9), random.randint(20, 40)
    order = torch.stack([torch.randperm(d_vocab) for _ in range(pos)])  # rank 1 first
    logits = torch.zeros(pos, d_vocab)
    logits.scatter_(1, order, (-torch.arange(d_vocab).float() / 3 + 2).expand(pos, -1))
    ranks = torch.randint(d_vocab, (pos - 1,))
    tokens = torch.cat([torch.randint(d_vocab, (1,)), order[torch.arange(pos - 1), ranks]])
    lab.same(answer.rank_of_what_came(logits, tokens), ranks + 1, name="the ranks")


def check_extremes(answer):
    """The first choice has rank 1, the last one has as its rank the size of the vocabulary."""
    pos, d_vocab = 6, random.randint(12, 25)
    logits = torch.randn(pos, d_vocab)
    first = torch.cat([torch.zeros(1, dtype=torch.long), logits[:-1].argmax(1)])
    last = torch.cat([torch.zeros(1, dtype=torch.long), logits[:-1].argmin(1)])
    lab.same(
        answer.rank_of_what_came(logits, first), torch.ones(pos - 1).long(), name="the ranks of first choices"
    )
    lab.same(
        answer.rank_of_what_came(logits, last),
        torch.full((pos - 1,), d_vocab),
        name=f"the ranks of last choices among {d_vocab}",
    )


def check_log_probs(answer):
    """For random logits of any size the log-probabilities agree with ours."""
    pos, d_vocab = random.randint(3, 9), random.randint(10, 30)
    logits, tokens = 3 * torch.randn(pos, d_vocab), torch.randint(d_vocab, (pos,))
    lab.same(
        answer.log_prob_of_what_came(logits, tokens),
        log_prob_of_what_came(logits, tokens),
        name="`log_prob_of_what_came(logits, tokens)`",
    )


def check_shipped_model(answer):
    """On a tale, log-probabilities and ranks of the tiny GPT-2 agree with ours."""
    model = lab.load("tiny-gpt2")
    tokens = model.to_tokens(next(iter(lab.tales(1, seed=random.randint(100, 999)))))[0][:60]
    logits = model(tokens[None])[0]
    lab.same(
        answer.log_prob_of_what_came(logits, tokens),
        log_prob_of_what_came(logits, tokens),
        tol=1e-3,
        name="the log-probabilities on a tale",
    )
    lab.same(
        answer.rank_of_what_came(logits, tokens),
        rank_of_what_came(logits, tokens),
        name="the ranks on a tale",
    )


def mistake_from_zero__rank_of_what_came(logits, tokens):
    """Your first choice has rank 0. Count as people do: one more than the number of tokens that were
    likelier."""
    return rank_of_what_came(logits, tokens) - 1


def mistake_from_below__rank_of_what_came(logits, tokens):
    """You count the tokens that were *less* likely: your first choice comes last."""
    return logits.shape[1] + 1 - rank_of_what_came(logits, tokens)


def mistake_one_argsort__rank_of_what_came(logits, tokens):
    """`argsort` says which token stands at each rank; you need the rank at which a token stands. That is the
    inverse permutation: sort once more, or count the larger ones."""
    return logits[:-1].argsort(1, descending=True).gather(1, tokens[1:, None])[:, 0] + 1


def mistake_no_shift__rank_of_what_came(logits, tokens):
    """You rank the token that is already there. The logits at a position speak about the *next* one."""
    came = logits[:-1].gather(1, tokens[:-1, None])
    return (logits[:-1] > came).sum(1) + 1


def mistake_distance_to_best__rank_of_what_came(logits, tokens):
    """That is how far the *ids* are apart. An id is a name, not a place in a ranking."""
    return (logits[:-1].argmax(1) - tokens[1:]).abs() + 1


def mistake_no_shift__log_prob_of_what_came(logits, tokens):
    """You look up the token that is already there. Drop the last logits and the first token."""
    return logits[:-1].log_softmax(-1).gather(1, tokens[:-1, None])[:, 0]


def mistake_sign__log_prob_of_what_came(logits, tokens):
    """These are positive: that is the surprise. A log-probability is never above 0."""
    return -log_prob_of_what_came(logits, tokens)


def mistake_probability__log_prob_of_what_came(logits, tokens):
    """These are probabilities. Leave the logarithm in: `log_softmax`, not `softmax`."""
    return log_prob_of_what_came(logits, tokens).exp()


def mistake_wrong_dimension__log_prob_of_what_came(logits, tokens):
    """You normalise over positions. At each position the probabilities of all *tokens* sum to one."""
    return logits[:-1].log_softmax(0).gather(1, tokens[1:, None])[:, 0]


def mistake_logits__log_prob_of_what_came(logits, tokens):
    """Those are logits. Adding 5 to all of them would change your answer, and not the model's."""
    return logits[:-1].gather(1, tokens[1:, None])[:, 0]


def also_right_cross_entropy__log_prob_of_what_came(logits, tokens):
    return -F.cross_entropy(logits[:-1], tokens[1:], reduction="none")


def also_right_loop__log_prob_of_what_came(logits, tokens):
    found = [logits[t, tokens[t + 1]] - logits[t].logsumexp(0) for t in range(len(tokens) - 1)]
    return torch.stack(found)


def also_right_sorted_twice__rank_of_what_came(logits, tokens):
    ranks = logits[:-1].argsort(1, descending=True).argsort(1) + 1
    return ranks.gather(1, tokens[1:, None])[:, 0]


def also_right_loop__rank_of_what_came(logits, tokens):
    found = []
    for t in range(len(tokens) - 1):
        order = logits[t].softmax(-1).sort(descending=True).indices.tolist()
        found.append(order.index(tokens[t + 1].item()) + 1)
    return torch.tensor(found)
