"""Every hostile cell ends as its first lines say, gets nothing, and leaves nothing, beside a neighbour."""

from __future__ import annotations

import pytest

from tests.attacks import corpus
from tests.attacks.acting import check, side_by_side
from tests.attacks.world import World

CELLS = corpus.cells()
QUICK = [name for name, attack in CELLS.items() if not attack.takes_its_time]
LASTING = [name for name, attack in CELLS.items() if attack.takes_its_time]


@pytest.mark.parametrize("name", QUICK)
def test_a_hostile_cell_gets_nothing(name: str, world: World) -> None:
    ((attack, outcome),) = side_by_side(world, [CELLS[name]])
    check(world, attack, outcome)


@pytest.mark.parametrize("first", range(0, len(LASTING), 6))
def test_cells_that_never_end_are_ended(first: int, world: World) -> None:
    """Several at once: each takes all the time it may."""
    names = LASTING[first : first + 6]
    for attack, outcome in side_by_side(world, [CELLS[name] for name in names]):
        check(world, attack, outcome)
