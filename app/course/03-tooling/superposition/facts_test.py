"""Every number that the lesson takes from its toy models, trained anew."""

import math

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

IMPORTANCE = 0.9 ** torch.arange(5)
BORDERS = {0.5: 3, 0.8: 4, 0.97: 5}  # sparsity, and how many of five features most models store


@pytest.fixture(autouse=True)
def _same_beginnings_every_time():
    torch.manual_seed(7)


def trained(
    sparsity: Float[Tensor, "instance"], importance: Tensor, hidden: int
) -> Float[Tensor, "instance hidden feature"]:
    """W of a trained toy model for each sparsity."""
    W = (0.3 * torch.randn(len(sparsity), hidden, len(importance))).requires_grad_()
    b = torch.zeros(len(sparsity), len(importance), requires_grad=True)
    optimiser = torch.optim.Adam([W, b], lr=0.01)
    for step in range(1500):
        shape = len(sparsity), 256, len(importance)
        x = torch.rand(shape) * (torch.rand(shape) >= sparsity[:, None, None])
        x_hat = x @ W.mT @ W + b[:, None]
        loss = (importance * (x - x_hat.relu()) ** 2).sum(-1).mean(-1)
        optimiser.zero_grad()
        loss.sum().backward()
        optimiser.step()
        optimiser.param_groups[0]["lr"] = 0.01 * (1 - step / 1500)
    return W.detach()


def dimensionality(W: Float[Tensor, "instance hidden feature"]) -> Float[Tensor, "instance feature"]:
    gram = W.mT @ W
    squares = gram.diagonal(dim1=1, dim2=2)
    return squares**2 / (gram**2).sum(-1).clamp(min=1e-12)


def stored(W: Float[Tensor, "instance hidden feature"]) -> list[int]:
    return (W.norm(dim=1) > 0.5).sum(-1).tolist()


def arrows(sparsity: float, relu: bool, steps: int) -> Float[Tensor, "hidden feature"]:
    """What the lesson's first cell trains, a model at a time."""
    W, b = (0.3 * torch.randn(2, 5)).requires_grad_(), torch.zeros(5, requires_grad=True)
    optimiser = torch.optim.Adam([W, b], lr=0.02)
    for _ in range(steps):
        x = torch.rand(256, 5) * (torch.rand(256, 5) >= sparsity)
        x_hat = x @ W.T @ W + b
        loss = (IMPORTANCE * (x - (x_hat.relu() if relu else x_hat)) ** 2).sum(-1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return W.detach()


@pytest.mark.parametrize(
    ("sparsity", "relu", "steps", "count"),
    [(0.97, True, 1200, 5), (0.0, True, 1200, 2), (0.97, False, 3000, 2)],
)
def test_the_three_stars_of_the_lesson_have_as_many_arrows_as_it_says(sparsity, relu, steps, count):
    for _ in range(3):
        lengths = arrows(sparsity, relu, steps).norm(dim=0)
        assert (lengths > 0.9).tolist() == [True] * count + [False] * (5 - count)
        assert (lengths[count:] < 0.3).all()


@pytest.mark.parametrize(("sparsity", "count"), BORDERS.items())
def test_rarer_features_are_stored_in_the_order_that_the_lesson_tells(sparsity: float, count: int):
    found = stored(trained(torch.full((16,), sparsity), IMPORTANCE, 2))
    assert max(set(found), key=found.count) == count


def test_the_first_arrangement_beyond_two_has_a_pair_on_one_line():
    W = trained(torch.full((16,), 0.5), IMPORTANCE, 2)
    threes = [w for w in W if (w.norm(dim=0) > 0.5).sum() == 3]
    directions = [w[:, w.norm(dim=0) > 0.5] / w[:, w.norm(dim=0) > 0.5].norm(dim=0) for w in threes]
    opposite = [(each.T @ each).min().item() < -0.95 for each in directions]
    assert len(threes) >= 5
    assert sum(opposite) >= 0.8 * len(opposite)


def test_very_rare_features_make_a_pentagon_whose_arrows_are_longer_than_one():
    W = trained(torch.full((16,), 0.97), IMPORTANCE, 2)
    pentagons = (dimensionality(W) - 0.4).abs().amax(-1) < 0.03
    assert pentagons.sum() >= 14
    assert W[pentagons].norm(dim=1).min() > 1.05
    assert math.cos(math.radians(72)) == pytest.approx(0.31, abs=0.005)


def test_the_curve_of_the_paper_begins_at_one_rests_at_a_half_and_falls_on():
    sparsity = 1 - torch.logspace(0, -1.5, 12)
    W = trained(sparsity, torch.ones(20), 4)
    per_feature = 4 / W.pow(2).sum((1, 2))
    assert per_feature[0] == pytest.approx(1, abs=0.1)
    D, there = dimensionality(W), W.norm(dim=1) > 0.5
    for place in (3, 4):  # a feature in 2.6 examples, and in 3.5
        assert per_feature[place] == pytest.approx(0.5, abs=0.04)
        assert there[place].sum() == 8
        assert (D[place][there[place]] - 0.5).abs().max() < 0.06
    assert per_feature[-1] < 0.2
    assert (D[-1] - 0.2).abs().mean() < 0.1


def test_without_superposition_the_price_is_the_variance_of_what_is_not_stored():
    x = torch.rand(200_000) * (torch.rand(200_000) < 0.3)
    assert x.var().item() == pytest.approx(0.3 / 3 - 0.3**2 / 4, rel=0.02)
