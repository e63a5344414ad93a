"""Sentences that stop before a verb: `lab.agreement`."""

import pytest
import torch

from workers import lab


@pytest.mark.parametrize("kind", ["saw", "near", "size"])
def test_half_of_the_sentences_are_about_many_and_all_are_of_one_length(kind):
    batch = lab.agreement(60, seed=1, kind=kind)
    assert batch.tokens.shape == (60, 24)
    assert batch.many.sum() == 30
    assert (batch.tokens[:, 0] == 0).all()


@pytest.mark.parametrize(
    ("kind", "verbs"), [("saw", " wants want"), ("near", " is are"), ("size", " has have")]
)
def test_the_verbs_are_those_that_the_sentences_call_for(kind, verbs):
    model = lab.load("attn-only-0l")
    batch = lab.agreement(2, kind=kind)
    assert "".join(model.to_string(verb) for verb in batch.verbs) == verbs


def test_the_noun_ends_where_it_is_said_to():
    model = lab.load("attn-only-0l")
    for kind in ("saw", "near", "size"):
        batch = lab.agreement(40, seed=2, kind=kind)
        for row, noun, place in zip(batch.tokens, batch.nouns, batch.places, strict=True):
            assert model.to_string(row[: place + 1]).endswith(f" {noun}")


def test_at_saw_neither_the_last_token_nor_the_length_tells_the_number():
    assert len(set(lab.agreement(60).tokens[:, -1].tolist())) == 1


def test_held_out_nouns_are_never_among_the_others():
    seen, unseen = (set(lab.agreement(600, held_out=held).nouns) for held in (False, True))
    assert seen.isdisjoint(unseen)
    assert len(seen) > 60
    assert len(unseen) > 30


def test_a_seed_gives_the_same_sentences_and_another_one_others():
    assert torch.equal(lab.agreement(20, seed=3).tokens, lab.agreement(20, seed=3).tokens)
    assert not torch.equal(lab.agreement(20, seed=3).tokens, lab.agreement(20, seed=4).tokens)


def test_a_kind_there_is_not_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match=r"saw, near, size.*'far'"):
        lab.agreement(2, kind="far")
