"""What a check measures of an answer comes with the verdict, whatever that is."""

from __future__ import annotations

import json

import pytest

from tests.examiner.conftest import Desk
from workers.examiner.answer import Answer

RIGHT = {"layers": "2", "heads": "1.0, 1.2", "why": "copying", "share": "0.5", "sure": "yes"}


@pytest.mark.parametrize(
    ("values", "verdict", "size"), [({}, "passed", 2.0), ({"heads": "1.0, 1.1, 1.2"}, "failed", 3.0)]
)
def test_it_is_kept_when_the_answer_passes_and_when_it_fails(
    values: dict[str, str], verdict: str, size: float, desk: Desk
) -> None:
    found = desk.hand_in("form", json.dumps(RIGHT | values))
    assert found["verdict"] == verdict, found
    assert found["details"]["measured"] == {"size": size, "share": 0.5}


def test_an_answer_that_is_stopped_before_has_no_measures(desk: Desk) -> None:
    assert "measured" not in desk.hand_in("form", json.dumps(RIGHT | {"layers": "1"}))["details"]


def test_what_is_not_finite_is_a_fault_of_the_check() -> None:
    with pytest.raises(ValueError, match="only finite numbers"):
        Answer(None).measured(size=float("nan"))  # type: ignore[arg-type]
