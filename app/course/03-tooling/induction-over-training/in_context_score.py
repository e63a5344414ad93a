"""Late less early

The in-context score of Olsson et al.: the mean loss at late positions of a text, less the mean loss at early
ones. It is negative if the model gets better while it reads.

`losses` has one entry for each *predicted* token: entry 0 says how surprised the model was by token 1.
`early` and `late` are half-open ranges of entries, as in Python."""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "A range (a, b) is the slice `a:b` of the last axis.",
    "Two means, over all texts and all entries of a range, and a difference. Which of them is to be the "
    "larger one in a model that learns from its context?",
    "`losses[:, late[0]:late[1]].mean() - losses[:, early[0]:early[1]].mean()`",
]
MINUTES = 5
CONCEPTS = ["in-context-learning"]
DETERMINISTIC = True
PURPOSE = """In-context learning is a large word; this is what the paper that made it famous measured.
Whoever can write it down in one line can also see what else would move it: easier endings, words that
return, a longer text."""
DIFFICULTY = 1
IMPORTANCE = 3
SHAPES = ["late losses: text late", "early losses: text early"]
WHY = """They took token 500 less token 50, averaged over texts, and found the choice of the two to matter
little. With single positions one needs thousands of texts; ranges of positions do the same with fewer. Loss,
not accuracy: it moves long before the first guess does."""


def in_context_score(
    losses: Float[Tensor, "text pos"], early: tuple[int, int], late: tuple[int, int]
) -> Float[Tensor, ""]:
    """The mean loss over the entries of `late`, less that over `early`, in nats.

    >>> in_context_score(torch.tensor([[5.0, 5.0, 2.0, 4.0]]), early=(0, 2), late=(2, 4))
    tensor(-2.)
    """
    return losses[:, late[0] : late[1]].mean() - losses[:, early[0] : early[1]].mean()


def check_random(answer):
    """Random losses, and ranges of different widths."""
    for _ in range(4):
        texts, length = random.randint(2, 6), random.randint(12, 30)
        losses = 5 * torch.rand(texts, length) + torch.linspace(3, 0, length)
        early = (random.randint(0, 2), random.randint(3, 5))
        late = (random.randint(7, 9), random.randint(10, length))
        got, want = answer.in_context_score(losses, early, late), in_context_score(losses, early, late)
        lab.same(got, want, tol=1e-4, name=f"the score of {early} and {late}")


def check_no_context(answer):
    """A model that does not care for its context has a score of 0, however its texts differ."""
    losses = torch.rand(5, 1).expand(5, 20) * 4
    lab.same(answer.in_context_score(losses, (2, 6), (10, 19)), torch.tensor(0.0), tol=1e-5, name="the score")


def check_the_model(answer):
    """The shipped model on nonsense that is said twice: late is the second copy."""
    once = torch.stack([1 + torch.randperm(1023)[:20] for _ in range(6)])
    tokens = torch.cat([torch.zeros(6, 1, dtype=torch.long), once, once], dim=1)
    losses = lab.load("attn-only-2l")(tokens, return_type="loss", loss_per_token=True)
    case = (losses, (0, 20), (21, 40))
    lab.same(answer.in_context_score(*case), in_context_score(*case), tol=1e-3, name="the score")


def mistake_turned_round__in_context_score(losses, early, late):
    """The sign is turned round: late *less* early, so that a model which learns from its context is below
    zero."""
    return -in_context_score(losses, early, late)


def mistake_end_included__in_context_score(losses, early, late):
    """You take the end of the range along. A range (2, 5) is the entries 2, 3 and 4."""
    return losses[:, late[0] : late[1] + 1].mean() - losses[:, early[0] : early[1] + 1].mean()


def mistake_two_positions__in_context_score(losses, early, late):
    """You take one entry for each range, where it begins. Average over the whole range."""
    return (losses[:, late[0]] - losses[:, early[0]]).mean()


def mistake_sums__in_context_score(losses, early, late):
    """Those are sums. The two ranges need not be equally wide: take means."""
    return losses[:, late[0] : late[1]].sum() - losses[:, early[0] : early[1]].sum()


def mistake_first_text__in_context_score(losses, early, late):
    """You look at the first text alone. Average over all of them."""
    return in_context_score(losses[:1], early, late)


def mistake_ratio__in_context_score(losses, early, late):
    """That is a ratio. The score is a difference, in nats."""
    return losses[:, late[0] : late[1]].mean() / losses[:, early[0] : early[1]].mean()


def also_right_per_text__in_context_score(losses, early, late):
    scores = [row[slice(*late)].mean() - row[slice(*early)].mean() for row in losses]
    return torch.stack(scores).mean()


def also_right_weights__in_context_score(losses, early, late):
    weights = torch.zeros(losses.shape[1])
    weights[late[0] : late[1]] += 1 / (late[1] - late[0])
    weights[early[0] : early[1]] -= 1 / (early[1] - early[0])
    return (losses.mean(0) * weights).sum()
