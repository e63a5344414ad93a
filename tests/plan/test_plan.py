"""A cohort's plan: made, moved, spread, undone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound, Unusable
from app.lessons import Lesson
from app.models import Cohort, Deed, Part, Policy, User
from app.teaching import plan
from app.teaching.plan import Item

LESSON = Item(Part.LESSON, "counting", date(2026, 12, 1))
EXERCISE = Item(Part.EXERCISE, "double", date(2026, 11, 30), time(18))


@pytest.fixture
def here(session: Session, cohort: Cohort) -> Cohort:
    return session.get_one(Cohort, cohort.id)


def test_items_stand_in_the_order_of_their_dates(
    session: Session, here: Cohort, mo: User, lesson: Lesson
) -> None:
    plan.put(session, mo, here, [LESSON])
    plan.put(session, mo, here, [EXERCISE])
    assert plan.of(session, here) == [EXERCISE, LESSON]
    assert [one.title for one in plan.of(session, here)] == ["Twice as much", "Counting"]


def test_on_one_day_they_stand_as_in_the_course(
    session: Session, here: Cohort, mo: User, lesson: Lesson
) -> None:
    day = date(2026, 12, 1)
    parts = ((Part.NODE, "start"), (Part.EXERCISE, "quadruple"), (Part.LESSON, "counting"))
    plan.put(session, mo, here, [Item(part, ref, day) for part, ref in parts])
    assert [one.ref for one in plan.of(session, here)] == ["quadruple", "counting", "start"]


def test_what_is_planned_already_moves(session: Session, here: Cohort, mo: User, lesson: Lesson) -> None:
    plan.put(session, mo, here, [LESSON])
    moved = Item(Part.LESSON, "counting", date(2026, 12, 24), time(12))
    plan.put(session, mo, here, [moved])
    assert plan.of(session, here) == [moved]
    change = plan.last_change(session, here)
    assert change is not None
    assert change.what == "moved “Counting”"


def test_undo_goes_back_step_by_step(session: Session, here: Cohort, mo: User, lesson: Lesson) -> None:
    plan.put(session, mo, here, [LESSON])
    plan.put(session, mo, here, [EXERCISE])
    plan.remove(session, mo, here, "lesson:counting")
    assert plan.undo(session, mo, here) == "removed “Counting”"
    assert plan.of(session, here) == [EXERCISE, LESSON]
    plan.undo(session, mo, here)
    plan.undo(session, mo, here)
    assert plan.of(session, here) == []
    with pytest.raises(Unusable):
        plan.undo(session, mo, here)


def test_saving_what_is_there_changes_nothing(
    session: Session, here: Cohort, mo: User, lesson: Lesson
) -> None:
    plan.put(session, mo, here, [LESSON])
    plan.put(session, mo, here, [LESSON])
    plan.undo(session, mo, here)
    assert plan.last_change(session, here) is None


def test_every_change_is_in_the_audit_log(session: Session, here: Cohort, mo: User, lesson: Lesson) -> None:
    plan.put(session, mo, here, [LESSON])
    plan.undo(session, mo, here)
    deeds = session.scalars(select(Deed).where(Deed.kind == "plan_changed").order_by(Deed.id)).all()
    assert [deed.data["what"] for deed in deeds] == ["added “Counting”", "undone: added “Counting”"]


def test_what_is_not_there_cannot_be_removed(
    session: Session, here: Cohort, mo: User, lesson: Lesson
) -> None:
    with pytest.raises(NotFound):
        plan.remove(session, mo, here, "lesson:counting")


@pytest.mark.parametrize("key", ["lesson:nothing", "exercise:counting", "nothing", "", "node:"])
def test_only_parts_of_the_course_are_planned(lesson: Lesson, key: str) -> None:
    with pytest.raises(Unusable):
        plan.parse_key(key)


def test_a_year_that_is_a_slip_is_refused(session: Session, here: Cohort, mo: User, lesson: Lesson) -> None:
    with pytest.raises(Unusable, match="look at the year"):
        plan.put(session, mo, here, [Item(Part.LESSON, "counting", date(226, 12, 1))])


def test_a_day_ends_where_the_cohort_is(session: Session, here: Cohort, mo: User, lesson: Lesson) -> None:
    plan.set_rules(session, mo, here, "Pacific/Auckland", Policy.FREE)
    assert LESSON.moment(here).astimezone(UTC) == datetime(2026, 12, 1, 10, 59, 59, tzinfo=UTC)
    plan.set_rules(session, mo, here, "America/Los_Angeles", Policy.FREE)
    assert LESSON.moment(here).astimezone(UTC) == datetime(2026, 12, 2, 7, 59, 59, tzinfo=UTC)


def test_a_time_zone_that_is_none_is_refused(session: Session, here: Cohort, mo: User) -> None:
    for name in ("Mars/Base", "", "../etc/passwd"):
        with pytest.raises(Unusable):
            plan.set_rules(session, mo, here, name, Policy.FREE)


def test_a_proposal_spreads_the_lessons_and_plans_nothing(
    session: Session, here: Cohort, lesson: Lesson
) -> None:
    here.starts_on, here.ends_on = date(2026, 12, 1), date(2026, 12, 31)
    assert plan.spread(here, Part.LESSON, "start", "proofs") == [
        Item(Part.LESSON, "counting", date(2026, 12, 31))
    ]
    assert plan.of(session, here) == []


def test_a_proposal_for_a_class_that_runs_puts_nothing_into_the_past(
    session: Session, here: Cohort, lesson: Lesson, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = datetime.now(UTC).date()
    here.starts_on, here.ends_on = today - timedelta(days=90), today + timedelta(days=20)
    monkeypatch.setattr(plan, "_refs", lambda node, part: [node.id] * 10)
    proposed = [one.day for one in plan.spread(here, Part.NODE, "start", "start")]
    assert proposed == [today + timedelta(days=2 * place) for place in range(1, 11)]


def test_nodes_without_a_written_lesson_are_not_proposed(
    session: Session, here: Cohort, lesson: Lesson
) -> None:
    here.starts_on, here.ends_on = date(2026, 12, 1), date(2026, 12, 31)
    assert [one.ref for one in plan.spread(here, Part.NODE, "proofs", "start")] == ["start"]
    with pytest.raises(Unusable, match="Nothing is written"):
        plan.spread(here, Part.LESSON, "sums", "proofs")


def test_without_dates_there_is_nothing_to_spread_over(here: Cohort, lesson: Lesson) -> None:
    with pytest.raises(Unusable, match="first and a last day"):
        plan.spread(here, Part.LESSON, "start", "start")
