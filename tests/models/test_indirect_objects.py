"""What the card of "indirect-objects" claims and the lessons rest on, on prompts of our own."""

from functools import cache

import pytest
import torch

from workers import lab
from workers.training import corpus, measure
from workers.training.indirect_card import Reading, looks, read
from workers.training.indirect_objects import BACKUP, DUPLICATE, INHIBITION, MOVERS

SEED = 20261129  # neither the training's nor the card's
CIRCUIT = (*DUPLICATE, *INHIBITION, *MOVERS, *BACKUP)


@cache
def prompts(frame: int | None = None, new_frames: bool = False) -> lab.Prompts:
    return lab.indirect_objects(256, SEED, frame=frame, new_frames=new_frames)


@cache
def seen(*without: measure.Head, how: str = "zero", frame: int | None = 0) -> Reading:
    return read(lab.load("indirect-objects"), prompts(frame), without, how)


def difference(*without: measure.Head, how: str = "zero") -> float:
    return seen(*without, how=how).difference.mean().item()


def others(heads: tuple[measure.Head, ...]) -> list[measure.Head]:
    return [(layer, head) for layer in range(4) for head in range(8) if (layer, head) not in heads]


def test_it_finds_who_receives_among_names_that_never_met():
    found = seen(frame=None)
    assert found.right.mean() > 0.97
    assert found.difference.mean() > 5
    assert (found.difference > 0).float().mean() > 0.98


def test_it_finds_who_receives_in_sentences_it_has_not_met():
    found = read(lab.load("indirect-objects"), prompts(new_frames=True))
    assert found.right.mean() > 0.9
    assert found.difference.mean() > 4


@pytest.mark.parametrize("head", MOVERS)
def test_each_name_mover_looks_at_the_receiver_and_writes_the_name(head):
    at = prompts(0)
    assert looks(seen(), at.END, at.IO)[head] > 0.8
    assert looks(seen(), at.END, at.S1)[head] < 0.1
    assert seen().direct.mean(0)[head] > 1


def test_the_name_movers_write_four_fifths_and_the_s_inhibition_heads_most_of_the_rest():
    direct = seen().direct.mean(0)
    assert sum(direct[head] for head in MOVERS) > 0.75 * direct.sum()
    assert max(abs(direct[head]) for head in others((*MOVERS, *INHIBITION))) < 0.4
    assert max(abs(direct[head]) for head in INHIBITION) < 0.12 * direct.sum()


@pytest.mark.parametrize("head", INHIBITION)
def test_each_s_inhibition_head_looks_at_the_second_mention(head):
    at = prompts(0)
    assert looks(seen(), at.END, at.S2)[head] > 0.9


def test_without_s_inhibition_the_name_movers_cannot_tell_the_names_apart():
    at, found = prompts(0), seen(*INHIBITION)
    to_io, to_s = (looks(found, at.END, key)[2, [0, 3, 7]].mean() for key in (at.IO, at.S1))
    assert abs(to_io - to_s) < 0.3
    assert difference(*INHIBITION) < 0.2 * difference()


def test_without_the_duplicate_token_head_the_task_is_lost():
    at = prompts(0)
    assert looks(seen(), at.S2, at.S1)[DUPLICATE[0]] > 0.7
    assert difference(*DUPLICATE) < 0.3 * difference()


def test_no_single_head_but_the_first_is_much_missed():
    whole = difference()
    for head in others(DUPLICATE):
        assert difference(head) > 0.7 * whole


def test_the_backup_does_nothing_while_the_name_movers_speak():
    at = prompts(0)
    assert abs(seen().direct.mean(0)[BACKUP[0]]) < 0.3
    assert looks(seen(), at.END, at.IO)[BACKUP[0]] < 0.1
    assert difference(*BACKUP) > 0.95 * difference()


def test_the_backup_takes_over_when_the_name_movers_fall_silent():
    at, found = prompts(0), seen(*MOVERS)
    assert looks(found, at.END, at.IO)[BACKUP[0]] > 0.8
    assert found.direct.mean(0)[BACKUP[0]] > 5
    assert found.difference.mean() > 0.8 * difference()
    assert found.right.mean() > 0.95
    assert difference(*MOVERS, *BACKUP) < 0.4 * difference()


def test_a_name_movers_mean_keeps_the_backup_asleep():
    at, found = prompts(0), seen(*MOVERS, how="mean")
    assert looks(found, at.END, at.IO)[BACKUP[0]] < 0.2
    assert found.difference.mean() < 0.4 * difference()


def test_the_seven_heads_without_all_others_still_do_the_task():
    assert difference(*others(CIRCUIT), how="mean") > 0.7 * difference()


def test_where_nobody_is_repeated_neither_name_is_preferred_on_average():
    at, model = prompts(0), lab.load("indirect-objects")
    logits = model(at.spoilt("three"))
    assert lab.logit_difference(logits, at.receiver, at.giver).abs() < 0.15 * difference()


def test_it_reads_tales_too():
    model = lab.load("indirect-objects")
    tokens = torch.cat([model.to_tokens(tale, truncate=False)[0] for tale in corpus.tales(300, seed=SEED)])
    assert measure.on_text(measure.reading(model), tokens, n_ctx=48) < 2.6
