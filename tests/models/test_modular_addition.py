"""What the card of modular-addition claims, measured on the shipped files; and how it is trained."""

from dataclasses import replace
from functools import cache

import pytest
import torch

from workers import lab
from workers.training import waves
from workers.training.modular_addition import (
    Adder,
    ModularAddition,
    Recipe,
    key_frequencies,
    split,
    train,
    trained_on,
)

NAME = "modular-addition"
RECIPE = Recipe()
SEEN = trained_on(RECIPE)


@cache
def logits(step: int | None = None) -> torch.Tensor:
    return waves.read(lab.load(NAME, step=step))[0]


def test_it_adds_all_pairs():
    assert waves.accuracy(logits(), SEEN) == 1
    assert waves.accuracy(logits(), ~SEEN) == 1


def test_the_steps_are_those_of_the_recipe_and_the_last_is_the_model():
    assert lab.checkpoints(NAME) == sorted(RECIPE.checkpoints)
    last, shipped = (lab.load(NAME, step=RECIPE.steps).state_dict(), lab.load(NAME).state_dict())
    assert all(torch.equal(last[name], shipped[name]) for name in shipped)


@pytest.mark.parametrize("step", [500, 900, 1400, 2000, 2500])
def test_on_the_plateau_it_knows_by_heart_and_nothing_else(step):
    assert waves.accuracy(logits(step), SEEN) == 1
    assert waves.loss(logits(step), SEEN) < 1e-3
    assert waves.accuracy(logits(step), ~SEEN) < 0.31
    assert waves.loss(logits(step), ~SEEN) > 10  # a blind guess costs 4.1


def test_then_it_understands():
    assert waves.accuracy(logits(3000), ~SEEN) < 0.5
    assert waves.accuracy(logits(4000), ~SEEN) > 0.95
    assert waves.accuracy(logits(5000), ~SEEN) > 0.999
    assert waves.loss(logits(8000), ~SEEN) < 1e-5


def test_three_frequencies_are_nearly_all_of_the_embedding():
    keys = key_frequencies(NAME)
    assert keys == [2, 13, 27]
    share = waves.power(lab.load(NAME).W_E[:-1])
    assert share[torch.tensor(keys) - 1].sum() > 0.95
    assert share.sort().values[-4] < 0.03


def test_at_the_start_no_frequency_stands_out():
    assert waves.power(lab.load(NAME, step=0).W_E[:-1]).max() < 0.05


def test_the_logits_are_three_waves_of_a_plus_b_minus_c():
    keys = key_frequencies(NAME)
    assert waves.explained(logits(), keys) > 0.98
    others = [k for k in range(1, 30) if k not in keys]
    assert waves.explained(logits(), others) < 0.01


def test_the_restricted_loss_falls_long_before_the_test_loss():
    keys = key_frequencies(NAME)
    falls = [waves.restricted_loss(logits(step), keys, ~SEEN) for step in lab.checkpoints(NAME)[2:]]
    assert falls == sorted(falls, reverse=True)
    assert waves.restricted_loss(logits(2500), keys, ~SEEN) < 0.6


def test_the_excluded_loss_rises_before_the_test_loss_falls():
    keys = key_frequencies(NAME)
    excluded = {step: waves.excluded_loss(logits(step), keys, SEEN) for step in lab.checkpoints(NAME)}
    assert min(excluded, key=excluded.__getitem__) == 900
    assert excluded[1400] > 3 * excluded[900]
    assert waves.loss(logits(1400), ~SEEN) > waves.loss(logits(900), ~SEEN)
    assert excluded[4500] > 6


def test_most_neurons_are_of_one_frequency():
    best, purity = waves.neurons(waves.read(lab.load(NAME))[1])
    others = [k for k in best.tolist() if k not in (0, *key_frequencies(NAME))]
    assert len(others) <= 2
    assert (purity > 0.85).sum() > 340


def test_without_one_of_its_frequencies_it_still_adds_and_without_all_it_guesses():
    keys = key_frequencies(NAME)
    for k in keys:
        assert waves.loss(logits() - waves.key_part(logits(), [k]), ~SEEN) < 1.5
    assert waves.loss(logits() - waves.key_part(logits(), keys), ~SEEN) > 4


def test_what_is_trained_is_what_transformer_lens_computes():
    model, recipe = lab.load(NAME), RECIPE
    adder = Adder(recipe)
    state = {name: weight for name, weight in model.state_dict().items() if weight.any()}
    renamed = {
        name.replace("blocks.0.attn.", "")
        .replace("blocks.0.mlp.in", "read")
        .replace("blocks.0.mlp.out", "write"): w
        for name, w in state.items()
    }
    adder.load_state_dict(renamed)
    pairs = split(recipe)[1][:50]
    tokens = torch.cat([pairs, torch.full((50, 1), recipe.p)], dim=1)
    torch.testing.assert_close(adder(pairs), model(tokens)[:, -1], rtol=1e-4, atol=1e-4)


def test_the_same_recipe_trains_the_same_weights():
    recipe = replace(RECIPE, p=11, d_model=16, d_mlp=20, steps=4)
    first, second = (list(train(recipe))[-1][1].weights() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert {weight.dtype for weight in first.values()} == {torch.half}


def test_training_learns_the_pairs_it_is_shown_and_keeps_its_checkpoints():
    recipe = replace(RECIPE, p=11, d_model=32, d_mlp=64, steps=150, checkpoints=(0, 100, 150))
    trained = ModularAddition(recipe).train()
    assert sorted(trained.checkpoints) == [0, 100, 150]
    assert not torch.equal(trained.checkpoints[0]["embed.weight"], trained.weights["embed.weight"])
    adder, (pairs, _) = Adder(recipe), split(recipe)
    *_, (_, adder) = train(recipe)
    assert (adder(pairs).argmax(1) == pairs.sum(1) % 11).all()


def test_the_training_pairs_are_two_fifths_and_the_rest_is_unseen():
    pairs, unseen = split(RECIPE)
    assert len(pairs) == 1392
    assert len(pairs) + len(unseen) == 59**2
    assert int(SEEN.sum()) == 1392


class TestMeasures:
    """On logits that are nothing but planted waves."""

    def planted(self, p=13, k=4):
        turn = (waves.sums(p)[..., None] - torch.arange(p)).double()
        return 6 * torch.cos(2 * torch.pi * k * turn / p)

    def test_a_wave_explains_itself_and_no_other_does(self):
        assert waves.explained(self.planted(), [4]) == pytest.approx(1)
        assert waves.explained(self.planted(), [1, 2, 3, 5, 6]) == pytest.approx(0, abs=1e-9)

    def test_restricted_keeps_it_and_excluded_takes_it_out(self):
        logits, every = self.planted(), torch.ones(13, 13, dtype=torch.bool)
        whole = waves.loss(logits, every)
        assert waves.restricted_loss(logits, [4], every) == pytest.approx(whole)
        assert waves.excluded_loss(logits, [4], every) == pytest.approx(torch.tensor(13.0).log().item())

    def test_a_neuron_that_multiplies_two_waves_is_found(self):
        x = 2 * torch.pi * 3 * torch.arange(13).double() / 13
        post = torch.stack([torch.outer(x.cos(), x.sin()), torch.ones(13, 13)], dim=-1)
        best, purity = waves.neurons(post)
        assert best.tolist() == [3, 0]
        assert purity.tolist() == pytest.approx([1, 0])
