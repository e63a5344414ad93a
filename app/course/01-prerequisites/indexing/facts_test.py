"""What the lesson says about shapes, and what it takes from a shipped model."""

import math

import pytest
import torch

from workers import lab

MODEL = "attn-only-2l"
WORDS = [
    "he",
    "she",
    "Simon",
    "Anna",
    "Nora",
    "Diana",
    "blue",
    "green",
    "red",
    "yellow",
    "six",
    "seven",
    "three",
    "four",
    "was",
    "were",
    "said",
    "asked",
]
# of them: pronouns, names, colours, numbers
KINDS = [range(2), range(2, 6), range(6, 10), range(10, 14)]


def test_a_careless_sum_runs_on_squares_only_and_is_wrong_there():
    torch.manual_seed(0)
    square = torch.rand(6, 6)
    assert not torch.allclose((square / square.sum(-1)).sum(-1), torch.ones(6), atol=0.05)
    crooked = torch.rand(6, 5)
    with pytest.raises(RuntimeError):
        crooked / crooked.sum(-1)


def test_words_that_are_used_alike_have_vectors_that_are_alike():
    model = lab.load(MODEL)
    vectors = model.W_E[torch.tensor([model.to_single_token(f" {word}") for word in WORDS])]
    cosines = torch.cosine_similarity(vectors[:, None], vectors[None], dim=-1)
    for kind in KINDS:
        others = [n for n in range(14) if n not in kind]
        within = min(cosines[i, j] for i in kind for j in kind)
        assert within > 0.2
        for i in kind:
            of_its_kind = torch.stack([cosines[i, j] for j in kind if j != i]).mean()
            assert of_its_kind > cosines[i, others].mean() + 0.25


def test_the_model_knows_1024_tokens():
    assert lab.load(MODEL).cfg.d_vocab == 1024
    assert math.log(1024) == pytest.approx(6.9, abs=0.05)


def test_two_lists_and_gather_pick_the_same_and_a_colon_picks_twenty_five():
    table, tokens = torch.arange(35).reshape(5, 7), torch.tensor([2, 0, 6, 2, 4])
    assert table[3, 2] == 23
    assert table[:, tokens].shape == (5, 5)
    assert torch.equal(table[torch.arange(5), tokens], table.gather(-1, tokens[:, None])[:, 0])


def test_off_by_one_a_good_model_looks_worse_than_a_blind_guess():
    model = lab.load(MODEL)
    text = model.to_tokens("The fox saw Simon Crane and followed him. The owl saw Simon Crane and")
    log_probs = model(text).log_softmax(-1)[0]
    assert -log_probs[:-1].gather(-1, text[0, 1:, None]).mean() < 3
    assert -log_probs[1:].gather(-1, text[0, 1:, None]).mean() > math.log(1024) + 1


def test_the_two_sentences_have_six_and_eleven_losses():
    model = lab.load(MODEL)
    assert model.to_tokens("The fox saw Simon.").shape[1] - 1 == 6
    assert model.to_tokens("The owl asked Anna where the blue box was.").shape[1] - 1 == 11


def test_times_nought_does_not_silence_nan():
    assert (torch.tensor([torch.nan, torch.inf]) * 0).isnan().all()
