"""Grades of a cohort, as a learning management system wants them.

A grade is a number of points from 0 to 100. An exercise has 100 once it is passed; a step the share of its
exercises that are passed, and 100 once its milestone is. Hints and the number of attempts never count.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import chain
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.learning import progress
from app.lessons import Exercise, course
from app.lessons.path import Node
from app.models import Cohort, Standing, User
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.teaching import deadlines, plan

FULL = 100
_ONE_LIST = timedelta(minutes=10)  # parts that are taken within it are of one list


class By(StrEnum):
    """What a grade is given for."""

    EXERCISE = "exercise"
    STEP = "step"


class Layout(StrEnum):
    """Whose columns the file has."""

    GENERIC = "generic"
    MOODLE = "moodle"
    CANVAS = "canvas"


@dataclass(frozen=True)
class Item:
    """One exercise, or one step, that grades are given for."""

    id: str
    title: str
    exercises: tuple[Exercise, ...]
    milestone: str = ""  # who passes this exercise has the whole step

    @property
    def column(self) -> str:
        """What it is called at the head of a column; no two are called the same."""
        return f"{self.title} ({self.id})"


@dataclass(frozen=True)
class Grade:
    """What one learner has for one item. No points: nothing of it was tried."""

    item: Item
    points: float | None
    attempts: int
    passed_at: datetime | None  # of a step, when the exercise that completed it was passed
    due: datetime | None = None  # for this learner, where the cohort has planned it

    @property
    def late(self) -> bool:
        """Whether it was passed after its date. That takes no points away."""
        return self.due is not None and self.passed_at is not None and self.passed_at > self.due


@dataclass(frozen=True)
class Row:
    """One learner's grades, in the order of the items."""

    learner: User
    grades: tuple[Grade, ...]


def of(session: Session, cohort: Cohort, by: By = By.EXERCISE, until: date | None = None) -> list[Row]:
    """The grades of everybody who learns in the cohort, by name. What was handed in after the day `until`, in
    the cohort's time zone, does not count. Call with a cohort that `cohorts.find` gave. Six queries, however
    many learn there.
    """
    everybody = select(User).where(User.id.in_(cohorts.learners(cohort))).order_by(User.name, User.id)
    return of_some(session, cohort, session.scalars(everybody).all(), by, until)


def of_some(
    session: Session, cohort: Cohort, people: Sequence[User], by: By, until: date | None = None
) -> list[Row]:
    """As `of`, for some who learn there, in their order."""
    learners = [one.id for one in people]
    known: dict[UUID, dict[str, Standing]] = {}
    for standing in session.scalars(select(Standing).where(Standing.user_id.in_(learners))):
        known.setdefault(standing.user_id, {})[standing.exercise] = standing
    listed, dues = items(by), deadlines.of_cohort(session, cohort)
    end = plan.moment(cohort, until, None) if until else None

    def graded(item: Item, learner: UUID) -> Grade:
        exercise = by is By.EXERCISE
        due = dues.due(learner, item.id) if exercise else dues.due_of_node(learner, item.id)
        return replace(_grade(item, known.get(learner, {}), end), due=due)

    return [Row(one, tuple(graded(item, one.id) for item in listed)) for one in people]


def items(by: By) -> list[Item]:
    """All that grades are given for, in the order of the map."""
    if by is By.EXERCISE:
        return [Item(one.id, one.title, (one,)) for one in progress.in_order()]
    nodes = [(node, tuple(_exercises(node))) for node in course().path.nodes]
    return [Item(node.id, node.title, own, node.milestone) for node, own in nodes if own]


def _exercises(node: Node) -> Iterator[Exercise]:
    for ref in node.lessons:
        if ref.slug is not None:
            yield from course().lessons[ref.slug].exercises()


def _grade(item: Item, known: dict[str, Standing], end: datetime | None) -> Grade:
    there = [known[one.id] for one in item.exercises if one.id in known]
    passed = {one.exercise: one.passed_at for one in there if one.passed_at and _in_time(one.passed_at, end)}
    complete = len(passed) == len(item.exercises)
    points = FULL if item.milestone in passed or complete else FULL * len(passed) / len(item.exercises)
    done_at = passed.get(item.milestone) or (max(passed.values()) if complete else None)
    tries = sum(one.attempts for one in there)
    return Grade(item, round(points, 1) if there else None, tries, done_at)


def _in_time(moment: datetime, end: datetime | None) -> bool:
    return end is None or moment.replace(microsecond=0) <= end  # a day ends with its last second


# ---- as a file


def take(
    session: Session,
    viewer: User,
    cohort: Cohort,
    layout: Layout,
    by: By,
    until: date | None = None,
    *,
    late: bool = False,
) -> str:
    """The grades as the text of a CSV file; that they were taken is noted in the audit log.

    With `late`, files for Moodle and Canvas have columns on what came after its date; the table always has.
    """
    rows = of(session, cohort, by, until)
    note(session, viewer, cohort, layout, by)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    lines = _LAYOUTS[layout](rows, items(by), Asked(by, late, plan.zone(cohort.time_zone)))
    writer.writerows([harmless(value) for value in line] for line in lines)
    return file.getvalue()


def note(session: Session, viewer: User, cohort: Cohort, layout: str, by: By) -> None:
    """Whoever takes the grades of a cohort is in the audit log."""
    deeds.note(session, viewer, Kind.GRADES_TAKEN, cohort=cohort, layout=layout, by=by)


def note_part(session: Session, viewer: User, cohort: Cohort, layout: str, by: By) -> None:
    """The same of whoever takes them part by part, wherever they begin: once for the whole list."""
    if not deeds.done_since(session, viewer, Kind.GRADES_TAKEN, None, _ONE_LIST, cohort.id):
        note(session, viewer, cohort, layout, by)


Cells = Sequence[object]


@dataclass(frozen=True)
class Asked:
    """What a file is wanted to hold."""

    by: By
    late: bool
    zone: ZoneInfo  # of the days in words


def _generic(rows: list[Row], _items: list[Item], asked: Asked) -> Iterator[Cells]:
    """A line for each learner and item."""
    yield ("name", "email", asked.by.value, "title", "points", "attempts", "passed_at", "due", "late")
    for row in rows:
        for grade in row.grades:
            dates, late = (_moment(grade.passed_at), _moment(grade.due)), "late" if grade.late else ""
            who, what = (row.learner.name, row.learner.email or ""), (grade.item.id, grade.item.title)
            yield (*who, *what, _points(grade), grade.attempts, *dates, late)


def _moodle(rows: list[Row], listed: list[Item], asked: Asked) -> Iterator[Cells]:
    """A line for each learner, who is found by their address; a column for each item, and one for feedback
    where something of it is late.

    Moodle makes a nought of an empty cell in a new grade item; its own sign for “no grade” is `-`.
    """
    late = {grade.item.id for row in rows for grade in row.grades if grade.late and asked.late}
    heads = ([item.column] + [f"{item.column}, feedback"] * (item.id in late) for item in listed)
    yield ("Email address", "Full name", *chain.from_iterable(heads))
    for row in rows:
        cells = (
            [_points(grade) or "-"] + [_late_in_words(grade, asked)] * (grade.item.id in late)
            for grade in row.grades
        )
        yield (row.learner.email or "", row.learner.name, *chain.from_iterable(cells))


def _late_in_words(grade: Grade, asked: Asked) -> str:
    if not (grade.late and grade.passed_at and grade.due):
        return ""
    passed, due = (moment.astimezone(asked.zone) for moment in (grade.passed_at, grade.due))
    return f"Late: passed {passed.day} {passed:%B %Y, %H:%M}, due {due.day} {due:%B %Y, %H:%M}"


_LATE = "Passed after its date, number of items (late)"


def _canvas(rows: list[Row], listed: list[Item], asked: Asked) -> Iterator[Cells]:
    """As Canvas exports its gradebook: learners are found by their login, the second line has the most.

    Canvas takes no lateness by file: what is late is a number in a column that is worth no points.
    """
    heads, most = [item.column for item in listed], [FULL for _ in listed]
    yield ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *heads, *[_LATE] * asked.late)
    yield ("    Points Possible", "", "", "", "", *most, *[0] * asked.late)
    for row in rows:
        late = [sum(grade.late for grade in row.grades)] * asked.late
        yield (row.learner.name, "", "", row.learner.email or "", "", *map(_points, row.grades), *late)


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _points(grade: Grade) -> object:
    return "" if grade.points is None else f"{grade.points:g}"


_LAYOUTS: dict[Layout, Callable[[list[Row], list[Item], Asked], Iterator[Cells]]] = {
    Layout.GENERIC: _generic,
    Layout.MOODLE: _moodle,
    Layout.CANVAS: _canvas,
}


def harmless(value: object) -> object:
    """What a spreadsheet would take for a formula gets an apostrophe in front, and is text."""
    text = str(value)
    if text == "-":
        return value  # a formula it is not, and Moodle knows it
    return (
        f"'{text}"
        if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        else value
    )
