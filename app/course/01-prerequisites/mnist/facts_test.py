"""Every number that the lesson takes from a network, on the images as `lab.mnist` gives them."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from workers import digits, lab

pytestmark = pytest.mark.skipif(not digits.public_file().exists(), reason="the digits were never fetched")

SEEDS = range(3)


def make_model() -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(28 * 28, 100), nn.ReLU(), nn.Linear(100, 10))


def read_right(model: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    return (model(images).argmax(-1) == labels).float().mean().item()


def trained(seed: int, count: int, steps: int, clears: bool = True) -> tuple[nn.Module, list[float]]:
    torch.manual_seed(seed)
    images, labels = lab.mnist()
    model, losses = make_model(), []
    optimiser = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        loss = F.cross_entropy(model(images[:count]), labels[:count])
        if clears:
            optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    return model, losses


def test_the_images_are_as_many_as_the_lesson_says():
    images, labels = lab.mnist()
    assert images.shape == (4000, 28, 28)
    assert labels.bincount().tolist() == [400] * 10
    assert (images.min(), images.max()) == (0, 1)


def test_an_untrained_network_pays_the_logarithm_of_ten():
    images, labels = lab.mnist()
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = make_model()
        assert F.cross_entropy(model(images), labels).item() == pytest.approx(math.log(10), abs=0.05)
        assert read_right(model, images, labels) < 0.2
    assert math.log(10) == pytest.approx(2.30, abs=0.005)
    assert math.log(50_000) == pytest.approx(10.8, abs=0.05)


def test_a_hundred_images_are_learned_by_heart_and_every_third_other_is_misread():
    images, labels = lab.mnist()
    for seed in SEEDS:
        model, losses = trained(seed, 100, 100)
        assert losses[0] == pytest.approx(2.3, abs=0.1)
        assert losses[-1] < 0.001
        assert read_right(model, images[:100], labels[:100]) == 1
        assert read_right(model, images[100:], labels[100:]) == pytest.approx(0.67, abs=0.05)


def test_without_clearing_the_gradients_it_cannot_settle():
    images, labels = lab.mnist()
    for seed in SEEDS:
        well, losses = trained(seed, 500, 60)
        badly, their_losses = trained(seed, 500, 60, clears=False)
        assert read_right(well, images[500:], labels[500:]) > 0.84
        assert read_right(badly, images[500:], labels[500:]) < 0.7
        assert losses[-1] < 0.05 < 0.3 < their_losses[-1] < max(their_losses)


def test_the_network_has_79510_numbers():
    assert sum(parameter.numel() for parameter in make_model().parameters()) == 79_510


def test_pixels_at_the_border_are_blank_in_nearly_all_images():
    images, _ = lab.mnist()
    inked = (images > 0).float().mean(0)
    assert torch.cat([inked[:2].flatten(), inked[:, :2].flatten()]).max() < 0.02


def test_one_linear_layer_comes_astonishingly_far():
    from workers.examiner.digits import private_mnist

    torch.manual_seed(0)
    images, labels = lab.mnist()
    model = nn.Sequential(nn.Flatten(), nn.Linear(784, 10))
    optimiser = torch.optim.Adam(model.parameters(), lr=0.003)
    for _ in range(10):
        for piece in torch.randperm(4000).split(100):
            optimiser.zero_grad()
            F.cross_entropy(model(images[piece]), labels[piece]).backward()
            optimiser.step()
    assert 0.88 < read_right(model, *private_mnist()) < 0.92
