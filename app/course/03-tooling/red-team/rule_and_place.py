"""By the rule, or by the place?

Prompts come in two orders: the right answer is named first, or second. A model that knows the rule prefers
the right one in both. A model with a *position shortcut* prefers whoever stands first, and is called right
whenever that happens to be so.

Split the logit difference: how many nats follow the rule, and how many follow the place? With a rule of
`r` nats and a pull to the first place of `p` nats it is `r + p` in one order and `r - p` in the other.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workers import lab

HINTS = [
    "Take the mean of each order on its own first. What would you see there of a model that knows the rule "
    "alone? Of one that knows the place alone?",
    "The two means are `r + p` and `r - p`. Two equations, two unknowns.",
    "Half of their sum is the rule, half of their difference the place: `torch.stack([(one + other) / 2, "
    "(one - other) / 2])`.",
]
MINUTES = 6
CONCEPTS = ["red-teamed-a-claim"]
DETERMINISTIC = True
PURPOSE = """Three lines that unmask the commonest shortcut there is. They also measure it where both are at
work, which one mean over all prompts cannot do."""
DIFFICULTY = 2
IMPORTANCE = 4
SHAPES = ["difference[is_first]: first", "difference[~is_first]: second"]
WHY = """The mean over all prompts is the rule only if both orders occur equally often; nobody counts that,
and with one order alone the shortcut is worth as much as the skill. Each order has its own mean here, so it
does not matter how many prompts there are of each. The same split works for any feature that ought not to
matter: a name's length, upper case, which of two answers you happened to write down first."""


def rule_and_place(
    difference: Float[Tensor, "prompt"], is_first: Bool[Tensor, "prompt"]
) -> Float[Tensor, "2"]:
    """How many nats of a logit difference follow the rule, and how many the first place.

    `difference` is right against wrong for each prompt; `is_first` says whether the right answer was named
    first. There are prompts of both orders.

    >>> rule_and_place(torch.tensor([5.0, 1.0]), torch.tensor([True, False])).tolist()
    [3.0, 2.0]
    """
    first, second = difference[is_first].mean(), difference[~is_first].mean()
    return torch.stack([(first + second) / 2, (first - second) / 2])


def check_planted(answer):
    """A rule and a shortcut of known strength, in any mixture of the two orders."""
    for _ in range(4):
        rule, place = (3 * torch.randn(2)).tolist()
        is_first = _orders(ones := 3 + _any(9), ones + 1 + _any(9))
        _same(answer, rule + torch.where(is_first, place, -place), is_first, [rule, place])


def check_noise(answer):
    """Prompts differ: the means count."""
    is_first = _orders(5 + _any(9), 17 + _any(9))
    difference = 4 * torch.randn(len(is_first))
    _same(answer, difference, is_first, rule_and_place(difference, is_first).tolist())


def check_shortcut_alone(answer):
    """A model that only looks at the place, on prompts of which nine in ten have the right answer first."""
    is_first = _orders(36, 4)
    _same(answer, torch.where(is_first, 6.0, -6.0), is_first, [0.0, 6.0])


def _any(most: int) -> int:
    return int(torch.randint(most, ()))


def _orders(first: int, second: int) -> Tensor:
    return (torch.arange(first + second) < first)[torch.randperm(first + second)]


def _same(answer, difference: Tensor, is_first: Tensor, want: list[float]) -> None:
    got = answer.rule_and_place(difference, is_first)
    lab.same(got, torch.tensor(want), tol=1e-4, name="rule and place")


def mistake_mean_of_all__rule_and_place(difference, is_first):
    """That is the mean over all prompts: where one order occurs more often, the shortcut is in it. Take the
    mean of each order first."""
    first, second = difference[is_first].mean(), difference[~is_first].mean()
    return torch.stack([difference.mean(), (first - second) / 2])


def mistake_not_halved__rule_and_place(difference, is_first):
    """Sum and difference of the two means are *twice* what you are after: both `r` and `p` stand in each."""
    first, second = difference[is_first].mean(), difference[~is_first].mean()
    return torch.stack([first + second, first - second])


def mistake_place_turned__rule_and_place(difference, is_first):
    """The sign of the place is turned round: a pull to whoever is named *first* counts as positive."""
    first, second = difference[is_first].mean(), difference[~is_first].mean()
    return torch.stack([(first + second) / 2, (second - first) / 2])


def mistake_swapped__rule_and_place(difference, is_first):
    """The rule comes first in the result, then the place."""
    first, second = difference[is_first].mean(), difference[~is_first].mean()
    return torch.stack([(first - second) / 2, (first + second) / 2])


def mistake_means__rule_and_place(difference, is_first):
    """These are the means of the two orders. Split them further: what do they share, and in what do they
    differ?"""
    return torch.stack([difference[is_first].mean(), difference[~is_first].mean()])


def also_right_fitted__rule_and_place(difference, is_first):
    sign = torch.where(is_first, 1.0, -1.0)
    design = torch.stack([torch.ones_like(sign), sign], dim=1)
    return torch.linalg.lstsq(design, difference[:, None]).solution[:, 0]


def also_right_loop__rule_and_place(difference, is_first):
    one = [value for value, first in zip(difference.tolist(), is_first.tolist(), strict=True) if first]
    other = [value for value, first in zip(difference.tolist(), is_first.tolist(), strict=True) if not first]
    a, b = sum(one) / len(one), sum(other) / len(other)
    return torch.tensor([(a + b) / 2, (a - b) / 2])
