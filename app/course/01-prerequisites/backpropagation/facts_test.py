"""What the lesson says about slopes and estimates."""

import pytest
import torch
from torch.nn import functional as F


def test_a_value_used_twice_gets_the_sum():
    x, y = torch.tensor(3.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    (x * y + x * x).backward()
    assert x.grad == 8
    assert y.grad == 3


def test_the_best_nudge_is_in_the_middle():
    at = torch.tensor(0.7)
    slope = 3 * torch.cos(3 * at)

    def error(size: float) -> float:
        ends = torch.sin(3 * (at + size)) - torch.sin(3 * (at - size))
        return (ends / (2 * size) - slope).abs().item()

    errors = {power: error(10.0**-power) for power in range(1, 9)}
    assert min(errors, key=errors.__getitem__) in (2, 3, 4)
    assert errors[3] < 0.1 * errors[1]
    assert errors[3] < 0.01 * errors[8]


def test_believed_minus_what_is_so():
    z = torch.randn(6, requires_grad=True)
    F.cross_entropy(z[None], torch.tensor([2])).backward()
    torch.testing.assert_close(z.grad, z.detach().softmax(-1) - F.one_hot(torch.tensor(2), 6))
    assert z.grad.sum().abs() < 1e-6
    assert z.grad[2] < 0
    assert (z.grad[[0, 1, 3, 4, 5]] > 0).all()
    assert z.grad.abs().max() <= 1


@pytest.mark.parametrize("seed", range(4))
def test_at_the_end_of_training_gradients_tell_little_of_what_neurons_are_worth(seed: int):
    torch.manual_seed(seed)
    angle, ring = 6.3 * torch.rand(400), torch.arange(400) % 2
    points = torch.stack([angle.cos(), angle.sin()], dim=1) * (1 + ring[:, None]) + 0.15 * torch.randn(400, 2)
    weights = [torch.randn(2, 16), torch.zeros(16), 0.3 * torch.randn(16, 2), torch.zeros(2)]
    for _ in range(300):
        for weight in weights:
            weight.requires_grad_()
        W1, b1, W2, b2 = weights
        a = (points @ W1 + b1).relu()
        gradients = torch.autograd.grad(F.cross_entropy(a @ W2 + b2, ring), weights)
        weights = [(weight - 0.5 * g).detach() for weight, g in zip(weights, gradients, strict=True)]
    W1, b1, W2, b2 = weights
    a = (points @ W1 + b1).relu()
    loss = F.cross_entropy(a @ W2 + b2, ring)
    assert ((a @ W2 + b2).argmax(-1) == ring).float().mean() > 0.97
    dz = ((a @ W2 + b2).softmax(-1) - F.one_hot(ring, 2)) / 400
    estimate = -(a * (dz @ W2.T)).sum(0)
    truth = torch.stack(
        [F.cross_entropy(a * (torch.arange(16) != n) @ W2 + b2, ring) - loss for n in range(16)]
    )
    assert estimate.abs().sum() < 0.5 * truth.abs().sum()
