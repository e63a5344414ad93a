"""A metric from 0 to 1

Everything that follows asks one question: how much of the answer came back? So you need a number for it, and
the whole lesson depends on which one you take.

First the **logit difference** at the last position: by how much the right answer beats the wrong one,
averaged over the prompts. Then the same on a scale on which the corrupted run has 0 and the clean run has 1:

$$\\text{recovered} = \\frac{D - D_\\text{corrupted}}{D_\\text{clean} - D_\\text{corrupted}}$$

where $D$ is the mean logit difference of a run.
"""

import random

import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

PURPOSE = (
    "Every map of this lesson is drawn in this unit, and so are most figures in papers on circuits. A "
    "metric that saturates, or that looks at the wrong place, spoils all of them at once."
)
DIFFICULTY = 2
IMPORTANCE = 5
SHAPES = ["last: batch d_vocab", "of_right: batch", "of_wrong: batch"]
HINTS = [
    "The logits at the last position are `logits[:, -1]`, one row a prompt. From each row take two "
    "numbers: the logit of that prompt's right answer, and that of its wrong one.",
    "`gather` picks one entry a row; `torch.arange(batch)` and `right` as two indices do the same. "
    "Average the differences over the prompts first, and only then put them on the scale.",
    "`last.gather(1, right[:, None]).mean() - last.gather(1, wrong[:, None]).mean()` is the whole logit "
    "difference. `recovered` calls it three times.",
]
MINUTES = 10
CONCEPTS = ["logit-difference"]
DETERMINISTIC = True
SEE = {
    "mistake_first_position__logit_difference": "gather_log_probs",
    "mistake_probabilities__logit_difference": "stable_softmax",
}
STYLE = {"loop": "A loop over prompts is right. `gather` takes all prompts at once."}
WHY = """
A logit difference is linear in the last residual stream (up to its norm), so effects of parts can be added
up; probabilities cannot. It also needs no softmax: the sum below it is the same for both answers and drops
out. The mean comes before the division, because a single prompt on which both runs happen to agree would
otherwise divide by nearly nothing and drown all others.
"""


def logit_difference(
    logits: Float[Tensor, "batch pos d_vocab"], right: Int[Tensor, "batch"], wrong: Int[Tensor, "batch"]
) -> Float[Tensor, ""]:
    """By how many logits the right answer beats the wrong one at the last position; the mean over prompts.

    right, wrong: the token ids of both answers, one a prompt.

    >>> logits = torch.tensor([[[9.0, 9.0, 9.0], [1.0, 5.0, 2.0]]])
    >>> logit_difference(logits, torch.tensor([1]), torch.tensor([0]))
    tensor(4.)
    """
    last = logits[:, -1]
    return (last.gather(1, right[:, None]) - last.gather(1, wrong[:, None])).mean()


def recovered(
    logits: Float[Tensor, "batch pos d_vocab"],
    clean_logits: Float[Tensor, "batch pos d_vocab"],
    corrupted_logits: Float[Tensor, "batch pos d_vocab"],
    right: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
) -> Float[Tensor, ""]:
    """The logit difference of `logits`, on a scale on which the corrupted run has 0 and the clean run 1.

    >>> clean, corrupted = torch.tensor([[[0.0, 4.0]]]), torch.tensor([[[4.0, 0.0]]])
    >>> recovered(torch.tensor([[[1.0, 1.0]]]), clean, corrupted, torch.tensor([1]), torch.tensor([0]))
    tensor(0.5000)
    """
    best = logit_difference(clean_logits, right, wrong)
    worst = logit_difference(corrupted_logits, right, wrong)
    return (logit_difference(logits, right, wrong) - worst) / (best - worst)


def check_difference(answer):
    """On random logits of any size, the logit difference is ours."""
    for _ in range(2):
        logits, right, wrong = _case()
        lab.same(
            answer.logit_difference(logits, right, wrong),
            logit_difference(logits, right, wrong),
            name="`logit_difference(logits, right, wrong)`",
        )


def check_ends(answer):
    """The clean run has recovered everything, the corrupted run nothing."""
    clean, right, wrong = _case()
    corrupted = clean + torch.randn_like(clean)
    corrupted[torch.arange(len(right)), -1, right] -= 5
    for logits, value, which in ((clean, 1.0, "clean"), (corrupted, 0.0, "corrupted")):
        got = answer.recovered(logits, clean, corrupted, right, wrong)
        lab.same(got, torch.tensor(value), tol=1e-3, name=f"`recovered` of the {which} run itself")


def check_between_and_beyond(answer):
    """In between it is a straight line, and it goes on beyond both ends."""
    clean, right, wrong = _case()
    row = torch.arange(len(right))
    corrupted = clean.clone()
    corrupted[row, -1, right] -= 1 + 4 * torch.rand(len(right))
    for share in (random.uniform(0.2, 0.8), random.uniform(1.2, 2), random.uniform(-2, -0.2)):
        logits = corrupted + share * (clean - corrupted)
        got = answer.recovered(logits, clean, corrupted, right, wrong)
        lab.same(got, torch.tensor(share), tol=1e-3, name=f"`recovered` of a run {share:.2f} of the way")


def check_each_prompt_its_own(answer):
    """Prompts differ: the mean is taken before the division."""
    logits, right, wrong = _case()
    clean, corrupted = logits + 3 * torch.randn_like(logits), logits + 3 * torch.randn_like(logits)
    row = torch.arange(len(right))
    clean[row, -1, right] += 12
    got = answer.recovered(logits, clean, corrupted, right, wrong)
    want = recovered(logits, clean, corrupted, right, wrong)
    lab.same(got, want, tol=1e-3, name="`recovered` over several prompts")


def _case() -> tuple[Float[Tensor, "batch pos d_vocab"], Int[Tensor, "batch"], Int[Tensor, "batch"]]:
    batch, pos, d_vocab = random.randint(4, 7), random.randint(2, 6), random.randint(9, 20)
    right = torch.randint(d_vocab, (batch,))
    wrong = (right + torch.randint(1, d_vocab, (batch,))) % d_vocab
    return 3 * torch.randn(batch, pos, d_vocab), right, wrong


def mistake_probabilities__logit_difference(logits, right, wrong):
    """These are probabilities, not logits. Probabilities saturate: once an answer has 0.99, nothing that
    happens below it can be seen any more. Leave the softmax away."""
    return logit_difference(logits.softmax(-1), right, wrong)


def mistake_first_position__logit_difference(logits, right, wrong):
    """You read the logits at the first position. What comes next stands at the last one: `logits[:, -1]`."""
    return logit_difference(logits[:, :1], right, wrong)


def mistake_all_positions__logit_difference(logits, right, wrong):
    """You average over all positions. Only the last one speaks about the answer; the others predict tokens
    that are in the prompt already."""
    return logit_difference(logits.mean(1, keepdim=True), right, wrong)


def mistake_sign__logit_difference(logits, right, wrong):
    """It is the other way round: right minus wrong, so that a model that knows the answer has a positive
    number."""
    return -logit_difference(logits, right, wrong)


def mistake_sum__logit_difference(logits, right, wrong):
    """You add the prompts up. With the mean a number means the same for three prompts and for three
    hundred."""
    return logit_difference(logits, right, wrong) * len(right)


def mistake_right_alone__logit_difference(logits, right, wrong):
    """Only the right answer's logit is in there. A part that raises both answers alike has told the model
    nothing about which of them it is; the difference leaves such parts out."""
    return logits[:, -1].gather(1, right[:, None]).mean()


def mistake_share_of_clean__recovered(logits, clean_logits, corrupted_logits, right, wrong):
    """You divide by the clean run alone, and so the corrupted run is not at 0. Take its value away, above and
    below the line."""
    return logit_difference(logits, right, wrong) / logit_difference(clean_logits, right, wrong)


def mistake_upside_down__recovered(logits, clean_logits, corrupted_logits, right, wrong):
    """Clean and corrupted have changed places: your scale has 0 for the clean run."""
    return recovered(logits, corrupted_logits, clean_logits, right, wrong)


def mistake_clamped__recovered(logits, clean_logits, corrupted_logits, right, wrong):
    """You cut the scale off at 0 and 1. Values beyond are news: a part may make the answer worse than in the
    corrupted run, and hiding that hides heads that work against the others."""
    return recovered(logits, clean_logits, corrupted_logits, right, wrong).clamp(0, 1)


def mistake_mean_of_ratios__recovered(logits, clean_logits, corrupted_logits, right, wrong):
    """You put each prompt on a scale of its own and average then. A prompt on which both runs nearly agree is
    divided by nearly nothing, and drowns the others. Average first."""
    each = [
        recovered(*(one[row : row + 1] for one in (logits, clean_logits, corrupted_logits, right, wrong)))
        for row in range(len(right))
    ]
    return torch.stack(each).mean()


def also_right_log_probs__logit_difference(logits, right, wrong):
    log_probs = logits.log_softmax(-1)[:, -1]
    row = torch.arange(len(right))
    return log_probs[row, right].mean() - log_probs[row, wrong].mean()


def also_right_loop__logit_difference(logits, right, wrong):
    total = 0.0
    for text, (good, bad) in enumerate(zip(right.tolist(), wrong.tolist(), strict=True)):
        total += logits[text, -1, good] - logits[text, -1, bad]
    return total / len(right)


def also_right_one_minus__recovered(logits, clean_logits, corrupted_logits, right, wrong):
    best, worst, now = (
        logit_difference(one, right, wrong) for one in (clean_logits, corrupted_logits, logits)
    )
    return 1 - (best - now) / (best - worst)
