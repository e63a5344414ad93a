"""What code stands on without being on its page: one's own passed answers, or ours once they were taken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound, Unusable
from app.learning import desk, given
from app.learning.activity import Kind
from app.lessons import Lesson, course
from app.models import Activity, User
from app.running import runs
from tests import taller_course
from tests.attempts.test_hand_in import DOUBLE, judged

QUADRUPLE = "def quadruple(x: int) -> int:\n    return double(double(x))\n"


@pytest.fixture
def halving(lesson: Lesson, tmp_path: Path, change_settings: Callable[..., None]) -> Lesson:
    """A lesson whose cell `four` stands on `quadruple` of another, which uses `double`."""
    change_settings(course_dir=taller_course.write(tmp_path))
    assert course().problems == ()
    return course().lessons["halving"]


def test_the_course_knows_what_a_cell_stands_on_the_deepest_first(halving: Lesson) -> None:
    assert course().foundation(halving, "four") == ("double", "quadruple")
    assert course().foundation(course().lessons["counting"]) == ()


def test_a_cell_cannot_run_before_all_of_it_is_there(session: Session, ada: User, halving: Lesson) -> None:
    judged(session, ada, "double", DOUBLE)
    with pytest.raises(Unusable) as refused:
        runs.submit(session, ada, "halving", "four", {})
    assert "Four times as much" in refused.value.message
    assert "take ours" in refused.value.message


def test_it_runs_on_ones_own_passed_answers(session: Session, ada: User, halving: Lesson) -> None:
    judged(session, ada, "double", DOUBLE)
    judged(session, ada, "quadruple", QUADRUPLE)
    run = runs.submit(session, ada, "halving", "four", {})
    assert [(link["cell"], link["text"]) for link in run.chain[:2]] == [
        ("double", DOUBLE),
        ("quadruple", QUADRUPLE),
    ]
    assert run.chain[-1] == {"cell": "four", "text": "quadruple(3)"}


def test_ours_stands_in_once_it_is_taken_and_that_is_written_down(
    session: Session, ada: User, halving: Lesson
) -> None:
    judged(session, ada, "double", DOUBLE)
    given.take_ours(session, ada, "quadruple", halving)
    session.flush()
    run = runs.submit(session, ada, "halving", "four", {})
    assert run.chain[1]["text"] == course().exercises["quadruple"].solution
    noted = session.scalars(select(Activity).where(Activity.kind == Kind.SOLUTION)).one()
    assert (noted.lesson, noted.cell, noted.data) == ("counting", "quadruple", {"instead": "halving"})


def test_ones_own_answer_takes_the_place_of_ours_and_what_ran_before_is_stale(
    session: Session, ada: User, halving: Lesson
) -> None:
    for exercise in ("double", "quadruple"):
        given.take_ours(session, ada, exercise, halving)
    run = runs.submit(session, ada, "halving", "four", {})
    session.commit()
    assert not desk.place(session, ada, halving, "four").stale
    judged(session, ada, "double", DOUBLE)
    assert desk.place(session, ada, halving, "four").stale
    assert runs.submit(session, ada, "halving", "four", {}).id != run.id


def test_ours_cannot_be_taken_where_nothing_builds_on_it(
    session: Session, ada: User, halving: Lesson
) -> None:
    with pytest.raises(NotFound):
        given.take_ours(session, ada, "largest", halving)
    with pytest.raises(NotFound):
        given.take_ours(session, ada, "quadruple", course().lessons["counting"])


def test_the_desk_says_what_is_whose(session: Session, ada: User, ben: User, halving: Lesson) -> None:
    judged(session, ada, "double", DOUBLE)
    given.take_ours(session, ada, "quadruple", halving)
    session.flush()
    hers = [(one.exercise.id, one.passed, one.ours) for one in desk.of(session, ada, halving).foundations]
    assert hers == [("double", True, False), ("quadruple", False, True)]
    his = desk.of(session, ben, halving).foundations
    assert not any(one.there for one in his)
    assert [one.exercise.id for one in desk.of(session, None, halving).foundations] == ["double", "quadruple"]
