"""What the lesson says about numbers, and what it takes from shipped models."""

import math

import pytest
import torch

from workers import lab

TALE = "The fox saw Simon Crane and followed him. The owl saw Simon Crane and followed him."
MODELS = ("attn-only-0l", "attn-only-1l", "attn-only-2l")


def losses(name: str) -> torch.Tensor:
    model = lab.load(name)
    return model(model.to_tokens(TALE), return_type="loss", loss_per_token=True)[0]


def test_where_powers_become_too_large():
    powers = torch.tensor([11.0, 12.0, 88.0, 89.0]).exp()
    assert powers.isfinite().tolist() == [True, True, True, False]
    assert powers.half().isfinite().tolist() == [True, False, False, False]
    assert torch.finfo(torch.float16).max == 65_504
    assert torch.finfo(torch.float32).max == pytest.approx(3.4e38, rel=0.01)
    x = torch.tensor([87.0, 88.0, 89.0])
    assert (x.exp() / x.exp().sum()).isnan().any()


def test_the_price_of_a_probability():
    assert -math.log(0.9) == pytest.approx(0.1, abs=0.01)
    assert math.log(10) == pytest.approx(2.3, abs=0.01)
    assert math.log(1024) == pytest.approx(6.9, abs=0.05)
    assert lab.load("attn-only-2l").cfg.d_vocab == 1024
    assert torch.tensor(-200.0).exp() == 0


def test_more_layers_are_less_surprised_by_the_tale():
    zero, one, two = (losses(name).mean().item() for name in MODELS)
    assert zero > one > two


def test_one_bell_for_two_bumps():
    x = torch.linspace(-8, 8, 321)

    def bell(mean, width):
        return (-((x - mean) ** 2) / (2 * width**2)).log_softmax(-1)

    def kl(log_p, log_q):
        return (log_p.exp() * (log_p - log_q)).sum(-1).item()

    p = torch.logaddexp(math.log(0.6) + bell(-3, 0.7), math.log(0.4) + bell(3, 0.7))
    bells = [(n / 5, w / 10) for n in range(-25, 26) for w in range(4, 40)]
    mean, width = min(bells, key=lambda each: kl(p, bell(*each)))
    assert abs(mean) < 1
    assert width > 2.5
    mean, width = min(bells, key=lambda each: kl(bell(*each), p))
    assert mean == pytest.approx(-3, abs=0.3)
    assert width < 1


def test_one_head_matters_and_most_of_all_where_the_tale_repeats_itself():
    model = lab.load("attn-only-2l")
    tokens = model.to_tokens(TALE)
    clean = model(tokens).log_softmax(-1)[0]
    changes = {}
    for layer, head in [(0, 0), (0, 3), (1, 3)]:

        def silence(z, hook, head=head):
            z[:, :, head] = 0

        hooks = [(f"blocks.{layer}.attn.hook_z", silence)]
        changed = model.run_with_hooks(tokens, fwd_hooks=hooks).log_softmax(-1)[0]
        changes[layer, head] = (clean.exp() * (clean - changed)).sum(-1)
    assert changes[0, 0].mean() > 1.5
    assert changes[0, 0][1:].min() > 0.03, changes[0, 0]
    assert changes[0, 0].argmax() > 12  # in the second sentence
    assert max(changes[0, 3].mean(), changes[1, 3].mean()) < 0.2


def test_half_to_the_power_of_five_hundred():
    assert 2.5e-151 < 0.5**500 < 3.5e-151
    assert torch.tensor(0.5).repeat(500).prod() == 0


def test_the_two_averages_are_far_apart():
    log_probs = -losses("attn-only-2l")
    assert log_probs.exp().mean() == pytest.approx(0.47, abs=0.01)
    assert 1 / log_probs.exp().mean() == pytest.approx(2.1, abs=0.1)
    assert (-log_probs.mean()).exp() > 7
    assert log_probs.exp().min() == pytest.approx(0.00008, abs=0.00001)
