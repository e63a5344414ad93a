"""Every number that the lesson takes from the checkpoints."""

from functools import cache

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

STEPS = lab.checkpoints("attn-only-2l")
BRIGHT, OTHERS = [3, 5, 6], [0, 1, 2, 4, 7]


@cache
def tokens() -> Tensor:
    torch.manual_seed(7)
    once = torch.stack([1 + torch.randperm(1023)[:20] for _ in range(32)])
    return torch.cat([torch.zeros(32, 1, dtype=torch.long), once, once], dim=1)


@cache
def tales() -> Tensor:
    model = lab.load("attn-only-2l")
    rows = [model.to_tokens(tale)[0] for tale in lab.tales(150, seed=5)]
    return torch.stack([row[:64] for row in rows if len(row) >= 64])


@cache
def at(step: int) -> tuple[Float[Tensor, "pos"], Float[Tensor, "layer head"], Float[Tensor, "layer head"]]:
    """Mean loss at each token, induction scores and previous-token scores."""
    loss, cache = lab.load("attn-only-2l", step=step).run_with_cache(
        tokens(), return_type="loss", loss_per_token=True
    )
    pattern, query = torch.stack([cache["pattern", layer] for layer in range(2)]), torch.arange(21, 41)
    induction = pattern[..., query, query - 19].mean((1, 3))
    return loss.mean(0), induction, pattern.diagonal(-1, dim1=-2, dim2=-1).mean((1, 3))


def second(step: int) -> float:
    return at(step)[0][21:].mean().item()


def first(step: int) -> float:
    return at(step)[0][:20].mean().item()


@cache
def tale_losses(step: int) -> Float[Tensor, "pos"]:
    return lab.load("attn-only-2l", step=step)(tales(), return_type="loss", loss_per_token=True).mean(0)


def late_less_early(step: int) -> float:
    losses = tale_losses(step)
    return (losses[40:].mean() - losses[5:15].mean()).item()


def test_twelve_moments_are_kept_and_among_them_those_that_are_named():
    assert len(STEPS) == 12
    assert {500, 700, 800, 850, 875, 900, 950, 1000, 1600} <= set(STEPS)


def test_for_half_of_the_training_nothing_happens_and_then_it_takes_150_steps():
    assert second(700) == pytest.approx(6.4, abs=0.3)
    assert second(700) > first(700) - 1.2
    assert second(800) == pytest.approx(6, abs=0.35)
    assert second(950) < 1
    assert second(950) == pytest.approx(0.7, abs=0.3)
    assert second(1600) == pytest.approx(0.04, abs=0.03)
    assert at(800)[1].max() == pytest.approx(0.15, abs=0.06)
    assert at(950)[1].max() == pytest.approx(0.8, abs=0.07)


def test_the_previous_token_head_is_on_its_way_before():
    start, before, end = (at(step)[2][0, 0].item() for step in (0, 800, 1600))
    assert before > 2 * start
    assert before == pytest.approx(0.25, abs=0.06)
    assert end > 0.8
    share = {step: at(step)[2][0, 0].item() / end for step in (700, 800)}
    found = {step: at(step)[1].max().item() / at(1600)[1].max().item() for step in (700, 800)}
    assert all(share[step] > found[step] for step in (700, 800))


def test_the_other_heads_of_layer_1_never_score():
    assert all(at(step)[1][1, OTHERS].max() < 0.1 for step in STEPS)
    assert all(at(step)[1][0].max() < 0.15 for step in STEPS)
    assert all(at(950)[1][1, BRIGHT] > 0.6)


def test_the_loss_on_tales_stays_within_a_tenth_of_a_nat():
    between = [step for step in STEPS if 800 <= step <= 950]
    losses = [tale_losses(step).mean().item() for step in between]
    assert max(losses) - min(losses) < 0.1


def test_the_first_copy_gets_a_little_worse():
    assert 0.1 < first(875) - first(700) < 1


def test_the_in_context_score_on_tales_falls_in_the_same_hundred_steps():
    assert late_less_early(700) == pytest.approx(-0.1, abs=0.06)
    assert late_less_early(875) < -0.28
    assert abs(tale_losses(875).mean() - tale_losses(700).mean()) < 0.1
