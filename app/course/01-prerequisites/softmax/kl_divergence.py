"""KL divergence

How far is Q from P, seen from P? In nats, $\\sum_i p_i (\\log p_i - \\log q_i)$, for each pair of
distributions. Both are given as scores.

The scores may be as large as ±10,000. Those of P may be −∞: such an answer never happens, and costs nothing.
The values are compared to within 1e-4, large ones to within one part in a thousand.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from workers import lab

HINTS = [
    "Everything is made of log-probabilities: `log_softmax` for both. The weights are the probabilities of "
    "P. Then sum over the last axis.",
    "Where P is 0 its log-probability may be −∞, and 0 · ∞ is NaN. Choose with `torch.where`: there the term "
    "is 0.",
    "`log_p, log_q = p_logits.log_softmax(-1), q_logits.log_softmax(-1)`; `p = log_p.exp()`; "
    "`torch.where(p > 0, p * (log_p - log_q), 0.0).sum(-1)`.",
]
PURPOSE = (
    "It measures how much a prediction changes when you ablate a head, patch an activation, or replace a "
    "layer by its sparse dictionary. Unlike the loss it sees the whole distribution, and needs no right "
    "answer."
)
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["log p and log q: *batch d", "terms: *batch d"]
MINUTES = 7
CONCEPTS = ["kl-divergence"]
DETERMINISTIC = True
WHY = """
The expectation is under the *first* one. Keep a sentence in mind: “draw from P, and see how much more
surprised Q is”. Then `p` is the weight, and `log_p` comes with a plus.

- `torch.where` settles $0 \\cdot \\log 0 = 0$. Multiplying gives NaN there.
- Both logarithms come from `log_softmax`. Dividing probabilities, `(p / q).log()`, fails as soon as q rounds
  to 0, which is where KL is largest and most interesting.
- `torch.nn.functional.kl_div(a, b)` is a famous trap. It computes KL(b ‖ a), wants `a` as log-probabilities
  and `b` as probabilities, and by default takes the mean over *all* entries. `reduction="none"`, then
  `.sum(-1)`, is what you want.
"""
STYLE = {"loop": "A loop is right. The sum over the last axis does all pairs at once."}
SEE = {
    "mistake_nought_times_infinity__kl_divergence": "masked_mean",
    "mistake_log_of_softmax__kl_divergence": "cross_entropy",
}


def kl_divergence(
    p_logits: Float[Tensor, "*batch d"], q_logits: Float[Tensor, "*batch d"]
) -> Float[Tensor, "*batch"]:
    """KL(P ‖ Q) in nats for each pair of rows, where P and Q are the softmax of these scores.

    >>> p, q = torch.tensor([[0., 0.], [1., 2.]]), torch.tensor([[0., 1.0986], [1., 2.]])
    >>> kl_divergence(p, q).round(decimals=3)
    tensor([0.1440, 0.0000])
    """
    log_p, log_q = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    p = log_p.exp()
    return torch.where(p > 0, p * (log_p - log_q), 0.0).sum(-1)


def check_known_pairs(answer):
    """A fair coin and a loaded one, in both directions (to within 1e-4)."""
    share = 0.6 + 0.3 * float(torch.rand(()))
    fair, loaded = torch.zeros(2), torch.tensor([share, 1 - share]).log()
    forth = -0.5 * math.log(4 * share * (1 - share))
    back = math.log(2) + share * math.log(share) + (1 - share) * math.log(1 - share)
    for p, q, want, name in (
        (fair, loaded, forth, "KL(fair ‖ loaded)"),
        (loaded, fair, back, "KL(loaded ‖ fair)"),
    ):
        lab.same(
            answer.kl_divergence(p, q), want, name=f"{name} for a coin that shows heads with {share:.2f}"
        )


def check_random_pairs(answer):
    """Random pairs of rows, with any batch axes; each row with itself gives 0 (to within 1e-4)."""
    for shape in ((4, 4), (3, 6), (2, 3, 5), (1, 7), (3, 1)):
        p, q = 2 * torch.randn(shape), 2 * torch.randn(shape)
        lab.same(answer.kl_divergence(p, q), kl_divergence(p, q), name=f"KL(P ‖ Q) of scores {shape}")
    lab.same(answer.kl_divergence(p, p + 3), torch.zeros(3), name="KL(P ‖ P)")


def check_impossible_answers(answer):
    """What P calls impossible costs nothing."""
    p, q = torch.randn(4, 6), torch.randn(4, 6)
    p[:, torch.randperm(6)[:2]] = -torch.inf
    lab.same(answer.kl_divergence(p, q), kl_divergence(p, q), name="KL(P ‖ Q), some scores of P being −∞")


def check_large_scores(answer):
    """Scores in the thousands (to within one part in a thousand)."""
    p, q = 5_000 * torch.randn(5, 7), 5_000 * torch.randn(5, 7)
    got, want = answer.kl_divergence(p, q), kl_divergence(p, q)
    lab.same(got, want, tol=1e-3, name="KL(P ‖ Q) of large scores")


def mistake_other_direction__kl_divergence(p_logits, q_logits):
    """That is KL(Q ‖ P): the weights are Q's. Draw from P, and see how much more surprised Q is. (In
    `F.kl_div(a, b)` it is `b` that plays the part of P.)"""
    return kl_divergence(q_logits, p_logits)


def mistake_both_directions__kl_divergence(p_logits, q_logits):
    """You average both directions. That is a measure, too, but another one: here it is KL(P ‖ Q) alone."""
    return (kl_divergence(p_logits, q_logits) + kl_divergence(q_logits, p_logits)) / 2


def mistake_sign__kl_divergence(p_logits, q_logits):
    """The sign is turned: KL is never negative. The logarithm of P comes with a plus."""
    return -kl_divergence(p_logits, q_logits)


def mistake_mean__kl_divergence(p_logits, q_logits):
    """You take the mean over the answers instead of the sum (`F.kl_div` does that unless told otherwise). The
    probabilities are the weights already: add up."""
    return kl_divergence(p_logits, q_logits) / p_logits.shape[-1]


def mistake_cross_entropy__kl_divergence(p_logits, q_logits):
    """That is the cross-entropy of Q under P: how surprised Q is. KL is how much *more* surprised than P
    itself; subtract P's own surprise, so that KL(P ‖ P) is 0."""
    return -(p_logits.softmax(-1) * q_logits.log_softmax(-1)).sum(-1)


def mistake_nought_times_infinity__kl_divergence(p_logits, q_logits):
    """Where P is 0 you multiply 0 by −∞, and get NaN. Such an answer never happens and costs nothing: choose
    with `torch.where(p > 0, …, 0.0)`."""
    log_p, log_q = p_logits.log_softmax(-1), q_logits.log_softmax(-1)
    return (log_p.exp() * (log_p - log_q)).sum(-1)


def mistake_log_of_softmax__kl_divergence(p_logits, q_logits):
    """You divide probabilities, or take the logarithm of a softmax. As soon as one of Q's rounds to 0, that
    is infinite. Make the logarithms with `log_softmax`."""
    p, q = p_logits.softmax(-1), q_logits.softmax(-1)
    return torch.where(p > 0, p * (p / q).log(), 0.0).sum(-1)


def mistake_bits__kl_divergence(p_logits, q_logits):
    """These are bits, with logarithms to base 2. We count in nats."""
    return kl_divergence(p_logits, q_logits) / math.log(2)


def also_right_kl_div__kl_divergence(p_logits, q_logits):
    return F.kl_div(q_logits.log_softmax(-1), p_logits.softmax(-1), reduction="none").sum(-1)


def also_right_two_entropies__kl_divergence(p_logits, q_logits):
    log_p, p = p_logits.double().log_softmax(-1), p_logits.double().softmax(-1)
    own = torch.where(p > 0, p * log_p, 0.0).sum(-1)
    return (own - torch.einsum("...i,...i->...", p, q_logits.double().log_softmax(-1))).float()


def also_right_loop__kl_divergence(p_logits, q_logits):
    d = p_logits.shape[-1]
    found = []
    for p, q in zip(p_logits.reshape(-1, d), q_logits.reshape(-1, d), strict=True):
        log_p, log_q = p - p.logsumexp(0), q - q.logsumexp(0)
        found.append(sum(log_p[i].exp() * (log_p[i] - log_q[i]) for i in range(d) if log_p[i] > -torch.inf))
    return torch.stack([torch.as_tensor(each) for each in found]).reshape(p_logits.shape[:-1])
