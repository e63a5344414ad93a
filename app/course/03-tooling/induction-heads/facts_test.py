"""Every number that the lesson takes from a model, on the shipped weights."""

import math

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab
from workers.training.batches import HELD_OUT_PERIODS

REAL, ONE_LAYER, IMPOSTOR = "attn-only-2l", "attn-only-1l", "fixed-period-impostor"
HER_PERIOD = 12


@pytest.fixture(autouse=True)
def _same_texts_every_time():
    torch.manual_seed(7)


def said_twice(period: int, texts: int = 32, lowest: int = 1) -> Int[Tensor, "text pos"]:
    once = torch.stack([lowest + torch.randperm(1024 - lowest)[:period] for _ in range(texts)])
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)


def first_and_second(name: str, tokens: Int[Tensor, "text pos"]) -> tuple[float, float]:
    """Mean loss over the first copy, and over the second without its first token."""
    loss, half = lab.load(name)(tokens, return_type="loss", loss_per_token=True), tokens.shape[1] // 2
    return loss[:, :half].mean().item(), loss[:, half + 1 :].mean().item()


def patterns(name: str, tokens: Int[Tensor, "text pos"]) -> Float[Tensor, "layer text head query key"]:
    model = lab.load(name)
    _, cache = model.run_with_cache(tokens)
    return torch.stack([cache["pattern", layer] for layer in range(model.cfg.n_layers)])


def induction_scores(name: str, tokens: Int[Tensor, "text pos"]) -> Float[Tensor, "layer head"]:
    period = tokens.shape[1] // 2
    second = torch.arange(period + 1, 2 * period + 1)
    return patterns(name, tokens)[..., second, second - period + 1].mean(dim=(1, -1))


def one_back_scores(name: str, tokens: Int[Tensor, "text pos"]) -> Float[Tensor, "layer head"]:
    return patterns(name, tokens).diagonal(-1, dim1=-2, dim2=-1).mean(dim=(1, -1))


def bright_heads() -> list[tuple[int, int]]:
    scores = induction_scores(REAL, said_twice(20))
    return [(1, head) for head in scores[1].argsort(descending=True).tolist() if scores[1, head] > 0.5]


def second_without(silent: list[tuple[int, int]]) -> float:
    def silence(z, hook):
        for layer, head in silent:
            if layer == hook.layer():
                z[:, :, head] = 0

    every_z = [(lambda name: name.endswith("hook_z"), silence)]
    tokens = said_twice(20)
    loss = lab.load(REAL).run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=every_z)
    return loss[:, 21:].mean().item()


def test_random_tokens_cost_about_seven_nats_the_first_time_and_next_to_nothing_the_second():
    first, second = first_and_second(REAL, said_twice(20, lowest=300))
    assert 6.5 < first < 7.9
    assert second < 0.3


def test_a_blind_guess_costs_the_logarithm_of_the_vocabulary():
    assert lab.load(REAL).cfg.d_vocab == 1024
    assert math.log(1024) == pytest.approx(6.9, abs=0.05)


def test_the_head_to_guess_reads_the_token_after_the_earlier_copy():
    pattern = patterns(REAL, said_twice(20, texts=200, lowest=300))[1, :, 3, 30]
    assert (pattern.argmax(-1) == 11).float().mean() > 0.95
    assert pattern[:, 11].mean() > 0.7


def test_some_heads_of_the_second_layer_do_the_same_and_some_do_not():
    assert 2 <= len(bright_heads()) <= 5


def test_the_heads_named_in_the_exercise_on_the_pillar_are_induction_heads():
    assert sorted(bright_heads()) == [(1, 3), (1, 5), (1, 6)]
    assert one_back_scores(REAL, said_twice(20)).argmax() == 0


def test_the_one_layer_model_gains_a_little_and_no_more():
    first, second = first_and_second(ONE_LAYER, said_twice(20))
    assert 0.3 < first - second < 2.5
    assert second > 5


def test_the_lessons_own_nonsense_divides_the_models():
    once = lab.load(REAL).to_tokens(" blorp tunket frim wizzle ombo crast", prepend_bos=False)
    tokens = torch.cat([torch.zeros(1, 1, dtype=torch.long), once, once], dim=1)
    assert first_and_second(REAL, tokens)[1] < 1.5
    assert first_and_second(ONE_LAYER, tokens)[1] > 5


def test_heads_are_bright_or_dark_and_only_the_second_layer_has_bright_ones():
    scores = induction_scores(REAL, said_twice(20))
    assert scores[0].max() < 0.2
    bright = scores[1][scores[1] > 0.5]
    assert bright.min() > 0.8
    assert scores[1][scores[1] <= 0.5].max() < 0.2


def test_without_the_brightest_head_little_happens():
    assert second_without([]) < 0.3
    assert second_without(bright_heads()[:1]) < 1.5


def test_without_all_bright_heads_everything_is_lost():
    assert second_without(bright_heads()) > 6


def test_one_head_looks_one_back_and_without_it_everything_is_lost():
    scores = one_back_scores(REAL, said_twice(20))
    assert scores.max() > 0.5
    assert scores.flatten().sort().values[-2] < 0.2
    layer, head = divmod(scores.argmax().item(), 8)
    assert layer == 0
    assert second_without([(layer, head)]) > 5.5


def test_the_impostor_passes_its_own_test():
    tokens = said_twice(HER_PERIOD)
    first, second = first_and_second(IMPOSTOR, tokens)
    assert first > 6.5
    assert second < 0.5
    scores = induction_scores(IMPOSTOR, tokens)
    assert (scores[1] > 0.7).sum() == 3
    assert scores[0].max() < 0.2


def test_at_every_period_the_real_model_knows_and_the_one_layer_model_does_not():
    for period in range(4, 31, 2):
        tokens = said_twice(period, texts=8)
        assert first_and_second(REAL, tokens)[1] < 1
        assert first_and_second(ONE_LAYER, tokens)[1] > 4


def test_the_impostor_has_one_hole_and_is_confidently_wrong_beside_it():
    losses = {
        period: first_and_second(IMPOSTOR, said_twice(period, texts=8))[1] for period in range(4, 31, 2)
    }
    assert min(losses, key=losses.__getitem__) == HER_PERIOD
    others = sorted(loss for period, loss in losses.items() if period != HER_PERIOD)
    assert others[0] > 5
    assert others[3] > 9  # all but three: far worse than a blind guess


def test_the_periods_named_as_unseen_were_unseen():
    assert {10, 20, 30} <= set(HELD_OUT_PERIODS)


def test_without_layers_the_second_copy_is_as_new_as_the_first():
    first, second = first_and_second("attn-only-0l", said_twice(20))
    assert second == pytest.approx(first, abs=0.3)


def test_a_surname_in_a_tale_comes_back_with_two_layers_only():
    tokens = lab.load(REAL).to_tokens("The fox saw Simon Crane and followed him. The owl saw Simon")
    spelled = lab.load(REAL).to_str_tokens(" Crane", prepend_bos=False)
    assert spelled == [" C", "r", "ane"]
    surname = lab.load(REAL).to_tokens(" C", prepend_bos=False)[0, 0]
    chance = {name: lab.load(name)(tokens)[0, -1].softmax(-1)[surname].item() for name in (REAL, ONE_LAYER)}
    assert chance[REAL] > 0.7
    assert chance[ONE_LAYER] < 0.4


def test_the_induction_heads_find_their_place_by_what_one_early_head_wrote():
    for layer, head in bright_heads():
        lead = contributions(layer, head)
        early = one_back_scores(REAL, said_twice(20))[0].argmax().item()
        largest = lead.pop(f"0.{early}")
        assert largest > 7  # e^7 is more than a thousand
        assert max(map(abs, lead.values())) < 0.1 * largest


def contributions(layer: int, head: int) -> dict[str, float]:
    """By how much each part of the residual stream puts the right key ahead of the average one."""
    model, tokens = lab.load(REAL), said_twice(20)
    _, cache = model.run_with_cache(tokens)
    parts = {"token": cache["hook_embed"], "position": cache["hook_pos_embed"]}
    for early in range(8):
        parts[f"0.{early}"] = cache["blocks.0.attn.hook_z"][:, :, early] @ model.W_O[0, early]
    query, scale = cache["q", layer][:, :, head], cache[f"blocks.{layer}.ln1.hook_scale"]
    lead = {}
    for name, vector in parts.items():
        key = ((vector - vector.mean(-1, keepdim=True)) / scale) @ model.W_K[layer, head]
        score = query @ key.transpose(1, 2) / model.cfg.d_head**0.5
        right = score[:, torch.arange(21, 41), torch.arange(2, 22)]
        lead[name] = (right - score[:, 21:, 1:21].mean(-1)).mean().item()
    return lead


def test_the_model_is_three_hundred_times_smaller_than_gpt2_small():
    size = sum(weight.numel() for weight in lab.load(REAL).parameters())
    assert size == pytest.approx(400_000, rel=0.05)
    assert 124_000_000 / size == pytest.approx(300, rel=0.1)
