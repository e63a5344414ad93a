"""What the card of attn-only-2l says about its checkpoints: induction arrives, and with which heads."""

from functools import cache

import pytest
import torch

from workers import lab
from workers.training import measure
from workers.training.recipes import RECIPES

NAME = "attn-only-2l"
SEED = 20261129
INDUCTION_HEADS = [3, 5, 6]


@cache
def seen(step: int) -> measure.Repeats:
    return measure.on_repeats(measure.reading(lab.load(NAME, step=step)), 20, seed=SEED)


def test_the_steps_are_those_of_the_recipe():
    assert lab.checkpoints(NAME) == sorted(RECIPES[NAME].checkpoints)


@pytest.mark.parametrize("step", [0, 200, 500, 700])
def test_until_step_700_no_head_does_induction(step):
    on = seen(step)
    assert on.second > 6
    assert max(max(layer) for layer in on.induction) < 0.1


def test_induction_arrives_between_steps_800_and_950():
    assert seen(800).second > 5.5
    assert max(seen(800).induction[1]) < 0.25
    assert seen(950).second < 1.2
    assert min(seen(950).induction[1][head] for head in INDUCTION_HEADS) > 0.6


@pytest.mark.parametrize("step", [900, 950, 1000, 1200, 1600])
def test_the_same_heads_take_the_same_jobs_as_in_the_shipped_model(step):
    on = seen(step)
    assert sorted(range(8), key=lambda head: -on.induction[1][head])[:3] == pytest.approx(
        sorted(INDUCTION_HEADS, key=lambda head: -on.induction[1][head])
    )
    assert max(on.induction[1][head] for head in range(8) if head not in INDUCTION_HEADS) < 0.1
    assert on.prev_token[0][0] > 0.45
    assert max(on.prev_token[0][1:]) < 0.1


def test_the_previous_token_head_comes_first():
    """At step 700, when no head does induction, head 0.0 is already ahead of all others."""
    assert seen(700).prev_token[0][0] > 0.12
    assert max(seen(700).prev_token[0][1:]) < 0.05


def test_the_last_is_close_to_the_shipped_model_and_not_the_same():
    last, shipped = (lab.load(NAME, step=1600).state_dict(), lab.load(NAME).state_dict())
    furthest = max((last[name] - shipped[name]).abs().max().item() for name in shipped)
    assert 0 < furthest < 0.02


def test_the_last_is_as_good_as_the_shipped_model():
    tokens = torch.randint(1, 1024, (32, 20), generator=torch.Generator().manual_seed(SEED))
    twice = torch.cat([torch.zeros(32, 1, dtype=torch.long), tokens, tokens], dim=1)
    ours, shipped = (
        measure.token_losses(model(twice), twice)[:, 21:].mean().item()
        for model in (lab.load(NAME, step=1600), lab.load(NAME))
    )
    assert ours == pytest.approx(shipped, abs=0.05)
