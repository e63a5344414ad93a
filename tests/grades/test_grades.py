"""Grades: what has points, since when, and a file that a learning management system can read."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.lessons import Lesson, course
from app.models import Cohort, Deed, Part, Standing, User
from app.teaching import grades, plan
from app.teaching.grades import By, Layout

AUTUMN = datetime(2026, 10, 3, 23, 30, tzinfo=UTC)


def stand(
    session: Session, user: User, exercise: str, attempts: int, passed_at: datetime | None = None
) -> None:
    session.add(
        Standing(
            user_id=user.id, lesson="counting", exercise=exercise, attempts=attempts, passed_at=passed_at,
            to_pass=attempts if passed_at else None, newest_at=passed_at or now(), streak=0, trouble="",
            updated_at=now(),
        )
    )  # fmt: skip
    session.flush()


def by_name(session: Session, cohort: Cohort, **options: Any) -> dict[str, dict[str, grades.Grade]]:
    rows = grades.of(session, cohort, **options)
    return {row.learner.name: {one.item.id: one for one in row.grades} for row in rows}


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_an_exercise_has_all_points_or_none_and_nothing_before_it_is_tried(
    session: Session, ada: User, ben: User, cohort: Cohort, lesson: Lesson
) -> None:
    stand(session, ada, "double", 7, AUTUMN)
    stand(session, ada, "quadruple", 2)
    found = by_name(session, cohort)
    assert list(found) == ["Ada", "Ben"]
    points = {name: grade.points for name, grade in found["Ada"].items()}
    assert points == {"double": 100, "quadruple": 0, "largest": None}
    assert (found["Ada"]["double"].attempts, found["Ada"]["double"].passed_at) == (7, AUTUMN)
    assert {grade.points for grade in found["Ben"].values()} == {None}


def test_a_step_has_the_share_that_is_passed_and_all_with_its_milestone(
    session: Session, ada: User, cohort: Cohort, lesson: Lesson
) -> None:
    node = course().path.home("counting")
    assert node is not None
    stand(session, ada, "double", 1, AUTUMN)
    grade = by_name(session, cohort, by=By.STEP)["Ada"][node.id]
    assert (grade.points, grade.passed_at) == (33.3, None)
    assert node.milestone == "largest"
    stand(session, ada, "largest", 1, AUTUMN + timedelta(days=1))
    grade = by_name(session, cohort, by=By.STEP)["Ada"][node.id]
    assert (grade.points, grade.passed_at) == (100, AUTUMN + timedelta(days=1))


def test_what_was_passed_after_the_day_does_not_count(
    session: Session, ada: User, cohort: Cohort, lesson: Lesson
) -> None:
    stand(session, ada, "double", 1, AUTUMN)
    assert by_name(session, cohort, until=date(2026, 10, 3))["Ada"]["double"].points == 100
    assert by_name(session, cohort, until=date(2026, 10, 2))["Ada"]["double"].points == 0


def test_a_day_ends_where_the_cohort_is(session: Session, ada: User, cohort: Cohort, lesson: Lesson) -> None:
    stand(session, ada, "double", 1, AUTUMN)  # 3 October, 23:30 UTC
    here = session.get_one(Cohort, cohort.id)
    for zone, points in (("Europe/Berlin", 0), ("America/New_York", 100)):
        here.time_zone = zone
        assert by_name(session, here, until=date(2026, 10, 3))["Ada"]["double"].points == points
    here.time_zone = "America/New_York"
    assert by_name(session, here, until=date.max)["Ada"]["double"].points == 100


def test_a_table_has_a_line_for_each_grade_with_its_date(
    session: Session, ada: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    stand(session, ada, "double", 3, AUTUMN)
    lines = parsed(grades.take(session, mo, cohort, Layout.GENERIC, By.EXERCISE))
    assert lines[0] == [
        "name",
        "email",
        "exercise",
        "title",
        "points",
        "attempts",
        "passed_at",
        "due",
        "late",
    ]
    title = course().exercises["double"].title
    assert ["Ada", "ada@example.org", "double", title, "100", "3", "2026-10-03 23:30:00", "", ""] in lines
    assert len(lines) == 1 + 2 * 3


def test_what_was_passed_after_its_date_is_marked_and_has_all_its_points(
    session: Session, ada: User, ben: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    here = session.get_one(Cohort, cohort.id)
    plan.put(session, mo, here, [plan.Item(Part.EXERCISE, "double", date(2026, 10, 2))])
    stand(session, ada, "double", 3, AUTUMN)
    stand(session, ben, "double", 1, AUTUMN - timedelta(days=3))
    lines = parsed(grades.take(session, mo, here, Layout.GENERIC, By.EXERCISE))
    found = {line[0]: (line[4], *line[7:]) for line in lines if line[2] == "double"}
    due = "2026-10-02 23:59:59"
    assert found == {"Ada": ("100", due, "late"), "Ben": ("100", due, "")}


def test_moodle_finds_people_by_their_address(
    session: Session, ada: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    stand(session, ada, "double", 3, AUTUMN)
    head, first, second = parsed(grades.take(session, mo, cohort, Layout.MOODLE, By.EXERCISE))
    assert head[:2] == ["Email address", "Full name"]
    assert head[2].endswith("(double)")
    assert first == ["ada@example.org", "Ada", "100", "-", "-"]  # of an empty cell Moodle makes a nought
    assert second == ["ben@example.org", "Ben", "-", "-", "-"]


def test_what_came_late_is_feedback_for_moodle_and_a_number_for_canvas(
    session: Session, ada: User, ben: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    here = session.get_one(Cohort, cohort.id)
    here.time_zone = "Europe/Berlin"
    plan.put(session, mo, here, [plan.Item(Part.EXERCISE, "double", date(2026, 10, 2))])
    stand(session, ada, "double", 3, AUTUMN)
    stand(session, ben, "double", 1, AUTUMN - timedelta(days=3))
    head, first, second = parsed(grades.take(session, mo, here, Layout.MOODLE, By.EXERCISE, late=True))
    assert head[3] == f"{head[2]}, feedback"
    assert first[2:4] == ["100", "Late: passed 4 October 2026, 01:30, due 2 October 2026, 23:59"]
    assert second[2:4] == ["100", ""]
    assert {len(head), len(first), len(second)} == {2 + 3 + 1}
    lines = parsed(grades.take(session, mo, here, Layout.CANVAS, By.EXERCISE, late=True))
    assert lines[0][-1].endswith("(late)")
    assert [line[-1] for line in lines[1:]] == ["0", "1", "0"]
    assert {len(line) for line in lines} == {5 + 3 + 1}


def test_canvas_is_told_the_points_that_are_possible(
    session: Session, ada: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    lines = parsed(grades.take(session, mo, cohort, Layout.CANVAS, By.STEP))
    assert lines[0][:5] == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    assert lines[1][0].strip() == "Points Possible"
    assert set(lines[1][5:]) == {"100"}
    assert lines[2][:5] == ["Ada", "", "", "ada@example.org", ""]
    assert {len(line) for line in lines} == {len(lines[0])}


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "＝1"])
def test_no_name_becomes_a_formula(
    name: str, session: Session, ada: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    session.get_one(User, ada.id).name = name
    session.flush()
    for layout in Layout:
        text = grades.take(session, mo, cohort, layout, By.EXERCISE)
        assert f"'{name}" in {cell for line in parsed(text) for cell in line}
        assert name not in {cell for line in parsed(text) for cell in line}


def test_taking_them_is_noted(session: Session, mo: User, cohort: Cohort, lesson: Lesson) -> None:
    grades.take(session, mo, cohort, Layout.CANVAS, By.STEP)
    deed = session.scalars(select(Deed).where(Deed.kind == "grades_taken")).one()
    assert (deed.actor_id, deed.cohort_id, deed.data["layout"]) == (mo.id, cohort.id, "canvas")
