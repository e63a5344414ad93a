"""Who needs a mentor, by which rule, and where the evidence is."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.learning import activity, attempts
from app.learning.activity import Kind
from app.lessons import Lesson
from app.mentoring import dashboard, threads
from app.mentoring.attention import Need, Reason
from app.models import Activity, Cohort, Membership, Role, Standing, User, Verdict, WorkTime
from tests.standings.acting import SQUARE, judged

PASSED, FAILED, ERROR = (Verdict.PASSED, None), (Verdict.FAILED, SQUARE), (Verdict.ERROR, None)


def needs(session: Session, cohort: Cohort, mo: User) -> list[Need]:
    unsettled = threads.open_for_mentor(session, mo, cohort)
    view = dashboard.View.of("", (), list(Reason))
    return [need for one in dashboard.of(session, cohort, unsettled, view).pressing for need in one.listed]


def reasons(session: Session, cohort: Cohort, mo: User) -> list[tuple[str, str]]:
    return [(need.name, need.reason.value) for need in needs(session, cohort, mo)]


def test_nobody_needs_anything_at_first(session: Session, cohort: Cohort, mo: User, lesson: Lesson) -> None:
    assert needs(session, cohort, mo) == []


def test_questions_come_first_and_the_longest_wait_before_the_others(
    session: Session, cohort: Cohort, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    judged(session, ben, "double", FAILED, FAILED, FAILED)
    first = threads.ask(session, ben, "counting", "double", "Why?")
    threads.ask(session, ada, "counting", "two", "And why this?")
    answered = threads.ask(session, ada, "counting", "double", "What?")
    threads.reply(session, mo, answered, "So.")
    session.commit()
    found = needs(session, cohort, mo)
    assert [(need.name, need.reason) for need in found] == [
        ("Ben", Reason.WAITING),
        ("Ada", Reason.WAITING),
        ("Ben", Reason.ALIKE),
    ]
    assert found[0].href == f"/threads/{first.id}"


def test_failures_in_a_row_in_the_same_way_are_named_as_the_course_names_them(
    session: Session, cohort: Cohort, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", ERROR, FAILED, FAILED, FAILED)
    judged(session, ben, "double", FAILED, FAILED, ERROR)  # in another way
    (need,) = needs(session, cohort, mo)
    assert (need.name, need.reason) == ("Ada", Reason.ALIKE)
    assert "3 times in a row" in need.words
    assert "“square”" in need.words
    assert need.href == f"/mentor/learners/{ada.id}?exercise=double"


def test_who_has_passed_is_not_failing(
    session: Session, cohort: Cohort, ada: User, mo: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", FAILED, FAILED, FAILED, PASSED)
    assert needs(session, cohort, mo) == []


def test_hints_and_solutions_are_no_reason(
    session: Session, cohort: Cohort, ada: User, mo: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", FAILED)
    for _ in range(5):
        attempts.open_hint(session, ada, "double")
    attempts.solution(session, ada, "double")
    session.commit()
    assert needs(session, cohort, mo) == []


def test_a_week_without_anything_is_a_silence_while_the_cohort_runs(
    session: Session, cohort: Cohort, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    activity.log(session, ada, Kind.OPENED, "counting")
    activity.log(session, ben, Kind.OPENED, "counting")
    session.flush()
    before = now() - timedelta(days=9)
    session.execute(update(Activity).where(Activity.user_id == ada.id).values(created_at=before))
    session.commit()
    (need,) = needs(session, cohort, mo)
    assert (need.name, need.reason) == ("Ada", Reason.SILENT)
    assert "9 days" in need.words
    session.execute(update(Cohort).values(ends_on=now().date() - timedelta(days=1)))
    session.commit()
    over = session.get_one(Cohort, cohort.id, populate_existing=True)
    assert needs(session, over, mo) == []


def test_who_never_began_is_told_as_that(
    session: Session, cohort: Cohort, ada: User, mo: User, lesson: Lesson
) -> None:
    before = now() - timedelta(days=8)
    of_ada = update(Membership).where(Membership.user_id == ada.id)
    session.execute(of_ada.values(created_at=before))
    session.commit()
    (need,) = needs(session, cohort, mo)
    assert "has not begun" in need.words


def test_time_far_over_the_median_of_those_who_passed(
    session: Session, cohort: Cohort, ada: User, mo: User, lesson: Lesson
) -> None:
    for number in range(5):
        one = User(name=f"Quick {number}", email=f"quick{number}@example.org")
        session.add(one)
        session.flush()
        session.add(Membership(cohort_id=cohort.id, user_id=one.id, role=Role.LEARNER))
        judged(session, one, "double", PASSED)
        session.add(
            WorkTime(user_id=one.id, lesson="counting", cell="double", code=500 + number, reading=100)
        )
    judged(session, ada, "double", FAILED)
    spent = WorkTime(user_id=ada.id, lesson="counting", cell="double", code=1700, reading=0)
    session.add(spent)
    session.commit()
    assert needs(session, cohort, mo) == []  # three times the median is not enough where that is minutes
    spent.reading = 200
    session.commit()
    (need,) = needs(session, cohort, mo)
    assert (need.name, need.reason) == ("Ada", Reason.SLOW)
    assert "31 min" in need.words
    assert "10 min" in need.words


def test_what_failed_weeks_ago_is_no_longer_pressing(
    session: Session, cohort: Cohort, ada: User, mo: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", FAILED, FAILED, FAILED)
    session.execute(update(Standing).values(newest_at=now() - timedelta(days=15)))
    session.commit()
    assert session.scalar(select(Standing.streak)) == 3
    assert needs(session, cohort, mo) == []
