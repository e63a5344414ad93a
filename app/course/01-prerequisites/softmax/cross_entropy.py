"""Cross-entropy

The mean surprise, in nats: over all predictions, the average of $-\\log p$, where $p$ is the probability that
the softmax of the scores gives to the right answer.

The scores may be as large as ±10,000. There may be any number of batch axes, and none. The values are
compared to within 1e-4, large ones to within one part in a thousand.
"""

import math

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "Three steps: log-probabilities for everything, the one of the right answer for each prediction, and the "
    "mean with its sign turned.",
    "`log_softmax` gives log-probabilities without rounding small ones to 0. `gather` picks the right "
    "answers; its index needs one more axis at the end.",
    "`log_probs = logits - logits.logsumexp(-1, keepdim=True)`, and then "
    "`-log_probs.gather(-1, targets[..., None]).mean()`.",
]
PURPOSE = (
    "This is what language models are trained to make small, and by how much it rises when a part is taken "
    "away is the first thing that one asks about the part."
)
DIFFICULTY = 3
IMPORTANCE = 5
SHAPES = ["log-probabilities: *batch d_vocab", "of the right answer: *batch 1"]
MINUTES = 7
CONCEPTS = ["cross-entropy"]
DETERMINISTIC = True
WHY = """
`logits - logits.logsumexp(-1, keepdim=True)` is `log_softmax`, written out: the logarithm of the power is the
score itself, so small probabilities never have to be held as numbers at all.

- Softmax, then `log`: a probability below about $10^{-45}$ rounds to 0 and costs ∞. Adding a small number
  before the logarithm hides this, and wrongly says that no mistake can cost more than, say, 20 nats.
- `torch.nn.functional.cross_entropy` wants *scores*. Giving it probabilities does a softmax twice, and it
  does not complain: the loss goes down during training, only slowly and not very far.
- It also wants the axis of classes second, `[batch, d_vocab, pos]`, where models return `[batch, pos,
  d_vocab]`.
"""
STYLE = {
    "loop": "A loop is right. `gather` picks all right answers at once.",
    "cross_entropy": "PyTorch's own is right, and is what one uses. Knowing what is in it helps when the "
    "axes are not where it wants them.",
}
SEE = {"mistake_log_of_softmax__cross_entropy": "stable_softmax"}


def cross_entropy(
    logits: Float[Tensor, "*batch d_vocab"], targets: Int[Tensor, "*batch"]
) -> Float[Tensor, ""]:
    """The mean over all predictions of −log of the probability of the right answer, in nats.

    targets: for each prediction, the index of the right answer.

    >>> cross_entropy(torch.tensor([[0., 0.], [0., 1000.]]), torch.tensor([0, 1]))
    tensor(0.3466)
    """
    log_probs = logits - logits.logsumexp(-1, keepdim=True)
    return -log_probs.gather(-1, targets[..., None]).mean()


def check_no_idea(answer):
    """Equal scores cost ln(d_vocab), however high they are (to within 1e-4)."""
    for d_vocab in (2, 7, 30):
        logits, targets = torch.full((4, d_vocab), 3.0), torch.randint(d_vocab, (4,))
        got = answer.cross_entropy(logits, targets)
        lab.same(got, math.log(d_vocab), name=f"the cross-entropy of equal scores over {d_vocab} answers")


def check_random_scores(answer):
    """Random scores, with any batch axes (to within 1e-4)."""
    for batch, d_vocab in (((5,), 5), ((3, 4), 7), ((2, 1, 3), 4), ((), 6), ((1,), 1)):
        logits, targets = 2 * torch.randn(*batch, d_vocab), torch.randint(d_vocab, batch)
        got, want = answer.cross_entropy(logits, targets), cross_entropy(logits, targets)
        lab.same(got, want, name=f"the cross-entropy of scores of shape {(*batch, d_vocab)}")


def check_small_probabilities(answer):
    """Right answers that were found next to impossible cost much, not infinitely much (to within 1e-4)."""
    logits = torch.cat([torch.randn(4, 1), torch.randn(4, 5) - 150], dim=-1)
    targets = torch.randint(1, 6, (4,))
    got, want = answer.cross_entropy(logits, targets), cross_entropy(logits, targets)
    lab.same(got, want, name="the cross-entropy, the right answers having a probability of e^-150")


def check_large_scores(answer):
    """Scores in the thousands cost thousands, not infinitely much (to within one part in a thousand)."""
    logits, targets = 5_000 * torch.randn(6, 9), torch.randint(9, (6,))
    got, want = answer.cross_entropy(logits, targets), cross_entropy(logits, targets)
    lab.same(got, want, tol=1e-3, name="the cross-entropy of large scores")


def mistake_log_of_softmax__cross_entropy(logits, targets):
    """Softmax, then logarithm: small probabilities round to 0, and the logarithm of 0 is −∞. Take both at
    once, with `log_softmax` or `logsumexp`."""
    return -logits.softmax(-1).gather(-1, targets[..., None]).log().mean()


def mistake_epsilon__cross_entropy(logits, targets):
    """You add a small number before the logarithm. It never gets infinite that way, but every bad mistake
    costs the same, however bad. Use `log_softmax`, which needs no such help."""
    return -(logits.softmax(-1).gather(-1, targets[..., None]) + 1e-9).log().mean()


def mistake_formula_as_it_stands__cross_entropy(logits, targets):
    """You add up the powers as they are, and they overflow from e^89 on. `logsumexp` subtracts the largest
    score first."""
    sums = logits.exp().sum(-1).log()
    return (sums - logits.gather(-1, targets[..., None])[..., 0]).mean()


def mistake_softmax_twice__cross_entropy(logits, targets):
    """You take the softmax twice: `F.cross_entropy` and `log_softmax` want scores, and you give them
    probabilities."""
    return cross_entropy(logits.softmax(-1), targets)


def mistake_no_softmax__cross_entropy(logits, targets):
    """Scores are not log-probabilities yet: adding 5 to all of them has to change nothing. Subtract the
    `logsumexp`."""
    return -logits.gather(-1, targets[..., None]).mean()


def mistake_sign__cross_entropy(logits, targets):
    """That is the mean log-probability, a negative number. Surprise is minus that."""
    return -cross_entropy(logits, targets)


def mistake_sum__cross_entropy(logits, targets):
    """You add up instead of averaging. Then the loss grows with the size of the batch."""
    return cross_entropy(logits, targets) * targets.numel()


def mistake_bits__cross_entropy(logits, targets):
    """These are bits, with logarithms to base 2. We count in nats: the natural logarithm."""
    return cross_entropy(logits, targets) / math.log(2)


def also_right_functional__cross_entropy(logits, targets):
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


def also_right_one_hot__cross_entropy(logits, targets):
    right = F.one_hot(targets, logits.shape[-1]).bool()
    return -logits.log_softmax(-1)[right].mean()


def also_right_loop__cross_entropy(logits, targets):
    total = torch.zeros(())
    rows = logits.reshape(-1, logits.shape[-1])
    for scores, target in zip(rows, targets.reshape(-1), strict=True):
        total += torch.log(torch.exp(scores - scores.max()).sum()) + scores.max() - scores[target]
    return total / len(rows)
