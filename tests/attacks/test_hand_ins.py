"""Every hostile hand-in gets the verdict its first lines say, and learns nothing, beside a neighbour."""

from __future__ import annotations

import pytest

from tests.attacks import corpus
from tests.attacks.acting import check, side_by_side
from tests.attacks.world import World

HAND_INS = corpus.hand_ins()
QUICK = [name for name, attack in HAND_INS.items() if not attack.takes_its_time]
LASTING = [name for name, attack in HAND_INS.items() if attack.takes_its_time]


@pytest.mark.parametrize("name", QUICK)
def test_a_hostile_hand_in_gets_its_verdict(name: str, world: World) -> None:
    ((attack, outcome),) = side_by_side(world, [HAND_INS[name]])
    check(world, attack, outcome)
    assert outcome.attempt is not None
    assert outcome.attempt.message


@pytest.mark.parametrize("first", range(0, len(LASTING), 6))
def test_hand_ins_that_never_end_are_ended(first: int, world: World) -> None:
    """Several at once: each takes all the time it may."""
    names = LASTING[first : first + 6]
    for attack, outcome in side_by_side(world, [HAND_INS[name] for name in names]):
        check(world, attack, outcome)
