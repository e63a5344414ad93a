"""What the lesson says about sizes, valleys and lists."""

import pytest
import torch
from torch import nn

STEEPNESS = torch.tensor([0.5, 20.0])


def size_after_twenty_layers(spread: float) -> float:
    vector = torch.randn(500)
    for _ in range(20):
        vector = spread * torch.randn(500, 500) @ vector
    return vector.std().item()


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_twenty_layers_blow_up_or_die_out_or_keep_their_size(seed: int):
    torch.manual_seed(seed)
    assert 3e6 < size_after_twenty_layers(0.1) < 3e7
    assert size_after_twenty_layers(0.03) < 0.01
    assert 0.3 < size_after_twenty_layers(500**-0.5) < 3
    growth = 0.1 * 500**0.5
    assert growth == pytest.approx(2.2, abs=0.05)


def end_of_walk(optimiser_of) -> float:
    w = torch.tensor([-4.0, 1.0], requires_grad=True)
    optimiser = optimiser_of([w])
    for _ in range(40):
        optimiser.zero_grad()
        (STEEPNESS * w.square() / 2).sum().backward()
        optimiser.step()
    return (STEEPNESS * w.detach() ** 2 / 2).sum().item()


def test_beyond_a_tenth_the_walk_flies_off():
    start = (STEEPNESS * torch.tensor([-4.0, 1.0]) ** 2 / 2).sum().item()
    creeping, leaping, flying = (
        end_of_walk(lambda w, lr=lr: torch.optim.SGD(w, lr=lr)) for lr in (0.02, 0.09, 0.101)
    )
    assert leaping < creeping < start < flying


def test_the_valley_is_forty_times_as_steep_across():
    assert STEEPNESS[1] / STEEPNESS[0] == 40


def test_momentum_and_adam_get_further_than_plain_descent():
    plain = end_of_walk(lambda w: torch.optim.SGD(w, lr=0.04))
    assert end_of_walk(lambda w: torch.optim.SGD(w, lr=0.04, momentum=0.9)) < plain
    assert end_of_walk(lambda w: torch.optim.Adam(w, lr=0.4)) < plain


def test_a_plain_list_hides_its_layers():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(4, 4), nn.Linear(4, 2)]

    assert not list(Hidden().parameters())


def test_torch_draws_linear_weights_between_one_over_the_root():
    for inputs in (25, 400):
        weight = nn.Linear(inputs, 1000).weight
        assert weight.abs().max().item() == pytest.approx(inputs**-0.5, rel=0.01)
        assert weight.std().item() == pytest.approx((3 * inputs) ** -0.5, rel=0.03)


def test_between_two_hinges_the_network_is_a_linear_map():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Linear(16, 2)).double()
    x = torch.randn(2).double()
    near = x + 1e-6 * torch.randn(2).double()
    assert torch.equal(model[0](x) > 0, model[0](near) > 0)
    assert torch.allclose(model((x + near) / 2), (model(x) + model(near)) / 2, atol=1e-14)
