"""What the lesson says about its own pictures."""

import pytest
import torch


def with_correlation(x, shape, wanted=0.8):
    x = (x - x.mean()) / x.std()
    rest = shape - shape.mean()
    rest = rest - x * (rest * x).mean() / (x * x).mean()
    return wanted * x + (1 - wanted**2) ** 0.5 * rest / rest.std()


@pytest.mark.parametrize("seed", range(5))
def test_cloud_and_arch_have_the_same_numbers(seed: int):
    torch.manual_seed(seed)
    x = torch.randn(80)
    x = (x - x.mean()) / x.std()
    for shape in (torch.randn(80), -(x.abs() ** 1.5)):
        y = with_correlation(x, shape)
        assert y.mean().abs() < 0.005
        assert y.std().item() == pytest.approx(1, abs=0.05)
        assert torch.corrcoef(torch.stack([x, y]))[0, 1].item() == pytest.approx(0.8, abs=0.01)


def test_the_slower_run_ends_lower_and_still_falls():
    steps = torch.tensor([200.0, 1990.0])
    first, second = 7 * torch.exp(-steps / 300) + 0.45, 7 * torch.exp(-steps / 600) + 0.1
    assert first[0] < second[0]
    assert second[1] < first[1]
