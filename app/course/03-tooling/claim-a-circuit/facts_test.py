"""Every number that the lesson takes from the model, on the shipped weights."""

import pytest
import torch

from workers import lab

CIRCUIT = {"IO": [(0, 5)], "S1": [], "S2": [(0, 5)], "END": [(1, 2), (1, 6), (2, 0), (2, 3), (2, 7)]}
MOVERS = [(2, 0), (2, 3), (2, 7)]
EVERY = [(layer, head) for layer in range(4) for head in range(8)]


def case(frame: int, seed: int = 11):
    others = lab.indirect_objects(60, seed + 1, frame=frame).spoilt("three", seed)
    return lab.indirect_objects(16, seed, frame=frame), others


def difference(logits, prompts) -> float:
    row = torch.arange(len(prompts))
    last = logits[row, prompts.END]
    return (last[row, prompts.receiver] - last[row, prompts.giver]).mean().item()


def alone(frame: int, places=None, silent=()) -> float:
    prompts, others = case(frame)
    parts = EVERY if places is None else placed(places, prompts)
    run = lab.run_circuit(lab.load("indirect-objects"), prompts.tokens, others, parts, silent=silent)
    return difference(run, prompts)


def placed(places, prompts) -> list:
    return [(*head, getattr(prompts, where)) for where, heads in places.items() for head in heads]


@pytest.mark.parametrize("frame", [0, 2, 5])
def test_seven_places_bring_back_nearly_all_of_it(frame):
    whole, nothing = alone(frame), alone(frame, {})
    assert whole > 5
    assert abs(nothing) < 1.5
    assert (alone(frame, CIRCUIT) - nothing) / (whole - nothing) > 0.9
    assert sum(map(len, CIRCUIT.values())) == 7


@pytest.mark.parametrize("frame", [0, 2, 5])
def test_without_its_name_movers_the_circuit_loses_most_and_the_model_little(frame):
    whole = alone(frame)
    assert alone(frame, CIRCUIT, MOVERS) < 0.4 * whole
    assert alone(frame, None, MOVERS) > 0.65 * whole


@pytest.mark.parametrize("frame", [0, 2, 5])
def test_with_the_backup_the_circuit_does_as_the_model_does(frame):
    with_backup = CIRCUIT | {"END": [*CIRCUIT["END"], (3, 4)]}
    assert alone(frame, with_backup, MOVERS) == pytest.approx(alone(frame, None, MOVERS), abs=2.2)
    assert alone(frame, with_backup) == pytest.approx(alone(frame, CIRCUIT), abs=0.3)


def test_there_are_some_ninety_places_besides_the_seven():
    config = lab.load("indirect-objects").cfg
    assert config.n_layers * config.n_heads * 3 == 96
