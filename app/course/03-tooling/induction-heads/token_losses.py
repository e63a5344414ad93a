"""Surprise, token by token

The cells above let the model work out its loss. Do it yourself once, from the logits: at each position the
model gives every token of the vocabulary a score, and the *next* token of the text decides how surprised it
was,

$$\\ell_t = -\\log p(x_{t+1} \\mid x_0 \\dots x_t).$$
"""

import math
import random

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers import lab

PURPOSE = (
    "The loss at every single token is the most useful picture of what a model knows: an average hides "
    "where it knows something and where it does not."
)
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["logits: batch pos d_vocab", "log_probs: batch pos-1 d_vocab", "losses: batch pos-1"]
HINTS = [
    "The logits at position t speak about the token at position t + 1. So the last logits have nothing to be "
    "compared with, and the first token is never predicted: both lose one position.",
    "`logits[:, :-1].log_softmax(-1)` holds log-probabilities; `tokens[:, 1:]` are the tokens that came. "
    "`gather` picks, at each position, the entry of the token that came.",
    "`log_probs.gather(-1, tokens[:, 1:, None])[..., 0]` has the shape batch × (pos − 1). Only a minus sign "
    "is missing.",
]
MINUTES = 10
CONCEPTS = ["per-token-loss"]
DETERMINISTIC = True
WHY = """
The shift is everything: logits at place t are about token t + 1. So the last logits are dropped at one end
and the first token at the other. Taking the softmax first and the logarithm then gives minus infinity where a
probability rounds to zero; `log_softmax` subtracts the largest logit first and stays finite.
"""


def token_losses(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, "batch pos-1"]:
    """How surprised the model was at each token after the first, in nats: −log of the probability it gave to
    it.

    logits[:, t] are the scores for what comes after tokens[:, t].

    >>> token_losses(torch.zeros(1, 3, 8), torch.tensor([[0, 5, 2]]))
    tensor([[2.0794, 2.0794]])
    """
    log_probs = logits[:, :-1].log_softmax(-1)
    return -log_probs.gather(-1, tokens[:, 1:, None])[..., 0]


def check_no_idea(answer):
    """A model that finds all tokens equally likely pays ln(d_vocab) for each."""
    d_vocab = random.randint(5, 50)
    tokens = torch.randint(d_vocab, (2, 6))
    losses = answer.token_losses(torch.full((2, 6, d_vocab), 0.5), tokens)
    lab.same(
        losses,
        torch.full((2, 5), math.log(d_vocab)),
        name=f"the losses of equal logits over {d_vocab} tokens",
    )


def check_random_logits(answer):
    """For random logits of any size the losses agree with ours."""
    batch, pos, d_vocab = random.randint(1, 4), random.randint(3, 9), random.randint(10, 30)
    logits, tokens = 3 * torch.randn(batch, pos, d_vocab), torch.randint(d_vocab, (batch, pos))
    lab.same(
        answer.token_losses(logits, tokens),
        token_losses(logits, tokens),
        name="`token_losses(logits, tokens)`",
    )


def check_knows_next(answer):
    """A model that is sure of the next token pays nothing; one that is sure of the current token pays a
    lot."""
    tokens = torch.stack([torch.randperm(12)[:7] for _ in range(3)])
    sure_of_next = F.one_hot(tokens.roll(-1, dims=1), 12).float() * 40
    losses = answer.token_losses(sure_of_next, tokens)
    lab.same(losses, torch.zeros(3, 6), tol=1e-3, name="the losses of a model that is always right")
    sure_of_current = F.one_hot(tokens, 12).float() * 40
    assert float(answer.token_losses(sure_of_current, tokens).min()) > 10, (
        "A model that is sure the current token comes again is always wrong here, yet your loss for it is "
        "small. Do you compare the logits with the token they were made from, instead of the one that "
        "follows?"
    )


def check_large_logits(answer):
    """Logits in the thousands give large losses, not infinite ones."""
    logits, tokens = 2000 * torch.randn(2, 5, 10), torch.randint(10, (2, 5))
    losses = answer.token_losses(logits, tokens)
    assert losses.isfinite().all(), (
        "With logits in the thousands some of your losses are infinite: softmax rounds the small "
        "probabilities to 0, and the log of 0 is −∞. `log_softmax` does both in one step, without rounding."
    )
    lab.same(losses, token_losses(logits, tokens), tol=0.1, name="the losses of large logits")


def check_shipped_models(answer):
    """On repeated random tokens, the losses of the one-layer and the two-layer model agree with ours."""
    once = torch.randint(1, 1024, (3, 20))
    tokens = torch.cat([torch.zeros(3, 1, dtype=torch.long), once, once], dim=1)
    for name in ("attn-only-1l", "attn-only-2l"):
        logits, want = lab.load(name)(tokens, return_type="both", loss_per_token=True)
        lab.same(answer.token_losses(logits, tokens), want, tol=1e-3, name=f"the losses of {name}")


def mistake_no_shift__token_losses(logits, tokens):
    """You compare the logits at each position with the token that is already there. They speak about the
    *next* one: drop the last logits, and the first token."""
    return -logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, :-1, None])[..., 0]


def mistake_wrong_way__token_losses(logits, tokens):
    """You shifted the wrong way: the logits at position 1 are compared with token 0, which they have already
    seen."""
    return -logits[:, 1:].log_softmax(-1).gather(-1, tokens[:, :-1, None])[..., 0]


def mistake_sign__token_losses(logits, tokens):
    """These are log-probabilities, and they are negative. Surprise is minus that: the likelier, the less."""
    return -token_losses(logits, tokens)


def mistake_log_of_softmax__token_losses(logits, tokens):
    """Taking softmax and then log loses the small probabilities: they round to 0, and log 0 is −∞. Use
    `log_softmax`."""
    chosen = logits[:, :-1].softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    return -chosen.log()


def mistake_no_softmax__token_losses(logits, tokens):
    """Logits are not log-probabilities yet: adding 5 to all of them must change nothing. `log_softmax` sees
    to that."""
    return -logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]


def mistake_bits__token_losses(logits, tokens):
    """These are bits: you used a logarithm with base 2. We count in nats, with the natural logarithm."""
    return token_losses(logits, tokens) / math.log(2)


def also_right_cross_entropy__token_losses(logits, tokens):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")


def also_right_loop__token_losses(logits, tokens):
    batch, pos, _ = logits.shape
    losses = torch.zeros(batch, pos - 1)
    for text in range(batch):
        for t in range(pos - 1):
            scores = logits[text, t]
            losses[text, t] = scores.logsumexp(0) - scores[tokens[text, t + 1]]
    return losses
