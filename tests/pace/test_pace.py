"""Somebody's time beside others', and what they read elsewhere."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound, Unusable
from app.learning import pace
from app.learning.activity import Kind
from app.lessons import Lesson
from app.models import Activity, Cohort, Membership, Role, Standing, User, WorkTime


def _fellow(session: Session, cohort: Cohort, number: int, minutes: float, *, proven: bool = True) -> User:
    user = User(name=f"Learner {number}", email=f"l{number}@example.org")
    session.add(user)
    session.flush()
    session.add(Membership(cohort_id=cohort.id, user_id=user.id, role=Role.LEARNER))
    session.add(WorkTime(user_id=user.id, lesson="counting", cell="", code=0, reading=60 * minutes))
    if proven:
        _prove(session, user)
    session.flush()
    return user


def _prove(session: Session, user: User) -> None:
    for exercise in ("quadruple",):
        session.add(
            Standing(
                user_id=user.id, lesson="counting", exercise=exercise, attempts=1, to_pass=1,
                passed_at=now(), newest_at=now(), streak=0, trouble="", updated_at=now(),
            )
        )  # fmt: skip


def _of_lesson(session: Session, user: User) -> pace.OfLesson:
    return next(
        one for step in pace.of(session, user).steps for one in step.lessons if one.lesson.slug == "counting"
    )


def test_a_range_is_shown_from_five_on_who_have_proven_the_lesson(
    session: Session, ada: User, cohort: Cohort, lesson: Lesson
) -> None:
    assert lesson.test_out == ("quadruple",)
    for number, minutes in enumerate((10, 20, 30, 40)):
        _fellow(session, cohort, number, minutes)
    _fellow(session, cohort, 4, 1000, proven=False)
    assert _of_lesson(session, ada).cohort is None
    _fellow(session, cohort, 5, 50)
    assert _of_lesson(session, ada).cohort == pace.Range(20, 40)


def test_people_of_other_cohorts_and_those_who_left_do_not_count(
    session: Session, ada: User, cohort: Cohort, lesson: Lesson
) -> None:
    other = Cohort(name="Elsewhere")
    session.add(other)
    session.flush()
    for number in range(4):
        _fellow(session, cohort, number, 10)
    _fellow(session, other, 4, 10)
    gone = _fellow(session, cohort, 5, 10)
    for member in session.query(Membership).where(Membership.user_id == gone.id):
        member.left_at = now()
    session.flush()
    assert _of_lesson(session, ada).cohort is None


def test_ones_own_time_is_as_it_stands_now(session: Session, ada: User, lesson: Lesson) -> None:
    begun = now()
    for minute, kind in enumerate((Kind.OPENED, Kind.EDITED, Kind.RAN)):
        moment = begun + timedelta(minutes=minute)
        session.add(Activity(user_id=ada.id, kind=kind, lesson="counting", cell="double", created_at=moment))
    session.flush()
    found = pace.of(session, ada)
    assert (found.spent.minutes, found.share_in_code) == (2, 0.5)
    assert _of_lesson(session, ada).spent.minutes == 2
    pace.enter(session, ada, 2, "A book")
    assert pace.of(session, ada).share_in_code == 0.25


def test_reading_elsewhere_is_entered_changed_and_removed(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    entry = pace.enter(session, ada, 25, " A  paper ", "start")
    assert (entry.place, entry.minutes, entry.node) == ("A paper", 25, "start")
    pace.enter(session, ada, 30, "A paper", "start", reading_id=entry.id)
    assert [one.minutes for one in pace.readings(session, ada)] == [30]
    assert pace.of(session, ada).elsewhere == 30
    for theirs in (
        lambda: pace.strike(session, ben, entry.id),
        lambda: pace.find_reading(session, ben, entry.id),
    ):
        with pytest.raises(NotFound):
            theirs()
    pace.strike(session, ada, entry.id)
    assert pace.readings(session, ada) == []


@pytest.mark.parametrize(
    ("minutes", "place", "node"),
    [(0, "A", ""), (-5, "A", ""), (1441, "A", ""), (5, " ", ""), (5, "x" * 201, ""), (5, "A", "nowhere")],
)
def test_what_cannot_be_is_refused(
    session: Session, ada: User, lesson: Lesson, minutes: int, place: str, node: str
) -> None:
    with pytest.raises(Unusable):
        pace.enter(session, ada, minutes, place, node)
    with pytest.raises(Unusable):
        pace.enter(session, ada, 5, "A book", on=now().date() + timedelta(days=2))
