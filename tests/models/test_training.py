"""The training code: deterministic tales, a tokenizer that fits them, and a network that is what we ship."""

import pytest
import torch

from workers.lab.models import loading, models
from workers.training import batches, corpus, measure, tokenizer
from workers.training.attention_only import Recipe, surplus, train
from workers.training.gpt2 import GPT2, build
from workers.training.makers import MAKERS
from workers.training.network import AttentionOnly, Shape
from workers.training.recipes import PROSE, RECIPES


def test_a_seed_always_tells_the_same_tales():
    assert list(corpus.tales(20, seed=5)) == list(corpus.tales(20, seed=5))
    assert list(corpus.tales(20, seed=5)) != list(corpus.tales(20, seed=6))


def test_tales_are_finished_sentences():
    for tale in corpus.tales(300, seed=3):
        assert "{" not in tale
        assert tale.endswith((".", '"'))


def test_the_shipped_tokenizer_is_the_one_the_tales_give(tmp_path):
    bpe = tokenizer.train(corpus.tales(30_000, seed=0))
    tokenizer.save(bpe, tmp_path)
    shipped = loading.SHIPPED / "tokenizer"
    for file in ("tokenizer.json", "tokenizer_config.json"):
        assert (tmp_path / file).read_bytes() == (shipped / file).read_bytes()


def test_repeats_repeat():
    tokens = batches.repeated_random(batch=3, period=7, d_vocab=50, seed=0, copies=3)
    assert tokens.shape == (3, 22)
    assert (tokens[:, 0] == batches.BOS).all()
    assert (tokens[:, 1:15] == tokens[:, 8:]).all()
    assert (tokens[:, 1:] > 0).all()


def test_held_out_periods_never_occur_in_training():
    assert not set(batches.HELD_OUT_PERIODS) & set(batches.PERIODS)
    random = torch.Generator().manual_seed(0)
    batch = batches.draw(batches.Mix(), torch.arange(5000) % 1024, 1024, 64, random)
    assert batch.tokens.shape == (64, 64)
    for row, period in zip(batch.tokens, batch.periods.tolist(), strict=False):
        assert (row[1 : 64 - period] == row[1 + period :]).all()


@pytest.mark.parametrize("period", [4, 9])
def test_a_planted_induction_head_scores_one(period):
    pattern = torch.zeros(1, 2, 2 * period + 1, 2 * period + 1)
    for query in range(period + 1, 2 * period + 1):
        pattern[0, 1, query, query - period + 1] = 1
    scores = measure.induction_scores(pattern, torch.tensor([period]))
    torch.testing.assert_close(scores, torch.tensor([0.0, 1.0]))


def test_a_planted_previous_token_head_scores_one():
    pattern = torch.diag_embed(torch.ones(5), offset=-1)[None, None]
    assert measure.prev_token_scores(pattern).tolist() == [1.0]


def test_crowding_is_paid_by_all_but_the_strongest():
    scores = torch.tensor([0.1, 0.7, 0.2])
    assert surplus(scores, 1).item() == pytest.approx(0.3)
    assert surplus(scores, 0).item() == pytest.approx(1.0)
    assert surplus(scores, None).item() == 0


def test_a_silenced_head_writes_nothing():
    shape = Shape(n_layers=1, n_heads=2, d_head=4, d_model=8, d_vocab=11)
    model, x = AttentionOnly(shape, seed=0), torch.randn(1, 5, 8)
    attention = model.blocks[0].attn
    out, _ = attention(x, torch.zeros(1, 2))
    torch.testing.assert_close(out, attention.o.bias.expand_as(out))


def test_the_same_recipe_trains_the_same_weights():
    shape = Shape(n_layers=1, n_heads=2, d_head=4, d_model=8, n_ctx=32, d_vocab=40)
    recipe = Recipe("tiny", shape, steps=3, silenced=(0.1,), most_induction=(1,))
    text = torch.arange(4000) % 40
    first, second = (list(train(recipe, text))[-1][1].weights() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_gpt2_trains_the_same_weights_again_and_ships_them_in_half_the_bytes():
    shape = Shape(n_layers=1, n_heads=2, d_head=4, d_model=8, n_ctx=32, d_vocab=40, d_mlp=16)
    recipe, text = Recipe("tiny", shape, steps=3), torch.arange(4000) % 40
    first, second = (list(train(recipe, text))[-1][1].weights() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert {weight.dtype for weight in first.values()} == {torch.half}
    assert torch.equal(first["embed.weight"], first["unembed.weight"])


def test_a_gpt2_needs_a_width_for_its_mlps():
    with pytest.raises(ValueError, match="d_mlp"):
        GPT2(Shape(n_layers=1), seed=0)


@pytest.mark.parametrize("name", RECIPES)
def test_what_was_trained_is_what_transformer_lens_computes(name):
    model, shape = loading.load(name), RECIPES[name].shape
    trained = build(shape, seed=0)
    state = dict(model.state_dict())
    state.pop("unembed.bias")
    trained.load_state_dict(state)
    tokens = batches.repeated_random(batch=2, period=31, d_vocab=1024, seed=4)
    torch.testing.assert_close(trained(tokens)[0], model(tokens), rtol=1e-4, atol=1e-4)


def test_every_model_has_a_recipe_and_a_card():
    assert set(RECIPES) == set(PROSE)
    assert set(MAKERS) == {entry.name for entry in models()}
    for entry in models():
        assert (loading.SHIPPED / f"{entry.name}.md").read_text("utf-8").startswith(f"# {entry.title}")
