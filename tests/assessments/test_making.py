"""An assessment is made, changed and removed by mentors; its learners are told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound, Unusable
from app.models import Assessment, Cohort, Deed, Notice, User
from app.teaching import assessments
from app.teaching.assessments import Sheet

Make = Callable[..., Assessment]


def sheet_of(assessment: Assessment, **changes: Any) -> Sheet:
    told = {
        name: getattr(assessment, name) for name in ("title", "opens_at", "closes_at", "minutes", "about")
    }
    return Sheet(**(told | {"exercises": tuple(assessment.exercises)} | changes))


def test_learners_are_told_and_mentors_are_not(session: Session, make: Make, ada: User, ben: User) -> None:
    made = make()
    told = session.scalars(select(Notice).where(Notice.kind == "assessment")).all()
    assert {one.user_id for one in told} == {ada.id, ben.id}
    assert {one.href for one in told} == {f"/assessments/{made.id}"}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"title": " "}, "title"),
        ({"exercises": ()}, "exercises"),
        ({"exercises": ("nothing",)}, "no exercise"),
        ({"minutes": 0}, "minutes"),
        ({"closes_at": now() - timedelta(hours=2)}, "after it opens"),
        ({"closes_at": now() - timedelta(minutes=5)}, "closed already"),
        ({"closes_at": now() + timedelta(days=90)}, "at most"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Make, changes: dict[str, Any], says: str) -> None:
    with pytest.raises(Unusable, match=says):
        make(**changes)


def test_an_exercise_is_in_one_assessment_at_a_time(make: Make) -> None:
    make()
    with pytest.raises(Unusable, match="at the same time"):
        make(title="Another", exercises=("largest",))
    make(title="Another", exercises=("quadruple",))


def test_before_anybody_begins_all_of_it_can_change(
    session: Session, make: Make, here: Cohort, mo: User
) -> None:
    made = make()
    later = made.closes_at + timedelta(hours=1)
    assessments.change(session, mo, here, made, sheet_of(made, exercises=("quadruple",), closes_at=later))
    assert (made.exercises, made.last_at) == (["quadruple"], later)
    assert session.scalars(select(Deed).where(Deed.kind == "assessment_changed")).one()


def test_once_somebody_has_begun_its_exercises_stay(
    session: Session, make: Make, here: Cohort, mo: User, ada: User
) -> None:
    made = make()
    assessments.start(session, ada, made.id, True)
    with pytest.raises(Unusable, match="has begun"):
        assessments.change(session, mo, here, made, sheet_of(made, exercises=("quadruple",)))
    with pytest.raises(Unusable, match="has begun"):
        assessments.remove(session, mo, here, made)
    assessments.change(session, mo, here, made, sheet_of(made, minutes=20, about="Calmly."))
    assert (made.minutes, made.about) == (20, "Calmly.")


def test_what_nobody_has_begun_can_be_removed(session: Session, make: Make, here: Cohort, mo: User) -> None:
    made = make()
    assessments.remove(session, mo, here, made)
    assert assessments.of_cohort(session, here) == []


def test_it_is_found_by_learners_of_its_cohort_alone(
    session: Session, make: Make, ada: User, zoe: User, mo: User
) -> None:
    made = make()
    assert assessments.for_learner(session, ada, made.id).assessment is made
    assert [one.assessment for one in assessments.upcoming(session, ada)] == [made]
    for other in (zoe, mo):
        with pytest.raises(NotFound):
            assessments.for_learner(session, other, made.id)
        assert assessments.upcoming(session, other) == []


def test_it_says_which_exercises_build_on_others(make: Make) -> None:
    ((exercise, beneath),) = assessments.builds_on(make(exercises=("quadruple", "largest")))
    assert (exercise.id, [one.id for one in beneath]) == ("quadruple", ["double"])
