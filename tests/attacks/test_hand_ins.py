"""Every hostile hand-in gets the verdict its first lines say, and learns nothing, beside a neighbour."""

from __future__ import annotations

import pytest

from tests.attacks import corpus
from tests.attacks.acting import check, outcome_of
from tests.attacks.world import World

HAND_INS = corpus.hand_ins()


@pytest.mark.parametrize("name", corpus.in_order(HAND_INS))
def test_a_hostile_hand_in_gets_its_verdict(name: str, world: World) -> None:
    outcome = outcome_of(world, name, HAND_INS)
    check(world, HAND_INS[name], outcome)
    assert outcome.attempt is not None
    assert outcome.attempt.message
