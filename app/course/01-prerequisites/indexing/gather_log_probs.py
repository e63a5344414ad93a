"""The log-probability of what came

A model has read a batch of texts, and you have its log-probabilities: for each position, one for each token
of the vocabulary. Pick out those of the tokens that really came next.

```
position     0     1     2     3
token        The   fox   saw   it
speaks of    fox   saw   it    (nobody knows)
```

A text of one token has nothing that came next: its row of the result is empty. The values are compared to
within 1e-4.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "Row t speaks of token t + 1. So drop the last row, which speaks of a token that is not there, and the "
    "first token, which nobody predicted. Then rows and tokens stand side by side.",
    "`gather(-1, index)` needs an index with as many axes as what it picks from, so give the tokens one more "
    "at the end, of size 1. The result has that axis, too: take it off again.",
    "`log_probs[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]`",
]
PURPOSE = (
    "The loss of a language model is this number with a minus sign. Every question of the form “how much "
    "worse does the model do if I …” begins by picking the log-probability of the right token."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["rows with an answer: batch pos-1 d_vocab", "index: batch pos-1 1"]
MINUTES = 8
CONCEPTS = ["gather"]
DETERMINISTIC = True
WHY = """
Two things happen, and it helps to do them one after the other: *align*, then *pick*.

Aligning is `log_probs[:, :-1]` with `tokens[:, 1:]`. Say it as a sentence: “all rows but the last, all tokens
but the first”. Picking is `gather` along the vocabulary. Its index has the shape of its result, hence `None`
before and `[..., 0]` after.

The trap is that every wrong way of aligning runs, and returns plausible numbers of the right shape. Keep a
case at hand of which you *know* the answer: a model that is sure of each next token has log-probability 0
everywhere.
"""
STYLE = {"loop": "A loop is right. `gather` picks all of them at once, whatever batch axes there are."}


def gather_log_probs(
    log_probs: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "batch pos-1"]:
    """The log-probability of each token after the first, as given by the row before it.

    log_probs[:, t] are the log-probabilities of what comes *after* tokens[:, t].

    >>> log_probs = torch.tensor([[[-1., -2., -3.], [-4., -5., -6.], [-7., -8., -9.]]])
    >>> gather_log_probs(log_probs, torch.tensor([[0, 2, 1]]))
    tensor([[-3., -5.]])
    """
    return log_probs[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]


def check_random(answer):
    """Random log-probabilities of crooked sizes; texts with only one token have none (to within 1e-4)."""
    for batch, pos, d_vocab in ((3, 5, 7), (1, 4, 4), (4, 2, 3), (2, 6, 2), (3, 1, 5)):
        log_probs = (2 * torch.randn(batch, pos, d_vocab)).log_softmax(-1)
        tokens = torch.randint(d_vocab, (batch, pos))
        got, want = answer.gather_log_probs(log_probs, tokens), gather_log_probs(log_probs, tokens)
        lab.same(got, want, name=f"the log-probabilities in a batch of {batch} texts with {pos} tokens")


def check_sure_of_the_next(answer):
    """A model that is sure of each next token has log-probability 0 everywhere."""
    tokens = torch.stack([torch.randperm(12)[:6] for _ in range(3)])
    log_probs = (40.0 * F.one_hot(tokens.roll(-1, dims=1), 12)).log_softmax(-1)
    got = answer.gather_log_probs(log_probs, tokens)
    lab.same(got, torch.zeros(3, 5), name="the log-probabilities of a model that is always right")


def check_shipped_model(answer):
    """What a shipped model gives to the tokens of a text, against its own loss (to within 1e-3)."""
    model, tokens = lab.load("attn-only-1l"), torch.randint(1, 1024, (2, 30))
    logits, losses = model(tokens, return_type="both", loss_per_token=True)
    got = answer.gather_log_probs(logits.log_softmax(-1), tokens)
    lab.same(got, -losses, tol=1e-3, name="the log-probabilities of attn-only-1l")


def mistake_no_shift__gather_log_probs(log_probs, tokens):
    """You pick, at each position, the token that already stands there. Row t speaks of token t + 1: all rows
    but the last go with all tokens but the first."""
    return log_probs[:, :-1].gather(-1, tokens[:, :-1, None])[..., 0]


def mistake_last_rows__gather_log_probs(log_probs, tokens):
    """You dropped the *first* row, so each row is asked for the token it has just read. It is the last row
    that has no answer: `log_probs[:, :-1]`."""
    return log_probs[:, 1:].gather(-1, tokens[:, 1:, None])[..., 0]


def mistake_wrong_way__gather_log_probs(log_probs, tokens):
    """You shifted the wrong way: each row is asked for the token *before* it. All rows but the last, all
    tokens but the first."""
    return log_probs[:, 1:].gather(-1, tokens[:, :-1, None])[..., 0]


def mistake_no_row_dropped__gather_log_probs(log_probs, tokens):
    """You return a number for every token. Nobody predicted the first one, so there is one fewer: drop the
    last row and the first token."""
    return log_probs.gather(-1, tokens[..., None])[..., 0]


def mistake_first_text_for_all__gather_log_probs(log_probs, tokens):
    """You pick the tokens of the *first* text in every text. Each text has tokens of its own: give `gather`
    the whole batch."""
    return log_probs[:, torch.arange(tokens.shape[1] - 1), tokens[0, 1:]]


def mistake_likeliest__gather_log_probs(log_probs, tokens):
    """That is the log-probability of the *likeliest* token of each row. Asked for is the one that came,
    likely or not."""
    return log_probs[:, :-1].amax(-1)


def mistake_sign__gather_log_probs(log_probs, tokens):
    """You return losses: the sign is turned. Here the log-probabilities themselves are asked for, and those
    are negative."""
    return -gather_log_probs(log_probs, tokens)


def mistake_probabilities__gather_log_probs(log_probs, tokens):
    """These are probabilities: you have taken the exponential. Leave the logarithm, sums of it are what comes
    next."""
    return gather_log_probs(log_probs, tokens).exp()


def also_right_two_lists__gather_log_probs(log_probs, tokens):
    batch, pos = tokens.shape
    texts, rows = torch.arange(batch)[:, None], torch.arange(pos - 1)[None, :]
    return log_probs[texts, rows, tokens[:, 1:]]


def also_right_one_hot__gather_log_probs(log_probs, tokens):
    chosen = F.one_hot(tokens[:, 1:], log_probs.shape[-1]).float()
    return torch.einsum("bpv,bpv->bp", log_probs[:, :-1], chosen)


def also_right_loop__gather_log_probs(log_probs, tokens):
    batch, pos = tokens.shape
    picked = torch.zeros(batch, pos - 1)
    for text in range(batch):
        for t in range(pos - 1):
            picked[text, t] = log_probs[text, t, tokens[text, t + 1]]
    return picked
