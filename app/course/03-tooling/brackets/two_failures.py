"""Two ways to fail

Read a string of brackets from left to right, and keep a *height*: up by one at `(`, down by one at `)`. The
string is balanced if it ends at height zero and was never below zero on its way. So there are two ways to
fail:

- the **count** is wrong: the string does not end at zero;
- it falls **below zero** somewhere: a bracket closes that was never opened.

Some strings fail in one way, some in both. Write `failures` for a whole batch of token ids at once: START is
0, PAD 1, END 2, `(` 3 and `)` 4. Two truth values for each string, the count first.
"""

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from workers import lab

HINTS = [
    "First a step for each token: +1, −1, or 0 for everything that is no bracket. `cumsum` along the "
    "positions makes heights of them.",
    "`(tokens == 3).long() - (tokens == 4).long()` are the steps. The last height says whether the count is "
    "right; the smallest one says whether the string ever fell below zero.",
    "`height = steps.cumsum(1)`; `torch.stack([height[:, -1] != 0, height.amin(1) < 0], dim=1)`.",
]
MINUTES = 10
CONCEPTS = ["bracket-circuit"]
DETERMINISTIC = True
PURPOSE = """Before you ask how a model does something, do it yourself: the quantities you need are the first
candidates for what it computes. These two failures sort every string for the rest of the lesson."""
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["steps: string pos", "height: string pos"]
WHY = """Differences of comparisons give +1, −1 and 0 in one line, and what is no bracket takes part without a
special case. A running sum replaces the loop over positions: the height at every place, of all strings at
once. A transformer cannot loop, either. It has to come by such a sum through attention."""
STYLE = {"loop": "`cumsum` walks along all strings at once; no loop is needed."}


def failures(tokens: Int[Tensor, "string pos"]) -> Bool[Tensor, "string 2"]:
    """For each string: whether its count is wrong, and whether it falls below zero somewhere.

    >>> failures(torch.tensor([[0, 3, 4, 2, 1], [0, 4, 3, 2, 1], [0, 3, 3, 4, 2]]))
    tensor([[False, False],
            [False,  True],
            [ True, False]])
    """
    steps = (tokens == 3).long() - (tokens == 4).long()
    height = steps.cumsum(1)
    return torch.stack([height[:, -1] != 0, height.amin(1) < 0], dim=1)


def check_short(answer):
    """Short strings, with both failures, one or none."""
    for string in ("()", ")(", "((", "))", "())(", "(()", "())", "(())()", "()))(("):
        got, want = (f(lab.brackets.tokens([string])) for f in (answer.failures, failures))
        assert got[0, 0] == want[0, 0], (
            f"{string} has {string.count('(')} opening and {string.count(')')} closing brackets; your first "
            f"value for it is {bool(got[0, 0])}."
        )
        assert got[0, 1] == want[0, 1], (
            f"Going through {string} from the left, the height {'does' if want[0, 1] else 'never does'} fall "
            f"below zero; your second value for it is {bool(got[0, 1])}."
        )


def check_drawn(answer):
    """Some hundred strings of every kind, up to 40 brackets."""
    tokens = lab.brackets.tokens(lab.brackets.draw(300, seed=int(torch.randint(10_000, ()))))
    lab.same(answer.failures(tokens), failures(tokens), name="the failures")


def check_longer(answer):
    """Longer strings than the model reads, without START and END."""
    tokens = torch.randint(3, 5, (20, int(torch.randint(43, 60, ()))))
    tokens[:, :30] = tokens[:, :30].sort(1).values  # deep, so that not all fall below zero
    lab.same(answer.failures(tokens), failures(tokens), name="the failures")


def mistake_balanced_or_not__failures(tokens):
    """You say True where nothing is wrong. It should be the other way round: True for a failure."""
    return ~failures(tokens)


def mistake_other_order__failures(tokens):
    """The two have changed places: first the count, then the fall below zero."""
    return failures(tokens).flip(1)


def mistake_padding_goes_down__failures(tokens):
    """Padding and END count as steps down, so the height keeps falling behind the string. Whatever is no
    bracket is a step of 0."""
    steps = torch.where(tokens == 3, 1, -1)
    steps[:, 0] = 0
    height = steps.cumsum(1)
    return torch.stack([height[:, -1] != 0, height.amin(1) < 0], dim=1)


def mistake_only_at_the_end__failures(tokens):
    """You ask whether the *last* height is below zero. A string may fall below zero and come up again: ask
    for the smallest height."""
    total = ((tokens == 3).long() - (tokens == 4).long()).sum(1)
    return torch.stack([total != 0, total < 0], dim=1)


def mistake_touches_zero__failures(tokens):
    """Zero is allowed, in the middle of a string as well: `()()` touches it. Only below is a failure."""
    height = ((tokens == 3).long() - (tokens == 4).long()).cumsum(1)
    return torch.stack([height[:, -1] != 0, height.amin(1) <= 0], dim=1)


def mistake_from_the_right__failures(tokens):
    """You go through the strings from the right. For balanced strings that makes no difference, for others it
    does: the height is counted from the left."""
    steps = ((tokens == 4).long() - (tokens == 3).long()).flip(1)
    height = steps.cumsum(1)
    return torch.stack([height[:, -1] != 0, height.amin(1) < 0], dim=1)


def mistake_across_strings__failures(tokens):
    """Your running sum runs from one string into the next: `cumsum` along the positions is `dim=1`."""
    height = ((tokens == 3).long() - (tokens == 4).long()).cumsum(0)
    return torch.stack([height[:, -1] != 0, height.amin(1) < 0], dim=1)


def also_right_loop__failures(tokens):
    rows = []
    for string in tokens.tolist():
        height, below = 0, False
        for token in string:
            height += {3: 1, 4: -1}.get(token, 0)
            below = below or height < 0
        rows.append([height != 0, below])
    return torch.tensor(rows)


def also_right_lookup__failures(tokens):
    steps = torch.tensor([0, 0, 0, 1, -1])[tokens]
    height = torch.cumsum(steps, dim=-1)
    return torch.stack((steps.sum(-1).bool(), (height < 0).any(-1))).T
