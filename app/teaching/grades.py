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
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.learning import progress
from app.lessons import Exercise, course
from app.lessons.path import Node
from app.models import Cohort, Standing, User
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.teaching import deadlines

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
    """The grades of everybody who learns in the cohort, by name. What was passed after the day `until` (UTC)
    does not count. Call with a cohort that `cohorts.find` gave. Six queries, however many learn there.
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

    def graded(item: Item, learner: UUID) -> Grade:
        exercise = by is By.EXERCISE
        due = dues.due(learner, item.id) if exercise else dues.due_of_node(learner, item.id)
        return replace(_grade(item, known.get(learner, {}), until), due=due)

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


def _grade(item: Item, known: dict[str, Standing], until: date | None) -> Grade:
    there = [known[one.id] for one in item.exercises if one.id in known]
    passed = {
        one.exercise: one.passed_at for one in there if one.passed_at and _in_time(one.passed_at, until)
    }
    complete = len(passed) == len(item.exercises)
    points = FULL if item.milestone in passed or complete else FULL * len(passed) / len(item.exercises)
    done_at = passed.get(item.milestone) or (max(passed.values()) if complete else None)
    tries = sum(one.attempts for one in there)
    return Grade(item, round(points, 1) if there else None, tries, done_at)


def _in_time(moment: datetime, until: date | None) -> bool:
    return until is None or moment.astimezone(UTC).date() <= until


# ---- as a file


def take(
    session: Session, viewer: User, cohort: Cohort, layout: Layout, by: By, until: date | None = None
) -> str:
    """The grades as the text of a CSV file; that they were taken is noted in the audit log."""
    rows = of(session, cohort, by, until)
    note(session, viewer, cohort, layout, by)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerows([harmless(value) for value in line] for line in _LAYOUTS[layout](rows, items(by), by))
    return file.getvalue()


def note(session: Session, viewer: User, cohort: Cohort, layout: str, by: By) -> None:
    """Whoever takes the grades of a cohort is in the audit log."""
    deeds.note(session, viewer, Kind.GRADES_TAKEN, cohort=cohort, layout=layout, by=by)


def note_part(session: Session, viewer: User, cohort: Cohort, layout: str, by: By) -> None:
    """The same of whoever takes them part by part, wherever they begin: once for the whole list."""
    if not deeds.done_since(session, viewer, Kind.GRADES_TAKEN, None, _ONE_LIST, cohort.id):
        note(session, viewer, cohort, layout, by)


Cells = Sequence[object]


def _generic(rows: list[Row], _items: list[Item], by: By) -> Iterator[Cells]:
    """A line for each learner and item."""
    yield ("name", "email", by.value, "title", "points", "attempts", "passed_at", "due", "late")
    for row in rows:
        for grade in row.grades:
            dates, late = (_moment(grade.passed_at), _moment(grade.due)), "late" if grade.late else ""
            who, what = (row.learner.name, row.learner.email or ""), (grade.item.id, grade.item.title)
            yield (*who, *what, _points(grade), grade.attempts, *dates, late)


def _moodle(rows: list[Row], listed: list[Item], _by: By) -> Iterator[Cells]:
    """A line for each learner, who is found by their address; a column for each item."""
    yield ("Email address", "Full name", *(item.column for item in listed))
    for row in rows:
        yield (row.learner.email or "", row.learner.name, *map(_points, row.grades))


def _canvas(rows: list[Row], listed: list[Item], _by: By) -> Iterator[Cells]:
    """As Canvas exports its gradebook: learners are found by their login, the second line has the most."""
    yield ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *(item.column for item in listed))
    yield ("    Points Possible", "", "", "", "", *(FULL for _ in listed))
    for row in rows:
        yield (row.learner.name, "", "", row.learner.email or "", "", *map(_points, row.grades))


def _moment(moment: datetime | None) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if moment else ""


def _points(grade: Grade) -> object:
    return "" if grade.points is None else f"{grade.points:g}"


_LAYOUTS: dict[Layout, Callable[[list[Row], list[Item], By], Iterator[Cells]]] = {
    Layout.GENERIC: _generic,
    Layout.MOODLE: _moodle,
    Layout.CANVAS: _canvas,
}


def harmless(value: object) -> object:
    """What a spreadsheet would take for a formula gets an apostrophe in front, and is text."""
    text = str(value)
    return (
        f"'{text}"
        if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
        else value
    )
