"""Every number that the lesson takes from the models."""

import pytest
import torch

from workers import lab

NAMES = ["Mary", "John", "Anna", "Paul", "Emma", "Jack", "Ruth", "Simon", "Clara", "Hugo"]
BERLIN = "The capital of Germany is"


def held_against(name: str, prompts: list[str], right: str, wrong: str) -> lab.Baselines:
    model = lab.load(name)
    tokens = torch.cat([model.to_tokens(prompt) for prompt in prompts])
    one = [model.to_tokens(word, prepend_bos=False)[0] for word in (right, wrong)]
    assert [len(word) for word in one] == [1, 1]
    return lab.baselines(model, tokens, *(word.expand(len(tokens)) for word in one))


def only(found: lab.Baselines, name: str) -> bool:
    """Whether this baseline alone explains nine tenths, and none of the others a quarter."""
    others = [share for baseline, share in found.alone.items() if baseline != name]
    return found.alone[name] > 0.9 and max(others) < 0.25


def test_would_eat_is_a_bigram():
    found = held_against("attn-only-0l", [f" {name} would" for name in NAMES], " eat", " and")
    assert found.logit_difference.mean() > 3
    assert only(found, "bigram")


def test_neither_nor_is_a_skip_trigram():
    found = held_against(
        "attn-only-1l", [f" {name} would eat neither soup" for name in NAMES], " nor", " and"
    )
    assert found.logit_difference.mean() > 3
    assert only(found, "skip-trigram")


def test_nonsense_said_twice_is_induction():
    torch.manual_seed(3)
    once = torch.stack([1 + torch.randperm(1023)[:12] for _ in range(16)])
    twice = torch.cat([torch.zeros(16, 1, dtype=torch.long), once, once], dim=1)
    found = lab.baselines(lab.load("attn-only-2l"), twice[:, :-4], twice[:, -4], once[:, 2])
    assert only(found, "induction")


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_who_receives_is_left_unexplained(seed):
    prompts = lab.indirect_objects(40, seed=seed, frame=0)
    found = lab.baselines(lab.load("indirect-objects"), prompts.tokens, prompts.receiver, prompts.giver)
    assert found.logit_difference.mean() > 5
    assert found.explained < 1 / 3
    assert max(found.alone.values()) < 1 / 3


@pytest.mark.parametrize("seed", range(1, 6))
def test_with_three_people_the_model_goes_by_the_place(seed):
    prompts = lab.indirect_objects(160, seed=seed)
    model, row, first = lab.load("indirect-objects"), torch.arange(160), prompts.IO < prompts.S1
    assert 0.35 < first.float().mean() < 0.65
    found = {}
    for name, tokens in (("repeated", prompts.tokens), ("three", prompts.spoilt("three"))):
        last = model(tokens)[row, prompts.END]
        difference = last[row, prompts.receiver] - last[row, prompts.giver]
        one, other = difference[first].mean(), difference[~first].mean()
        found[name] = difference, (one + other) / 2, (one - other) / 2
    three, rule, place = found["three"]
    assert 0.75 < (three[first] > 0).float().mean() < 0.97
    assert 0.4 < (three > 0).float().mean() < 0.65  # about half
    assert abs(rule) < 1.5
    assert 4 < place < 7
    _, rule, place = found["repeated"]
    assert 8 < rule < 10
    assert abs(place) < 1.5


def test_the_colleague_showed_what_is_true():
    model = lab.load("tiny-gpt2")
    guess = model(model.to_tokens(BERLIN))[0, -1].argmax()
    assert guess == model.to_tokens(" Berlin", prepend_bos=False)[0, 0]


def test_cairo_and_copenhagen_begin_alike():
    first = [
        lab.load("tiny-gpt2").to_tokens(f" {city}", prepend_bos=False)[0, 0]
        for city in ("Cairo", "Copenhagen")
    ]
    assert first[0] == first[1]


def test_a_prompt_of_a_dozen_tokens_breaks_the_impostor():
    tokens = lab.load("attn-only-2l").to_tokens(" soup queen well soup queen well", prepend_bos=False)[0]
    assert len(tokens) == 12
    whole = torch.cat([torch.zeros(1, dtype=torch.long), tokens])
    loss = {
        name: lab.load(name)(whole, return_type="loss", loss_per_token=True)[0, 7:].mean()
        for name in ("attn-only-2l", "fixed-period-impostor")
    }
    assert loss["attn-only-2l"] < 1
    assert loss["fixed-period-impostor"] > 3


def test_the_logit_difference_can_be_right_about_which_name_where_no_name_is_due():
    model = lab.load("indirect-objects")
    last = model(model.to_tokens("When Mary and John went to the mill, John went to"))[0, -1]
    mary, john, the = (model.to_tokens(word, prepend_bos=False)[0, 0] for word in (" Mary", " John", " the"))
    assert last[mary] - last[john] > 3
    assert last.softmax(-1)[mary] < 0.01
    assert last.argmax() == the
