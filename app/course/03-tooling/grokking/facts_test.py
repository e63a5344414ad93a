"""Every number that the lesson takes from the model that adds, on the shipped checkpoints."""

import math
from functools import cache

import pytest
import torch
from torch import Tensor

from workers import lab
from workers.training import waves

NAME = "modular-addition"
P, KEYS = 59, [2, 13, 27]
SUMS = waves.sums(P)
ORDER = torch.randperm(P * P, generator=torch.Generator().manual_seed(0))
TRAINED = torch.zeros(P * P, dtype=torch.bool).index_fill(0, ORDER[:1392], True).reshape(P, P)
UNSEEN = ~TRAINED


@cache
def logits(step: int | None = None) -> Tensor:
    return waves.read(lab.load(NAME, step=step))[0]


def right(given: Tensor, pairs: Tensor) -> float:
    return (given.argmax(-1) == SUMS)[pairs].double().mean().item()


def shares(step: int) -> Tensor:
    """Of the embedding's power, by frequency; place 0 is the constant."""
    return torch.cat([torch.zeros(1), waves.power(lab.load(NAME, step=step).W_E[:P])])


def above(step: int, share: float = 0.1) -> list[int]:
    return (shares(step) > share).nonzero().flatten().tolist()


def without(frequencies: list[int]) -> Tensor:
    return logits() - waves.key_part(logits(), frequencies)


def test_it_is_what_the_lesson_introduces():
    cfg = lab.load(NAME).cfg
    assert (cfg.d_vocab_out, cfg.d_vocab, cfg.n_layers, cfg.n_heads, cfg.d_model) == (59, 60, 1, 4, 128)
    assert cfg.act_fn == "relu"
    assert cfg.normalization_type is None
    assert right(logits(), torch.ones(P, P, dtype=torch.bool)) == 1
    assert int(TRAINED.sum()) / P**2 == pytest.approx(2 / 5, abs=0.001)
    assert len(lab.checkpoints(NAME)) == 14
    assert (17 + 50) % P == 8


def test_the_lessons_draw_is_the_trainings():
    assert right(logits(500), TRAINED) == 1
    assert right(logits(500), UNSEEN) < 0.2


@pytest.mark.parametrize("step", [500, 900, 1400, 2000])
def test_on_the_plateau_unseen_pairs_cost_14_nats_and_more(step):
    assert right(logits(step), TRAINED) == 1
    assert waves.loss(logits(step), UNSEEN) > 14
    assert waves.loss(logits(step), TRAINED) < 1e-3


def test_a_blind_guess_costs_four_nats():
    assert math.log(59) == pytest.approx(4.1, abs=0.05)
    assert round(1 / 59, 3) == 0.017


def test_how_many_unseen_pairs_it_has_right():
    assert right(logits(1400), UNSEEN) == pytest.approx(0.185, abs=0.005)
    assert right(logits(2000), UNSEEN) < 0.25
    assert right(logits(3000), UNSEEN) == pytest.approx(0.41, abs=0.005)
    assert right(logits(4000), UNSEEN) > 0.95


def test_on_the_plateau_only_turned_pairs_are_right():
    turned, neither = TRAINED.T & UNSEEN, ~TRAINED.T & UNSEEN
    assert right(logits(1400), turned) == pytest.approx(0.47, abs=0.02)
    assert right(logits(1400), neither) < 0.005
    assert right(logits(2000), turned) > 0.5
    assert right(logits(2000), neither) < 0.01
    assert right(logits(4000), neither) > 0.9


def test_one_hand_is_not_enough_and_three_agree():
    turn = torch.arange(P)
    crest = {k: torch.cos(2 * torch.pi * k * turn.double() / P) for k in KEYS}
    assert all(wave.argmax() == 0 for wave in crest.values())
    lead = [wave.sort().values[-1] - wave.sort().values[-2] for wave in crest.values()]
    assert max(lead) < 0.03
    together = sum(crest.values()).sort().values
    assert together[-1] - together[-2] > 10 * max(lead)


def test_at_first_all_frequencies_hold_about_as_much():
    assert shares(0)[1:].max() < 0.05
    assert shares(0)[1:].min() > 0.02


def test_the_later_winners_are_ahead_by_a_hair_at_step_900():
    order = shares(900).argsort(descending=True)
    assert sorted(order[:3].tolist()) == KEYS
    assert 0 < shares(900)[order[2]] - shares(900)[order[3]] < 0.01


def test_three_hold_95_percent_in_the_end_and_the_next_are_an_overtone_and_a_ruin():
    assert above(8000) == KEYS
    assert shares(8000)[KEYS].sum() == pytest.approx(0.95, abs=0.01)
    assert shares(8000).argsort(descending=True)[3:5].tolist() == [26, 22]
    assert shares(8000)[[26, 22]].max() < 0.03
    assert shares(8000)[22] == pytest.approx(0.01, abs=0.005)


def test_a_fourth_frequency_comes_and_goes():
    assert above(900) == []
    assert above(4000) == above(6000) == [2, 13, 22, 27]


def test_neurons_are_divided_up_among_the_frequencies():
    best, purity = waves.neurons(waves.read(lab.load(NAME))[1])
    alive = best > 0
    assert int(alive.sum()) > 400
    assert [k for k in best[alive].tolist() if k not in KEYS] == [26]
    assert (purity[alive] > 0.85).double().mean() > 0.85


def test_neuron_0_is_made_of_frequency_2():
    post = waves.read(lab.load(NAME))[1][..., 0]
    spectrum = torch.fft.fft2(post - post.mean()).abs().pow(2)
    rows = torch.tensor([0, 2, P - 2])
    assert spectrum[rows][:, rows].sum() / spectrum.sum() > 0.85
    assert spectrum[[2, P - 2]][:, [2, P - 2]].sum() / spectrum.sum() > 0.1  # products


def test_three_amplitudes_explain_the_logits():
    centred = logits() - logits().mean(-1, keepdim=True)
    turn = (SUMS[..., None] - torch.arange(P)).double()
    amplitudes = [
        (centred * torch.cos(2 * torch.pi * k * turn / P)).sum().item() * 2 / P**3 for k in (27, 2, 13)
    ]
    assert [round(one) for one in amplitudes] == [23, 13, 11]
    assert waves.explained(logits(), KEYS) == pytest.approx(0.986, abs=0.001)
    assert P**3 == 205_379


def test_each_frequency_is_missed_and_another_is_not():
    whole = waves.loss(logits(), UNSEEN)
    for k in KEYS:
        assert waves.loss(without([k]), UNSEEN) > 0.2
    assert waves.loss(without([5]), UNSEEN) == pytest.approx(whole, abs=1e-4)
    assert waves.loss(without(KEYS), UNSEEN) > math.log(P)


def test_the_circuit_alone_can_add_long_before_the_model():
    def alone(step: int) -> float:
        part = waves.key_part(logits(step), KEYS)
        return right(part + logits(step).mean((0, 1)), UNSEEN)

    assert alone(3000) > 0.999
    assert alone(2000) == pytest.approx(0.70, abs=0.01)
    assert right(logits(2000), UNSEEN) == pytest.approx(0.23, abs=0.01)


def test_the_three_phases():
    steps = lab.checkpoints(NAME)
    excluded = {step: waves.excluded_loss(logits(step), KEYS, TRAINED) for step in steps}
    restricted = [waves.restricted_loss(logits(step), KEYS, UNSEEN) for step in steps if step >= 500]
    unseen = {step: waves.loss(logits(step), UNSEEN) for step in steps}
    squares = {
        step: sum(w.pow(2).sum().item() for w in lab.load(NAME, step=step).parameters()) for step in steps
    }
    assert min(excluded, key=excluded.__getitem__) == 900
    assert excluded[100] > excluded[500] > excluded[900]
    assert max(unseen, key=unseen.__getitem__) == 1400
    assert restricted == sorted(restricted, reverse=True)
    assert excluded[2000] / excluded[900] > 30
    assert unseen[2000] > 14
    assert unseen[3000] > 6
    assert unseen[3500] < 2
    assert squares[100] > squares[0]
    late = [squares[step] for step in steps if step >= 3000]
    assert late == sorted(late, reverse=True)


def test_pizza_alone_would_leave_a_fifth_unexplained():
    x = torch.arange(P).double()
    k = 27
    turn = 2 * torch.pi * k / P * (x[:, None, None] + x[:, None] - x)
    weak = torch.cos(torch.pi * k / P * (x[:, None] - x)).abs()[..., None]
    assert waves.explained(weak * torch.cos(turn), [k]) == pytest.approx(0.81, abs=0.005)
