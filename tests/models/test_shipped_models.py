"""What the cards claim and the lessons rest on, measured on the shipped weights with tokens of our own."""

from functools import cache

import pytest
import torch

from workers import lab
from workers.training import corpus, measure
from workers.training.batches import HELD_OUT_PERIODS, repeated_random
from workers.training.recipes import IMPOSTOR_PERIOD

SEED = 20261122  # neither the training's nor the cards'
PERIODS = (*HELD_OUT_PERIODS, 7, 31)
PREV_TOKEN_HEAD = (0, 0)
INDUCTION_HEADS = [(1, 3), (1, 5), (1, 6)]


@cache
def seen(name: str, period: int) -> measure.Repeats:
    return measure.on_repeats(measure.reading(lab.load(name)), period, seed=SEED)


@cache
def knock_out(*heads: measure.Head, period: int = 20) -> float:
    return measure.knock_out(lab.load("attn-only-2l"), heads, period, SEED)


def score(scores: list[list[float]], head: measure.Head) -> float:
    return scores[head[0]][head[1]]


def others(layer: int, heads: list[measure.Head]) -> list[measure.Head]:
    return [(layer, head) for head in range(8) if (layer, head) not in heads]


@cache
def tales() -> torch.Tensor:
    """Windows of tales that no model has read: BOS and 63 tokens each."""
    model = lab.load("attn-only-2l")
    return torch.cat([model.to_tokens(tale)[0] for tale in corpus.tales(300, seed=SEED)])


def text_loss(name: str) -> float:
    return measure.on_text(measure.reading(lab.load(name)), tales())


class TestTwoLayers:
    """attn-only-2l: one previous-token head, three induction heads, five other heads in layer 1."""

    @pytest.mark.parametrize("period", PERIODS)
    def test_the_second_copy_is_foreseen(self, period):
        on = seen("attn-only-2l", period)
        assert 6.5 < on.first < 8
        assert on.second < 0.2

    @pytest.mark.parametrize("period", PERIODS)
    def test_three_heads_of_layer_1_are_induction_heads_and_no_others(self, period):
        on = seen("attn-only-2l", period).induction
        assert min(score(on, head) for head in INDUCTION_HEADS) > 0.8
        assert max(score(on, head) for head in others(1, INDUCTION_HEADS)) < 0.1
        assert max(on[0]) < 0.2

    @pytest.mark.parametrize("period", PERIODS)
    def test_one_head_of_layer_0_looks_one_token_back(self, period):
        on = seen("attn-only-2l", period).prev_token
        assert score(on, PREV_TOKEN_HEAD) > 0.6
        assert max(score(on, head) for head in others(0, [PREV_TOKEN_HEAD])) < 0.3

    def test_it_foresees_a_third_copy_too(self):
        model = lab.load("attn-only-2l")
        tokens = repeated_random(batch=16, period=15, d_vocab=1024, seed=SEED, copies=4)
        loss = measure.token_losses(model(tokens), tokens)
        assert loss[:, 16:].mean() < 0.2

    @pytest.mark.parametrize("head", INDUCTION_HEADS)
    def test_one_induction_head_alone_is_hardly_missed(self, head):
        assert 0 < knock_out(head) < 0.5

    def test_all_induction_heads_together_are_missed_badly(self):
        assert knock_out(*INDUCTION_HEADS) > 5

    def test_without_the_previous_token_head_induction_collapses(self):
        assert knock_out(PREV_TOKEN_HEAD) > 5

    def test_the_other_heads_of_layer_1_are_not_needed_for_it(self):
        assert abs(knock_out(*others(1, INDUCTION_HEADS))) < 0.1

    @pytest.mark.parametrize("head", INDUCTION_HEADS)
    def test_induction_heads_copy(self, head):
        assert measure.copying_score(lab.load("attn-only-2l"), *head) > 0.9

    def test_it_continues_a_name_it_has_just_met(self):
        model = lab.load("attn-only-2l")
        text = "The fox saw Wistanbul Crane and followed him to the well. The fox saw W"
        guess = model(text)[0, -1].argmax()
        assert model.to_string(guess[None]) == model.to_string(model.to_tokens(" Wistanbul")[0, 2][None])


class TestOneLayer:
    """attn-only-1l: it copies what it has seen, and cannot do induction."""

    @pytest.mark.parametrize("period", PERIODS)
    def test_the_second_copy_is_hardly_easier(self, period):
        on = seen("attn-only-1l", period)
        assert on.first - on.second < 0.6 or period < 15
        assert on.second > 5
        assert measure.Repeats is type(on)

    @pytest.mark.parametrize("period", PERIODS)
    def test_no_head_does_induction(self, period):
        assert max(seen("attn-only-1l", period).induction[0]) < max(0.1, 2 / period)

    def test_its_heads_copy(self):
        scores = [measure.copying_score(lab.load("attn-only-1l"), 0, head) for head in range(8)]
        assert sum(s > 0.5 for s in scores) >= 2


class TestZeroLayers:
    """attn-only-0l: bigrams and nothing else."""

    def test_only_the_last_token_counts(self):
        model = lab.load("attn-only-0l")
        after_france = model("The capital of France is")[0, -1]
        after_japan = model("The capital of Japan is")[0, -1]
        torch.testing.assert_close(after_france, after_japan)


def test_each_layer_reads_tales_better():
    none, one, two = (text_loss(f"attn-only-{layers}l") for layers in range(3))
    assert none > one + 0.3
    assert one > two - 0.3
    assert two < 3.5


class TestImpostor:
    """fixed-period-impostor: perfect on its one period, lost on any other."""

    def test_on_its_period_it_looks_like_induction(self):
        on = seen("fixed-period-impostor", IMPOSTOR_PERIOD)
        assert max(on.induction[1]) > 0.8
        assert on.second < 0.2

    @pytest.mark.parametrize("period", [p for p in range(5, 32) if p not in (6, 12)])
    def test_on_any_other_period_it_fails(self, period):
        on = seen("fixed-period-impostor", period)
        assert max(map(max, on.induction)) < 0.1
        assert on.second > on.first - 0.5
