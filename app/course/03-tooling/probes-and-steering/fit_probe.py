"""Fit a linear probe

A linear probe is the plainest reader there is: one direction $w$ and one number $b$. It says “many” where
$x \\cdot w + b > 0$, and “one” elsewhere.

Write `fit_probe`. Logistic regression is the usual way: minimise the cross-entropy of
$\\sigma(x \\cdot w + b)$ against the labels. How you find the minimum is up to you. The examiner never asks
how well your probe did on what it was fitted to: it reads your $w$ and $b$, and counts verdicts on examples
that you have not seen.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workers import lab

HINTS = [
    "`torch.nn.functional.binary_cross_entropy_with_logits(activations @ direction + bias, labels.float())` "
    "is the loss. Both `direction` and `bias` have to be fitted: make them with `requires_grad=True`.",
    "Plain gradient descent begins along the difference of the two means and needs many steps to leave it. "
    "`torch.optim.LBFGS` (it takes a function that computes the loss anew) or a thousand steps of Adam do "
    "it.",
    "Subtract the mean of the activations first, and the fit is much easier. Then undo it: the bias for raw "
    "activations is `bias - centre @ direction`. A little `0.01 * direction.square().sum()` in the loss "
    "keeps the direction from growing without end where the classes separate.",
]
MINUTES = 20
CONCEPTS = ["linear-probe"]
PURPOSE = """Probes are the first thing anybody tries when they ask what a model represents, and the easiest
to fool oneself with. All the rest of this lesson asks what a good probe does and does not show."""
DIFFICULTY = 3
IMPORTANCE = 4
SHAPES = ["centred: example d_model", "score: example"]
WHY = """The direction between the two means looks only at where the classes are. Logistic regression also
looks at how they spread: it turns away from directions in which both classes vary a lot, however far apart
their means are there. That is why it reads better. And it is why its direction need not be the one the model
*writes*: keep that in mind until you steer.

The penalty is small and matters all the same. With more dimensions than the problem needs, some direction
separates the examples perfectly, the loss falls for ever, and the direction grows as long as you let it."""


def fit_probe(
    activations: Float[Tensor, "example d_model"], labels: Bool[Tensor, "example"]
) -> tuple[Float[Tensor, "d_model"], Float[Tensor, ""]]:
    """A direction and a bias: `activations @ direction + bias` is positive where the label is True.

    >>> x = torch.tensor([[5.0, 1.0], [6.0, -1.0], [8.0, 1.0], [9.0, -1.0]])
    >>> direction, bias = fit_probe(x, torch.tensor([False, False, True, True]))
    >>> x @ direction + bias > 0
    tensor([False, False,  True,  True])
    """
    centre = activations.mean(0)
    weights = torch.zeros(activations.shape[1] + 1, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=100)

    def loss() -> Tensor:
        optimiser.zero_grad()
        score = (activations - centre) @ weights[:-1] + weights[-1]
        cost = torch.nn.functional.binary_cross_entropy_with_logits(score, labels.float())
        cost = cost + 0.01 * weights[:-1].square().sum()
        cost.backward()
        return cost

    optimiser.step(loss)
    direction, bias = weights.detach()[:-1], weights.detach()[-1]
    return direction, bias - centre @ direction


def check_two_clouds(answer):
    """Two clouds that lie apart, and not around zero: new points of both are told apart."""
    _told_apart(answer, spread=1.0, least=0.97)


def check_wide_clouds(answer):
    """Clouds that spread widely along a direction in which their means differ, too."""
    _told_apart(answer, spread=6.0, least=0.95)


def check_unseen_nouns(answer):
    """The number of subjects in `tiny-gpt2`, after its last layer: nouns that your probe has never met."""
    seeds = torch.randint(1, 10_000, (2,)).tolist()
    seen, unseen = lab.agreement(600, seeds[0]), lab.agreement(300, seeds[1], held_out=True)
    direction, bias = answer.fit_probe(_after_last_layer(seen.tokens), seen.many)
    accuracy = _accuracy(direction, bias, _after_last_layer(unseen.tokens), unseen.many)
    assert accuracy >= 0.88, (
        f"On sentences about nouns it has not met, your probe is right {accuracy:.0%} of the time; 88 % are "
        "asked for, and a logistic regression with a small penalty gets about 95 %. Did the fit run to its "
        "end?"
    )


def _told_apart(answer, spread: float, least: float) -> None:
    """Fit on one sample of two planted clouds, count on another."""
    for size, share in ((7, 0.5), (24, 0.3)):
        points, labels = _clouds(900, size, spread, share)
        direction, bias = answer.fit_probe(points[:500], labels[:500])
        accuracy = _accuracy(direction, bias, points[500:], labels[500:])
        assert accuracy >= least, (
            f"On 400 new points of the same two clouds ({size} dimensions) your probe is right "
            f"{accuracy:.0%} of the time, and {least:.0%} are asked for."
        )


def _clouds(count: int, size: int, spread: float, share: float) -> tuple[Tensor, Tensor]:
    """Means that differ along two axes: a narrow one, that tells, and one along which both spread."""
    labels = torch.rand(count) < share
    points = 0.35 * torch.randn(count, size)
    points[:, 0] += labels * 2.4 + 3  # far from zero: without a bias nothing is to be had
    points[:, 1] = spread * torch.randn(count) + labels * 2.4
    turn = torch.linalg.qr(torch.randn(size, size)).Q
    return points @ turn, labels


def _accuracy(direction: Tensor, bias: Tensor, activations: Tensor, labels: Tensor) -> float:
    return ((activations @ direction + bias > 0) == labels).float().mean().item()


def _after_last_layer(tokens: Tensor) -> Tensor:
    """The residual stream at the last position."""
    _, cache = lab.load("tiny-gpt2").run_with_cache(tokens, names_filter="blocks.2.hook_resid_post")
    return cache["resid_post", 2][:, -1]


def mistake_between_the_means__fit_probe(activations, labels):
    """Your direction runs from one mean to the other. That ignores how the clouds spread: along some of that
    direction both of them are wide, and a probe does better to look elsewhere."""
    many, one = activations[labels].mean(0), activations[~labels].mean(0)
    return many - one, -(many - one) @ (many + one) / 2


def mistake_no_bias__fit_probe(activations, labels):
    """There is no bias: your border has to pass through zero, and these activations lie elsewhere."""
    weights = torch.zeros(activations.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=100)

    def loss():
        optimiser.zero_grad()
        cost = torch.nn.functional.binary_cross_entropy_with_logits(activations @ weights, labels.float())
        cost = cost + 0.01 * weights.square().sum()
        cost.backward()
        return cost

    optimiser.step(loss)
    return weights.detach(), torch.zeros(())


def mistake_turned__fit_probe(activations, labels):
    """It is the other way round: your score is positive where the label is False."""
    direction, bias = fit_probe(activations, labels)
    return -direction, -bias


def mistake_centred__fit_probe(activations, labels):
    """You subtract the mean before you fit and forget it afterwards: the bias you return is right for centred
    activations only. For raw ones it is `bias - centre @ direction`."""
    direction, bias = fit_probe(activations, labels)
    return direction, bias + activations.mean(0) @ direction


def mistake_a_few_steps__fit_probe(activations, labels):
    """The fit stops long before the minimum: after a few small steps a probe points roughly from one mean to
    the other. Take more steps, or a better optimiser."""
    centre = activations.mean(0)
    weights = torch.zeros(activations.shape[1], requires_grad=True)
    optimiser = torch.optim.SGD([weights], lr=0.01)
    for _ in range(20):
        optimiser.zero_grad()
        score = (activations - centre) @ weights
        torch.nn.functional.binary_cross_entropy_with_logits(score, labels.float()).backward()
        optimiser.step()
    direction = weights.detach()
    return direction, -centre @ direction


def also_right_least_squares__fit_probe(activations, labels):
    ones = torch.ones(len(activations), 1)
    x, y = torch.cat([activations, ones], dim=1), 2 * labels.float() - 1
    ridge = 1e-2 * len(x) * torch.eye(x.shape[1])
    ridge[-1, -1] = 0
    weights = torch.linalg.solve(x.T @ x + ridge, x.T @ y)
    between = 0.5 * ((x @ weights)[labels].mean() + (x @ weights)[~labels].mean())
    return weights[:-1], (weights[-1] - between).item()


def also_right_adam__fit_probe(activations, labels):
    mean, std = activations.mean(0), activations.std(0) + 1e-6
    probe = torch.nn.Linear(activations.shape[1], 1)
    optimiser = torch.optim.Adam(probe.parameters(), lr=0.03, weight_decay=1e-3)
    for _ in range(800):
        score = probe((activations - mean) / std)[:, 0]
        optimiser.zero_grad()
        torch.nn.functional.binary_cross_entropy_with_logits(score, labels.float()).backward()
        optimiser.step()
    direction = probe.weight.detach()[0] / std
    return direction, probe.bias.detach()[0] - mean @ direction
