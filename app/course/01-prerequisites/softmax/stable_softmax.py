"""A softmax that holds

Write the softmax over the last axis by hand, so that it works for scores of any size and in any precision.

The scores may be as large as ±10,000, they may come in half precision (float16), and some may be −∞, which
has to become a probability of exactly 0. Each row has at least one finite score. The values are compared to
within 1e-4; for scores in the thousands, where float32 is coarse, to within 1e-3, and for float16 to within
0.02. `logits` itself must stay as it was.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "Adding the same number to all scores of a row changes nothing. Which number would you add, so that no "
    "power can get too large?",
    "Subtract each row's own largest score: then the largest power is e⁰ = 1. `amax(-1, keepdim=True)` has "
    "the right shape for that.",
    "`powers = (logits - logits.amax(-1, keepdim=True)).exp()`, and then "
    "`powers / powers.sum(-1, keepdim=True)`.",
]
PURPOSE = (
    "The softmax stands at two places of every transformer: it makes attention patterns from scores, with −∞ "
    "where a token must not look, and probabilities from logits at the end."
)
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["largest: *batch 1", "powers: *batch d", "their sum: *batch 1"]
MINUTES = 6
CONCEPTS = ["stable-softmax"]
DETERMINISTIC = True
WHY = """
Subtracting the largest score of *each row* makes the largest power 1. The sum then lies between 1 and d, so
nothing overflows and nothing is divided by 0. What rounds to 0 was negligible beside 1.

- The largest score of the *whole* tensor is not enough. A row far below it rounds to noughts all over, and
  0/0 is NaN. In a batch, that row belongs to another text, so your result depends on who shares the batch.
- Going to float32 helps against float16, and only there: $e^{89}$ is too large for float32 as well.
- `keepdim=True` twice. Without it a square table normalises its columns by sums of rows, as you know.

From now on use `logits.softmax(-1)`. It does exactly this.
"""
STYLE = {
    "loop": "A loop over rows is right. `amax` and `sum` with `keepdim=True` do all rows at once.",
    "softmax": "PyTorch's own softmax is right, and is what to use from now on. It is worth writing once.",
}
SEE = {
    "mistake_no_keepdim__stable_softmax": "normalise_rows",
    "mistake_wrong_axis__stable_softmax": "normalise_rows",
    "mistake_in_place__stable_softmax": "normalise_rows",
}


def stable_softmax(logits: Float[Tensor, "*batch d"]) -> Float[Tensor, "*batch d"]:
    """The softmax over the last axis. `logits` itself must stay as it was.

    >>> stable_softmax(torch.tensor([[0., 0.], [1000., 1000.], [-torch.inf, 5.]]))
    tensor([[0.5000, 0.5000],
            [0.5000, 0.5000],
            [0.0000, 1.0000]])
    """
    powers = (logits - logits.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1, keepdim=True)


def check_small_scores(answer):
    """Ordinary scores: square tables, crooked ones, batches, a single row (to within 1e-4)."""
    for shape in ((5, 5), (3, 7), (1, 4), (4, 1), (6,), (2, 3, 5)):
        logits = 2 * torch.randn(shape)
        lab.same(answer.stable_softmax(logits), logits.softmax(-1), name=f"the softmax of a tensor {shape}")


def check_half_precision(answer):
    """float16, with scores up to about ±30 (to within 0.02)."""
    logits = (60 * torch.rand(4, 7) - 30).half()
    logits[0, 0] = 30
    got = answer.stable_softmax(logits)
    lab.same(got, logits.float().softmax(-1), tol=0.02, name="the softmax of float16 scores up to 30")


def check_large_scores(answer):
    """Scores up to ±10,000, in rows that lie far apart (to within 1e-3)."""
    logits = 3 * torch.randn(4, 6) + torch.tensor([[10_000.0], [-10_000.0], [0.0], [5_000.0]])
    want = logits.double().softmax(-1).float()
    lab.same(answer.stable_softmax(logits), want, tol=1e-3, name="the softmax of large scores")


def check_masked_scores(answer):
    """A score of −∞ becomes a probability of 0."""
    length = 5
    future = torch.full((length, length), -torch.inf).triu(1)
    logits = torch.randn(2, length, length) + future
    lab.same(answer.stable_softmax(logits), logits.softmax(-1), name="the softmax of masked scores")


def check_leaves_its_input_alone(answer):
    """The scores that were handed over are as they were."""
    logits = torch.randn(3, 5)
    lab.same(answer.probe_input_after(logits), logits, name="`logits`, after the call,")


def probe_input_after(logits) -> Float[Tensor, "row d"]:
    stable_softmax(logits)
    return logits


def mistake_float16_overflow__stable_softmax(logits):
    """That is the formula as it stands, and it overflows: in float16 from e^12 on, in float32 from e^89 on.
    Then inf / inf is NaN. Subtract each row's largest score first."""
    powers = logits.exp()
    return powers / powers.sum(-1, keepdim=True)


def mistake_only_float32__stable_softmax(logits):
    """You go to float32 before taking the exponential. That saves half precision, but e^89 is too large for
    float32 as well. Subtract each row's largest score instead: that helps everywhere."""
    powers = logits.float().exp()
    return powers / powers.sum(-1, keepdim=True)


def mistake_cut_off__stable_softmax(logits):
    """You cut large scores off before taking the exponential, so all scores beyond the limit come out equally
    likely. Only differences count: subtract the largest score, and nothing needs to be cut."""
    powers = logits.float().clamp(-80, 80).exp()
    return powers / powers.sum(-1, keepdim=True)


def mistake_largest_of_all__stable_softmax(logits):
    """You subtract the largest score of the *whole* tensor. Rows far below it round to noughts all over, and
    0/0 is NaN. Each row has a largest score of its own: `amax(-1, keepdim=True)`."""
    powers = (logits - logits.max()).exp()
    return powers / powers.sum(-1, keepdim=True)


def mistake_no_keepdim__stable_softmax(logits):
    """The sum has lost its axis, and on a square table it divides the columns: your rows don't sum to 1.
    `keepdim=True` keeps it."""
    powers = (logits - logits.amax(-1, keepdim=True)).exp()
    return powers / powers.sum(-1)


def mistake_wrong_axis__stable_softmax(logits):
    """You normalise over the first axis: the columns sum to 1. The scores of one prediction lie along the
    last axis, −1."""
    return logits.softmax(0)


def mistake_in_place__stable_softmax(logits):
    """The probabilities are right, but you have changed the scores that you were given: `-=` writes into
    them. Write `logits - …`."""
    logits -= logits.amax(-1, keepdim=True)
    return logits.exp() / logits.exp().sum(-1, keepdim=True)


def also_right_logsumexp__stable_softmax(logits):
    logits = logits.float()
    return (logits - logits.logsumexp(-1, keepdim=True)).exp()


def also_right_functional__stable_softmax(logits):
    return torch.nn.functional.softmax(logits, dim=-1)


def also_right_loop__stable_softmax(logits):
    rows = logits.reshape(-1, logits.shape[-1])
    chances = torch.zeros_like(rows)
    for n, row in enumerate(rows):
        powers = torch.exp(row - max(row))
        chances[n] = powers / sum(powers)
    return chances.reshape(logits.shape)


def also_right_differences__stable_softmax(logits):
    logits = logits.double()
    against = logits[..., None, :] - logits[..., :, None]  # how much higher each other score is
    chances = 1 / against.nan_to_num(nan=-torch.inf).clamp(max=700).exp().sum(-1)
    return torch.where(logits == -torch.inf, 0.0, chances).float()
