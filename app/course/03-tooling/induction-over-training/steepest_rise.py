"""Between which two?

Checkpoints are kept where somebody expected something to happen, so they are never equally far apart. Given
the steps and a measurement at each, find the two neighbouring checkpoints between which it rises fastest
*per step of training*.
"""

import random

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

HINTS = [
    "A large difference between two checkpoints means little if a thousand steps lie between them. What is "
    "the slope?",
    "Neighbours differ by `values[1:] - values[:-1]`, and lie `steps[1:] - steps[:-1]` apart. Both have one "
    "entry less than there are checkpoints.",
    "`steps = torch.tensor(steps)`, `place = (values.diff() / steps.diff()).argmax()`, and the answer is "
    "`steps[place]`, `steps[place + 1]`.",
]
MINUTES = 8
CONCEPTS = ["phase-change"]
DETERMINISTIC = True
PURPOSE = """“It happens at step 875” is a claim about two photographs and the time between them. You will
want this for every curve over training, before you say that two of them turn together."""
DIFFICULTY = 2
IMPORTANCE = 3
SHAPES = ["rise: interval", "apart: interval"]
WHY = """Dividing by the distance is the whole point: the largest difference usually sits in the widest gap,
where nobody looked. What comes back is a *window*, not a moment. All one knows is that it happened in
there."""


def steepest_rise(steps: list[int], values: Float[Tensor, "checkpoint"]) -> tuple[int, int]:
    """The two neighbouring steps between which `values` rise fastest per step. Steps are in ascending order.

    >>> steepest_rise([0, 100, 200, 1200], torch.tensor([0.0, 0.1, 0.6, 1.4]))
    (100, 200)
    """
    rise = values.diff() / torch.tensor(steps).diff()
    place = int(rise.argmax())
    return steps[place], steps[place + 1]


def check_random_curves(answer):
    """Curves that go up and down, at steps that are not equally far apart."""
    for _ in range(6):
        steps, values = _curve(random.randint(3, 12))
        got, want = answer.steepest_rise(steps, values), steepest_rise(steps, values)
        assert got == want, (
            f"At the steps {steps} the values are {[round(v, 3) for v in values.tolist()]}. Per step they "
            f"rise fastest from {want[0]} to {want[1]}; you say from {got[0]} to {got[1]}."
        )


def check_a_wide_gap(answer):
    """A long slow rise is more in all, and less per step."""
    start = random.randint(0, 50)
    steps = [start, start + 1000, start + 1020, start + 1900]
    values = torch.tensor([0.0, 0.5, 0.75, 1.4])
    got = answer.steepest_rise(steps, values)
    assert got == (steps[1], steps[2]), (
        f"From {steps[1]} to {steps[2]} it rises by 0.25 within 20 steps. The others rise by more, over "
        f"hundreds; you say from {got[0]} to {got[1]}."
    )


def check_a_fall(answer):
    """A steep fall is no rise."""
    steps, values = [0, 10, 20, 400], torch.tensor([0.9, 0.1, 0.2, 0.5])
    got = answer.steepest_rise(steps, values)
    assert got == (10, 20), (
        f"From 0 to 10 it falls, however steeply. The fastest *rise* is from 10 to 20; you say {got}."
    )


def check_the_model(answer):
    """The induction score of the shipped model over its training."""
    steps = lab.checkpoints("attn-only-2l")
    once = torch.stack([1 + torch.randperm(1023)[:16] for _ in range(8)])
    tokens = torch.cat([torch.zeros(8, 1, dtype=torch.long), once, once], dim=1)
    query = torch.arange(17, 33)
    values = []
    for step in steps:
        _, cache = lab.load("attn-only-2l", step=step).run_with_cache(tokens)
        values.append(cache["pattern", 1][:, :, query, query - 15].mean((0, 2)).max())
    got, want = answer.steepest_rise(steps, torch.stack(values)), steepest_rise(steps, torch.stack(values))
    assert got == want, f"The best induction score rises fastest from {want[0]} to {want[1]}; you say {got}."


def _curve(count: int) -> tuple[list[int], Tensor]:
    """Steps at random distances, and values of which one rise is clearly the fastest."""
    while True:
        steps = sorted(random.sample(range(0, 3000, 10), count))
        values = torch.rand(count)
        slopes = (values.diff() / torch.tensor(steps).diff()).sort(descending=True).values
        if slopes[0] > 0 and slopes[0] > 1.3 * slopes[1]:
            return steps, values


def mistake_not_per_step__steepest_rise(steps, values):
    """That is the largest difference between neighbours. They are not equally far apart: divide by the steps
    that lie between them."""
    place = int(values.diff().argmax())
    return steps[place], steps[place + 1]


def mistake_falls_too__steepest_rise(steps, values):
    """You take the steepest change, up or down. Asked is where it *rises*."""
    place = int((values.diff() / torch.tensor(steps).diff()).abs().argmax())
    return steps[place], steps[place + 1]


def mistake_one_late__steepest_rise(steps, values):
    """You are one checkpoint late. Entry 0 of the differences lies between checkpoints 0 and 1."""
    place = min(int((values.diff() / torch.tensor(steps).diff()).argmax()) + 1, len(steps) - 2)
    return steps[place], steps[place + 1]


def mistake_places__steepest_rise(steps, values):
    """Those are places in the list. Give the steps that stand there."""
    place = int((values.diff() / torch.tensor(steps).diff()).argmax())
    return place, place + 1


def mistake_lowest_and_highest__steepest_rise(steps, values):
    """From the lowest value to the highest is the whole way. Asked are two neighbours."""
    ends = sorted((int(values.argmin()), int(values.argmax())))
    return steps[ends[0]], steps[ends[1]]


def also_right_loop__steepest_rise(steps, values):
    best, found = -float("inf"), (steps[0], steps[1])
    for i in range(len(steps) - 1):
        slope = (values[i + 1].item() - values[i].item()) / (steps[i + 1] - steps[i])
        if slope > best:
            best, found = slope, (steps[i], steps[i + 1])
    return found


def also_right_max__steepest_rise(steps, values):
    pairs = zip(steps, steps[1:], values, values[1:], strict=False)
    before, after, *_ = max(pairs, key=lambda pair: (pair[3] - pair[2]) / (pair[1] - pair[0]))
    return before, after
