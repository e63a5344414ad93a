"""Every hostile cell ends as its first lines say, gets nothing, and leaves nothing, beside a neighbour."""

from __future__ import annotations

import pytest

from tests.attacks import corpus
from tests.attacks.acting import check, outcome_of
from tests.attacks.world import World

CELLS = corpus.cells()


@pytest.mark.parametrize("name", corpus.in_order(CELLS))
def test_a_hostile_cell_gets_nothing(name: str, world: World) -> None:
    check(world, CELLS[name], outcome_of(world, name, CELLS))
