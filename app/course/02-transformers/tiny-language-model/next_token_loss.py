"""One number to make small

Training needs a single number that says how badly the model predicts. At every position the logits speak
about the *next* token; the loss is the mean surprise, in nats, over all tokens of all texts but the first of
each:

$$L = -\\frac{1}{\\text{batch}\\,(\\text{pos} - 1)} \\sum_{b,\\,t}
\\log p\\,(x_{b,t+1} \\mid x_{b,0} \\dots x_{b,t}).$$

Judged to within 1e-4, on random logits of odd sizes and of great size.
"""

import math
import random

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "The last logits have nothing to be compared with, and the first token is predicted by nobody. So both "
    "lose a position, at opposite ends.",
    "`logits[:, :-1]` belongs to `tokens[:, 1:]`. `F.cross_entropy` wants one axis of examples and one of "
    "classes: `flatten(0, 1)` the first two axes of both.",
    "`F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())`.",
]
MINUTES = 8
CONCEPTS = ["next-token-loss"]
DETERMINISTIC = True
PURPOSE = """Nearly everything a language model is, it became by making this number smaller. You will meet it
again as the baseline of every ablation: “how much worse does the loss get without this head?”"""
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = [
    "predicting: batch pos-1 d_vocab",
    "log_probs: batch pos-1 d_vocab",
    "coming: batch pos-1",
    "loss: scalar",
]
WHY = """`F.cross_entropy` takes *logits*; give it probabilities, and it applies a second softmax without a
word. It also wants the classes on axis 1, or on the last of two, so people reshape; `view` on a slice fails
or, worse, `reshape` of a transposed tensor succeeds and pairs the wrong things. Slicing first and flattening
both in the same way keeps pairs together.

An off-by-one here does not crash. The loss even falls, very fast: the model learns to repeat the token it
stands on, which is easy. A loss that falls *too* well is the first sign."""
STYLE = {"loop": "`F.cross_entropy` or a `gather` does all positions of all texts at once."}
SEE = {
    "mistake_sum_over_texts__next_token_loss": "masked_mean",
    "mistake_over_positions__next_token_loss": "gather_log_probs",
    "mistake_probabilities__next_token_loss": "cross_entropy",
}


def next_token_loss(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> Float[Tensor, ""]:
    """The mean of −log of the probability given to each token that came, in nats.

    logits[:, t] are the scores for what comes after tokens[:, t].

    >>> next_token_loss(torch.zeros(2, 5, 10), torch.zeros(2, 5, dtype=torch.long))  # no idea: ln 10
    tensor(2.3026)
    """
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())


def check_no_idea(answer):
    """A model that finds all tokens equally likely pays ln(d_vocab), however long the texts and however
    many."""
    for batch, pos in ((1, 2), (5, 3), (2, 9)):
        d_vocab = random.randint(3, 40)
        loss = answer.next_token_loss(
            torch.full((batch, pos, d_vocab), 0.3), torch.randint(d_vocab, (batch, pos))
        )
        lab.same(
            loss, torch.tensor(math.log(d_vocab)), name=f"the loss of equal logits over {d_vocab} tokens"
        )


def check_knows_next(answer):
    """A model that is sure of the next token pays nothing; one that is sure of its own token pays a lot."""
    tokens = torch.stack([torch.randperm(12)[:7] for _ in range(3)])
    right = answer.next_token_loss(F.one_hot(tokens.roll(-1, 1), 12).float() * 40, tokens)
    own = answer.next_token_loss(F.one_hot(tokens, 12).float() * 40, tokens)
    assert float(own) > 10, (
        f"A model that always says the token it stands on is wrong every time here, and your loss for it is "
        f"{float(own):.2f}. With which token do you compare the logits at position t?"
    )
    lab.same(right, torch.tensor(0.0), tol=1e-3, name="the loss of a model that is always right")


def check_random_logits(answer):
    """For random logits of any size the loss is ours, to within 1e-4."""
    for batch, pos, d_vocab in (
        (1, 2, 5),
        (4, 3, 7),
        (3, 8, 1),
        (random.randint(2, 6), random.randint(4, 9), 11),
    ):
        logits, tokens = 3 * torch.randn(batch, pos, d_vocab), torch.randint(d_vocab, (batch, pos))
        lab.same(
            answer.next_token_loss(logits, tokens),
            next_token_loss(logits, tokens),
            name=f"the loss of {batch} texts of {pos} tokens",
        )


def check_large_logits(answer):
    """Logits in the thousands give a large loss, not an infinite one."""
    logits, tokens = 2000 * torch.randn(2, 5, 10), torch.randint(10, (2, 5))
    lab.same(
        answer.next_token_loss(logits, tokens),
        next_token_loss(logits, tokens),
        name="the loss of large logits",
    )


def check_can_be_trained(answer):
    """The loss is a tensor through which gradients get back to the logits."""
    found = answer.probe_way_back(torch.randn(2, 4, 6), torch.randint(6, (2, 4)))
    assert found == "gradient", (
        f"The number is right, but what you return is {found}: no gradient gets back to the logits, and "
        "nothing could be trained with it. Is there an `.item()`, a `.detach()` or a NumPy array on the way?"
    )


def probe_way_back(logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]) -> str:
    """What the loss is to whoever wants to train with it."""
    with torch.enable_grad():
        given = logits.clone().requires_grad_()
        loss = next_token_loss(given, tokens)
        if not isinstance(loss, Tensor):
            return "no tensor"
        if loss.requires_grad:
            loss.backward()
    return "a tensor without a past" if given.grad is None else "gradient"


def mistake_a_plain_number__next_token_loss(logits, tokens):
    """You return a plain number. It is right, but has forgotten where it came from: `backward` needs a
    tensor. Leave out `.item()` and `float(…)`; whoever wants to print it can take the number then."""
    return next_token_loss(logits, tokens).item()


def mistake_cut_off__next_token_loss(logits, tokens):
    """You cut the loss off from the logits (`detach`, `no_grad`, or a way through NumPy). No gradient gets
    back, and nothing would ever be learned."""
    return next_token_loss(logits.detach(), tokens)


def mistake_no_shift__next_token_loss(logits, tokens):
    """You compare the logits at each position with the token that stands there already. A model trained on
    this learns to repeat what it reads. Drop the last logits and the first token."""
    return F.cross_entropy(logits.flatten(0, 1), tokens.flatten())


def mistake_wrong_way__next_token_loss(logits, tokens):
    """You shifted the wrong way: the logits at position 1 are compared with token 0, which they have read
    already."""
    return F.cross_entropy(logits[:, 1:].flatten(0, 1), tokens[:, :-1].flatten())


def mistake_wraps_around__next_token_loss(logits, tokens):
    """`roll` wraps around: the last position is compared with the *first* token of the text. Leave the last
    position out."""
    return F.cross_entropy(logits.flatten(0, 1), tokens.roll(-1, 1).flatten())


def mistake_sum_over_texts__next_token_loss(logits, tokens):
    """You add up the tokens of a text and average over texts only, so a longer text costs more. Take the mean
    over positions as well."""
    return next_token_loss(logits, tokens) * (tokens.shape[1] - 1)


def mistake_over_positions__next_token_loss(logits, tokens):
    """The softmax runs over the wrong axis: at *one* position the probabilities of all tokens of the
    vocabulary add up to 1. That is the last axis."""
    return -logits[:, :-1].log_softmax(1).gather(-1, tokens[:, 1:, None]).mean()


def mistake_probabilities__next_token_loss(logits, tokens):
    """`F.cross_entropy` takes logits and does the softmax itself. You give it probabilities, and so it
    happens twice."""
    return F.cross_entropy(logits[:, :-1].softmax(-1).flatten(0, 1), tokens[:, 1:].flatten())


def mistake_axes_mixed__next_token_loss(logits, tokens):
    """`reshape` does not move axes: after `transpose` and `reshape` each text's logits stand beside another
    text's tokens. Flatten both in the same order."""
    return F.cross_entropy(
        logits[:, :-1].transpose(0, 1).reshape(-1, logits.shape[-1]), tokens[:, 1:].flatten()
    )


def also_right_gather__next_token_loss(logits, tokens):
    log_probs = logits[:, :-1].log_softmax(-1)
    return -log_probs.gather(-1, tokens[:, 1:].unsqueeze(-1)).mean()


def also_right_classes_second__next_token_loss(logits, tokens):
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:])


def also_right_loop__next_token_loss(logits, tokens):
    losses = []
    for row, text in zip(logits, tokens, strict=True):
        for t in range(len(text) - 1):
            losses.append(row[t].logsumexp(0) - row[t, text[t + 1]])
    return torch.stack(losses).mean()
