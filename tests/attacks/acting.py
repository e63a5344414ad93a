"""Attacks beside a neighbour, and what has to hold of each afterwards."""

from __future__ import annotations

from tests.attacks import canaries
from tests.attacks.corpus import ESCAPED, Attack, together_with
from tests.attacks.world import Outcome, World


def outcome_of(world: World, name: str, attacks: dict[str, Attack]) -> Outcome:
    """What became of an attack. It runs together with its group, beside a neighbour, when first asked for."""
    place = attacks[name].place
    if place not in world.outcomes:
        group = [attacks[each] for each in together_with(name, attacks)]
        world.outcomes |= {attack.place: outcome for attack, outcome in side_by_side(world, group)}
    return world.outcomes[place]


def side_by_side(world: World, attacks: list[Attack]) -> list[tuple[Attack, Outcome]]:
    """Run these attacks at once while a neighbour runs too, and wait until all is as it was."""
    neighbours = [world.neighbour()]
    world.await_state(neighbours[0], lambda state: state.value != "queued")
    started = [(attack, world.attack(attack)) for attack in attacks]
    if len(attacks) > 1:
        neighbours += [world.neighbour() for _ in range(2)]
    world.note_cgroups()
    found = [(attack, world.outcome(run)) for attack, run in started]
    for run in neighbours:
        check_neighbour(world, world.outcome(run))
    world.settle()
    return found


def check_neighbour(world: World, outcome: Outcome) -> None:
    """Every learner who does nothing wrong sees what she would see alone, at the first try."""
    assert (outcome.ending, outcome.run.message) == ("ok", "")
    assert outcome.shown == world.alone
    assert (outcome.run.tries, outcome.run.faults) == (1, 0)


def check(world: World, attack: Attack, outcome: Outcome) -> None:
    """It ended as it had to, at the first try, and nobody learned anything."""
    seen = f"{attack.name}: {outcome.ending}: {outcome.said[:2000]}\n{outcome.printed[:2000]}"
    assert ESCAPED not in outcome.printed, seen
    assert outcome.ending in attack.expects, seen
    assert (outcome.run.tries, outcome.run.faults) == (1, 0), seen
    assert attack.header.get("Says", "") in outcome.said, seen
    assert canaries.found_in(world.canaries, outcome.stored) == set(), seen
    if "Shows" in attack.header:
        kinds = {kind for kind, _ in outcome.shown} - {"text"}
        assert kinds == set(attack.header["Shows"].split(", ")), seen
    assert world.listeners is not None
    assert world.listeners.mail() == [], seen
