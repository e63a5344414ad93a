"""How likely is a text?

Two functions. `text_log_prob` takes a model's scores for one text, and says how likely the model finds it:
the logarithm of the probability of all tokens after the first, given those before. Texts may be long. A text
of one token has log-probability 0.

`perplexity` takes log-probabilities of the right tokens, of several texts of different lengths, filled up to
the same length. Only what `keep` marks counts. Every *token* counts the same, whichever text it stands in.

The values are compared to within one part in a thousand.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from workers import lab

HINTS = [
    "The probability of a text is a product, so its logarithm is a sum. Never make the product itself. And "
    "remember that row t of the scores speaks of token t + 1.",
    "For the perplexity: add up the log-probabilities of all tokens that count, over all texts at once, and "
    "divide by how many there are. Only then turn the sign and take the exponential.",
    "`logits[:-1].log_softmax(-1).gather(-1, tokens[1:, None]).sum()`, and "
    "`(-torch.where(keep, log_probs, 0.0).sum() / keep.sum()).exp()`.",
]
PURPOSE = (
    "“Which of these two continuations does the model prefer?” is a difference of such log-probabilities, "
    "and is asked in nearly every study of a circuit. Perplexity is how language models are compared, and "
    "averaging it wrongly is the easiest way to look better than one is."
)
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["chosen: batch pos", "mean surprise:"]
MINUTES = 9
CONCEPTS = ["perplexity"]
DETERMINISTIC = True
WHY = """
A product of probabilities becomes a sum of logarithms, and stays a number that a computer can hold.

The order in `perplexity` is the whole point: **logarithm, mean, exponential**.

- The mean of the *probabilities* forgives: a token with 0.00008 counts hardly less than one with 0.01. By
  Jensen's inequality, 1 over that mean is never larger than the perplexity, so this mistake always flatters.
- A mean of means, text by text, gives a short text the weight of a long one. A mean of *perplexities* is
  worse still: it is dominated by the text that the model liked least.
- Any of these can be a sensible number to report. None of them is the perplexity, so they cannot be compared
  with anyone else's.
"""
STYLE = {"loop": "A loop is right. Two sums over the whole batch say the same."}
SEE = {
    "mistake_no_shift__text_log_prob": "gather_log_probs",
    "mistake_filling_counts__perplexity": "masked_mean",
}


def text_log_prob(logits: Float[Tensor, "pos d_vocab"], tokens: Int[Tensor, "pos"]) -> Float[Tensor, ""]:
    """The log-probability of tokens 1, 2, …, together, given token 0. logits[t] speaks of tokens[t + 1].

    >>> text_log_prob(torch.zeros(4, 10), torch.tensor([0, 3, 1, 7]))
    tensor(-6.9078)
    """
    return logits[:-1].log_softmax(-1).gather(-1, tokens[1:, None]).sum()


def perplexity(log_probs: Float[Tensor, "batch pos"], keep: Bool[Tensor, "batch pos"]) -> Float[Tensor, ""]:
    """The exponential of the mean surprise, over all tokens of all texts that `keep` marks.

    >>> keep = torch.tensor([[True, True, True], [True, False, False]])
    >>> perplexity(torch.tensor([[0.5, 0.5, 0.25], [0.25, 1.0, 1.0]]).log(), keep)
    tensor(2.8284)
    """
    return (-torch.where(keep, log_probs, 0.0).sum() / keep.sum()).exp()


def check_blind_guess(answer):
    """A model that finds all tokens equally likely: −ln(d_vocab) for each, and a perplexity of d_vocab."""
    pos, d_vocab = 6, int(torch.randint(5, 40, ()))
    got = answer.text_log_prob(torch.full((pos, d_vocab), 2.0), torch.randint(d_vocab, (pos,)))
    want = -(pos - 1) * torch.tensor(float(d_vocab)).log()
    lab.same(got, want, tol=1e-3, name=f"the log-probability of {pos - 1} tokens out of {d_vocab} each")
    log_probs = torch.full((2, pos), 1 / d_vocab).log()
    got = answer.perplexity(log_probs, torch.ones(2, pos).bool())
    lab.same(got, float(d_vocab), tol=1e-3, name=f"the perplexity of a blind guess among {d_vocab}")


def check_random_texts(answer):
    """The log-probability of short texts, random scores."""
    for pos, d_vocab in ((5, 5), (4, 9), (2, 3), (1, 4)):
        logits, tokens = 2 * torch.randn(pos, d_vocab), torch.randint(d_vocab, (pos,))
        got, want = answer.text_log_prob(logits, tokens), text_log_prob(logits, tokens)
        lab.same(got, want, tol=1e-3, name=f"the log-probability of a text of {pos} tokens")


def check_long_text(answer):
    """The log-probability of a text whose probability is too small for a computer."""
    logits, tokens = 3 * torch.randn(600, 20), torch.randint(20, (600,))
    got, want = answer.text_log_prob(logits, tokens), text_log_prob(logits, tokens)
    lab.same(got, want, tol=1e-3, name="the log-probability of a text of 600 tokens")


def check_sure_and_wrong(answer):
    """The log-probability of tokens that a very sure model all but excludes, and of those it is sure of."""
    for gap in (300.0, -300.0):
        tokens = torch.randint(9, (5,))
        logits = torch.randn(5, 9)
        logits[torch.arange(4), tokens[1:]] -= gap
        got, want = answer.text_log_prob(logits, tokens), text_log_prob(logits, tokens)
        lab.same(got, want, tol=1e-3, name=f"the log-probability of tokens with scores {-gap:+.0f} apart")


def check_perplexity(answer):
    """The perplexity of several texts of one length."""
    for batch, pos in ((1, 7), (4, 6), (5, 5)):
        log_probs = (0.02 + 0.98 * torch.rand(batch, pos) ** 3).log()
        keep = torch.ones(batch, pos).bool()
        got, want = answer.perplexity(log_probs, keep), perplexity(log_probs, keep)
        lab.same(got, want, tol=1e-3, name=f"the perplexity of {batch} texts of {pos} tokens")


def check_perplexity_of_crooked_texts(answer):
    """The perplexity of texts of different lengths, filled up with anything."""
    lengths = torch.tensor([9, 2, 5])[torch.randperm(3)]
    keep = torch.arange(9) < lengths[:, None]
    hard = torch.tensor([[0.5], [3.0], [1.5]])[torch.randperm(3)]
    log_probs = torch.where(keep, -hard * (0.2 + torch.rand(3, 9)), 5 * torch.randn(3, 9))
    got, want = answer.perplexity(log_probs, keep), perplexity(log_probs, keep)
    lab.same(got, want, tol=1e-3, name=f"the perplexity of texts of {lengths.tolist()} tokens")


def mistake_no_shift__text_log_prob(logits, tokens):
    """You ask each row for the token that already stands there. Row t speaks of token t + 1: all rows but the
    last, all tokens but the first."""
    return logits.log_softmax(-1).gather(-1, tokens[:, None])[1:].sum()


def mistake_product__text_log_prob(logits, tokens):
    """You multiply probabilities and take the logarithm at the end. In a long text the product rounds to 0,
    and its logarithm is −∞. Add up logarithms instead."""
    return logits[:-1].softmax(-1).gather(-1, tokens[1:, None]).prod().log()


def mistake_log_of_softmax__text_log_prob(logits, tokens):
    """You take the logarithm of each probability after the softmax. A token that is nearly excluded has a
    probability that rounds to 0, and the whole text gets −∞. `log_softmax` never leaves the logarithms."""
    return logits[:-1].softmax(-1).gather(-1, tokens[1:, None]).log().sum()


def mistake_mean__text_log_prob(logits, tokens):
    """That is the average of a token. For the whole text, add up."""
    return text_log_prob(logits, tokens) / max(len(tokens) - 1, 1)


def mistake_sign__text_log_prob(logits, tokens):
    """That is the surprise. A log-probability is negative, or 0 for what is certain."""
    return -text_log_prob(logits, tokens)


def mistake_no_softmax__text_log_prob(logits, tokens):
    """You add up scores. They are not log-probabilities before `log_softmax`."""
    return logits[:-1].gather(-1, tokens[1:, None]).sum()


def mistake_mean_of_probabilities__perplexity(log_probs, keep):
    """You average probabilities and take 1 over that. Such a mean hardly notices a token that was found
    nearly impossible, and always flatters. Average the log-probabilities: logarithm, mean, exponential."""
    return 1 / (torch.where(keep, log_probs.exp(), 0.0).sum() / keep.sum())


def mistake_mean_of_inverses__perplexity(log_probs, keep):
    """You average 1/p over the tokens, so a single token found nearly impossible drowns all the others.
    Average the log-probabilities first, and take the exponential of the mean."""
    return torch.where(keep, (-log_probs).exp(), 0.0).sum() / keep.sum()


def mistake_text_by_text__perplexity(log_probs, keep):
    """You average within each text and then over the texts, so a token of a short text counts more than one
    of a long text. Add up over everything, and divide by the number of all tokens."""
    of_texts = torch.where(keep, log_probs, 0.0).sum(-1) / keep.sum(-1)
    return (-of_texts.mean()).exp()


def mistake_mean_of_perplexities__perplexity(log_probs, keep):
    """You average the perplexities of the texts. One text that the model did not like then outweighs the
    rest. Average the surprise of all tokens, and take the exponential once, at the end."""
    of_texts = torch.where(keep, log_probs, 0.0).sum(-1) / keep.sum(-1)
    return (-of_texts).exp().mean()


def mistake_filling_counts__perplexity(log_probs, keep):
    """What only fills the short texts up has been counted. Sum over what `keep` marks, and divide by
    `keep.sum()`."""
    return (-log_probs.mean()).exp()


def mistake_no_exponential__perplexity(log_probs, keep):
    """That is the mean surprise, in nats. Perplexity is its exponential."""
    return -torch.where(keep, log_probs, 0.0).sum() / keep.sum()


def mistake_no_minus__perplexity(log_probs, keep):
    """The minus is missing, so you get one over the perplexity, a number below 1."""
    return (torch.where(keep, log_probs, 0.0).sum() / keep.sum()).exp()


def also_right_cross_entropy__text_log_prob(logits, tokens):
    return -torch.nn.functional.cross_entropy(logits[:-1], tokens[1:], reduction="sum")


def also_right_loop__text_log_prob(logits, tokens):
    total = torch.zeros(())
    for t in range(len(tokens) - 1):
        total += logits[t, tokens[t + 1]] - logits[t].logsumexp(0)
    return total


def also_right_selected__perplexity(log_probs, keep):
    return log_probs[keep].mean().neg().exp()


def also_right_loop__perplexity(log_probs, keep):
    total, count = 0.0, 0
    for text, counts in zip(log_probs, keep, strict=True):
        for number, kept in zip(text.tolist(), counts.tolist(), strict=True):
            if kept:
                total, count = total - number, count + 1
    return torch.tensor(total / count).exp()


def also_right_geometric_mean__perplexity(log_probs, keep):
    return torch.where(keep, -log_probs.double() / keep.sum(), 0.0).exp().prod().float()
