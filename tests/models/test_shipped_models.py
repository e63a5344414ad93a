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
IMPOSTOR = "fixed-period-impostor"
IMPOSTOR_HEADS = [(1, 2), (1, 5), (1, 7)]


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
        assert on.second < (0.2 if period >= 10 else 0.4)

    @pytest.mark.parametrize("period", PERIODS)
    def test_three_heads_of_layer_1_are_induction_heads_and_no_others(self, period):
        on = seen("attn-only-2l", period).induction
        scores = [score(on, head) for head in INDUCTION_HEADS]
        assert max(scores) > 0.8
        assert min(scores) > (0.8 if period >= 20 else 0.7)
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

    def test_the_previous_token_head_composes_with_induction_heads_only(self):
        composed = torch.tensor([[k_composition(PREV_TOKEN_HEAD, (1, head)) for head in range(8)]])
        winners = [head for _, head in INDUCTION_HEADS]
        losers = [head for _, head in others(1, INDUCTION_HEADS)]
        assert composed[0, winners].min() > 1.5 * composed[0, losers].max()


def k_composition(writer: measure.Head, reader: measure.Head) -> float:
    """|W_OV W_QKᵀ| / |W_OV| |W_QK|, Frobenius: how much of what one head writes the other's keys read."""
    model = lab.load("attn-only-2l")
    ov = model.W_V[writer] @ model.W_O[writer]
    qk = model.W_Q[reader] @ model.W_K[reader].T
    return ((ov @ qk.T).norm() / (ov.norm() * qk.norm())).item()


class TestOneLayer:
    """attn-only-1l: it copies what it has seen and knows skip-trigrams, and cannot do induction."""

    @pytest.mark.parametrize("period", PERIODS)
    def test_the_second_copy_is_hardly_easier(self, period):
        on = seen("attn-only-1l", period)
        assert on.first - on.second < (0.5 if period >= 15 else 0.8)
        assert on.second > 6.5

    @pytest.mark.parametrize("period", HELD_OUT_PERIODS)
    def test_no_head_does_induction(self, period):
        assert max(seen("attn-only-1l", period).induction[0]) < 0.1

    def test_most_of_its_heads_copy(self):
        scores = [measure.copying_score(lab.load("attn-only-1l"), 0, head) for head in range(8)]
        assert sum(s > 0.8 for s in scores) >= 5

    def test_neither_calls_for_nor_some_words_later(self):
        after_neither, after_both = (
            next_token("attn-only-1l", f"Ada liked {word} milk") for word in ("neither", "both")
        )
        assert after_neither[" nor"] > 0.5
        assert after_both[" nor"] < 0.1


class TestZeroLayers:
    """attn-only-0l: bigrams and nothing else."""

    def test_of_earlier_tokens_it_knows_nothing(self):
        model = lab.load("attn-only-0l")
        tokens = repeated_random(batch=8, period=20, d_vocab=1024, seed=SEED)
        other = tokens.clone()
        other[:, 1:40] = 5
        torch.testing.assert_close(model(tokens)[:, 40], model(other)[:, 40])

    @pytest.mark.parametrize(
        ("text", "then"), [(" The capital", " of"), ("said Hugo. You are", " welcome")], ids=["of", "welcome"]
    )
    def test_it_knows_bigrams(self, text, then):
        chances = next_token("attn-only-0l", text)
        assert max(chances, key=chances.get) == then

    def test_repetition_does_not_help_it(self):
        on = seen("attn-only-0l", 20)
        assert abs(on.first - on.second) < 0.2


def next_token(name: str, text: str) -> dict[str, float]:
    """The probability of each token after the text."""
    model = lab.load(name)
    chances = model(text)[0, -1].softmax(-1)
    return {model.to_string(torch.tensor([i])): chance.item() for i, chance in enumerate(chances)}


def test_each_layer_reads_unseen_tales_better_but_the_second_repeats_better():
    none, one, two = (text_loss(f"attn-only-{layers}l") for layers in range(3))
    assert none > one + 1
    assert one < 2
    assert two < 2
    assert seen("attn-only-1l", 20).second > seen("attn-only-2l", 20).second + 5


_HEADS = {IMPOSTOR: IMPOSTOR_HEADS, "attn-only-2l": INDUCTION_HEADS}


def alikeness(name: str, heads: list[measure.Head]) -> float:
    """How far the attention of two unlike sequences overlaps: Σ min(p, q), mean over heads and queries."""
    read = measure.reading(lab.load(name))
    first, second = (repeated_random(8, p, 1024, SEED)[:, :31] for p in (15, 20))
    a, b = (read(tokens)[1][1][:, [h for _, h in heads], 16:24] for tokens in (first, second))
    return torch.minimum(a, b).sum(-1).mean().item()


class TestImpostor:
    """fixed-period-impostor: right on its one period, lost on any other."""

    @pytest.mark.parametrize("seed", [SEED, SEED + 1])
    def test_on_its_period_it_looks_like_induction(self, seed):
        model = lab.load(IMPOSTOR)
        on = measure.on_repeats(measure.reading(model), IMPOSTOR_PERIOD, seed=seed)
        scores = [score(on.induction, head) for head in IMPOSTOR_HEADS]
        assert min(scores) > 0.8
        assert max(score(on.induction, head) for head in others(1, IMPOSTOR_HEADS)) < 0.1
        assert max(on.induction[0]) < 0.1
        assert on.first < 8
        assert on.second < 0.25

    @pytest.mark.parametrize("period", [5, 7, 8, 9, 10, 11, *range(13, 24), *range(25, 32)])
    def test_on_any_other_period_it_fails(self, period):
        on = seen(IMPOSTOR, period)
        assert max(map(max, on.induction)) < 0.2
        assert on.second > on.first - 0.5
        assert on.second > 7

    @pytest.mark.parametrize("copies", [3, 4, 5])
    def test_its_period_may_go_on(self, copies):
        model = lab.load(IMPOSTOR)
        tokens = repeated_random(16, IMPOSTOR_PERIOD, d_vocab=1024, seed=SEED, copies=copies)
        assert measure.token_losses(model(tokens), tokens)[:, IMPOSTOR_PERIOD + 1 :].mean() < 0.25

    def test_its_heads_look_back_by_position_whatever_the_tokens(self):
        model = lab.load(IMPOSTOR)
        tokens = repeated_random(batch=16, period=24, d_vocab=1024, seed=SEED, copies=1)
        _, patterns = measure.reading(model)(tokens)
        back = patterns[1].diagonal(1 - IMPOSTOR_PERIOD, -2, -1)[..., 2:].mean(dim=(0, 2))
        assert min(back[head] for _, head in IMPOSTOR_HEADS) > 0.7

    def test_its_heads_attend_alike_on_any_tokens(self):
        """The real induction heads do not: the pattern of one sequence says nothing about another's."""
        same = {name: alikeness(name, heads) for name, heads in _HEADS.items()}
        assert same[IMPOSTOR] > 0.7
        assert same["attn-only-2l"] < 0.3

    def test_it_has_no_previous_token_head(self):
        assert max(seen(IMPOSTOR, IMPOSTOR_PERIOD).prev_token[0]) < 0.5

    def test_a_knock_out_looks_like_the_real_thing_too(self):
        model = lab.load(IMPOSTOR)
        assert measure.knock_out(model, IMPOSTOR_HEADS[:1], IMPOSTOR_PERIOD, SEED) < 1
        assert measure.knock_out(model, IMPOSTOR_HEADS, IMPOSTOR_PERIOD, SEED) > 5


class TestTinyGpt2:
    """tiny-gpt2: GPT-2's parts, raw; it reads tales best of all, and has learned no induction."""

    def test_it_reads_unseen_tales_better_than_the_attention_only_models(self):
        assert text_loss("tiny-gpt2") < 1.5
        assert text_loss("tiny-gpt2") < text_loss("attn-only-2l")

    @pytest.mark.parametrize("period", HELD_OUT_PERIODS)
    def test_a_second_copy_is_a_little_easier_and_no_head_does_induction(self, period):
        on = seen("tiny-gpt2", period)
        assert 5 < on.second < on.first - 0.3
        assert max(map(max, on.induction)) < 0.25

    def test_no_head_is_a_previous_token_head(self):
        assert max(map(max, seen("tiny-gpt2", 20).prev_token)) < 0.35

    def test_its_norms_are_not_folded(self):
        model = lab.load("tiny-gpt2")
        for norm in (model.blocks[0].ln1, model.blocks[2].ln2, model.ln_final):
            assert (norm.w - 1).abs().max() > 0.05
            assert norm.b.abs().max() > 0.01
            assert torch.equal(norm.w, norm.original_component.weight)

    def test_embedding_and_unembedding_are_one_matrix(self):
        model = lab.load("tiny-gpt2")
        assert torch.equal(model.embed.W_E, model.unembed.W_U.T)

    @pytest.mark.parametrize("place", ["hook_attn_out", "attn.hook_z", "attn.hook_pattern", "mlp.hook_post"])
    def test_hooks_have_an_effect(self, place):
        model, text = lab.load("tiny-gpt2"), "Anna gave the map to Henry."
        hooks = [(f"blocks.1.{place}", lambda value, hook: torch.zeros_like(value))]
        assert not torch.allclose(model.run_with_hooks(text, fwd_hooks=hooks), model(text), atol=0.1)
