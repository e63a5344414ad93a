"""What the card of `brackets` claims, on strings of our own; and that its recipe trains."""

import dataclasses

import pytest
import torch

from workers import lab
from workers.lab.models.loading import SHIPPED
from workers.training.bracket_strings import failures, is_balanced, mixture, tokens
from workers.training.brackets import Brackets, Classifier, Recipe, kinds, train, verdicts

SEED = 20261129  # neither the training's nor the card's


@pytest.fixture(scope="module")
def strings():
    return mixture(10_000, torch.Generator().manual_seed(SEED))


def test_it_is_right_about_more_than_995_of_1000_strings_a_bracket_or_two_away(strings):
    right = (verdicts(lab.load("brackets"), strings) > 0) == (is_balanced(strings) == 0)
    assert right.float().mean() > 0.995
    assert right[kinds(strings)["below zero alone"]].float().mean() > 0.98


def test_its_mistakes_are_falls_below_zero_in_long_strings_whose_count_is_right(strings):
    wrong = (verdicts(lab.load("brackets"), strings) > 0) != (is_balanced(strings) == 0)
    assert wrong.sum() > 0
    assert kinds(strings)["below zero alone"][wrong].float().mean() > 0.9
    assert (strings[wrong] != 0).sum(1).float().mean() > 30


def test_each_head_of_the_last_layer_reports_one_failure(strings):
    some = strings[:4000]
    model, sorted_ = lab.load("brackets"), kinds(some)
    without = [verdicts(model, some, silent) > 0 for silent in (0, 1)]
    count, below = sorted_["wrong count alone"], sorted_["below zero alone"]
    assert without[0][count].float().mean() < 0.05
    assert without[0][below].float().mean() > 0.95
    assert without[1][below].float().mean() < 0.05
    assert without[1][count].float().mean() > 0.95


def test_the_last_mlp_is_silent():
    assert lab.load("brackets").blocks[2].mlp.W_out.abs().max() == 0


def test_what_was_trained_is_what_transformer_lens_computes(strings):
    model, trained = lab.load("brackets"), Classifier(Recipe())
    state = dict(model.state_dict())
    trained.load_state_dict({name: state[name] for name in trained.state_dict()})
    with torch.no_grad():
        logits = trained(tokens(strings[:50]))[0]
    torch.testing.assert_close(model(tokens(strings[:50]))[:, 0], logits, rtol=1e-3, atol=1e-3)


def test_the_recipe_trains_and_a_seed_gives_the_same_model_again():
    recipe = dataclasses.replace(Recipe(), steps=3, batch=8)
    first, second = (list(train(recipe))[-1][1].weights() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert set(first) == set(lab.load("brackets").state_dict())


def test_both_failures_make_up_what_is_unbalanced(strings):
    assert torch.equal(is_balanced(strings) == 0, failures(strings).bool().any(0))


def test_the_file_is_small_and_the_recipe_is_the_shipped_one():
    assert (SHIPPED / "brackets.safetensors").stat().st_size < 500_000
    assert f"{Brackets().recipe.steps} steps of {Brackets().recipe.batch}" in (
        SHIPPED / "brackets.md"
    ).read_text("utf-8")
