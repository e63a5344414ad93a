"""Who in a cohort needs a mentor, why, and where one sees it: by four rules that are said in the manual.

Opened hints and looked-up solutions are no reason: help that was used is not held against anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median
from uuid import UUID

from sqlalchemy import ColumnElement, Result, and_, select
from sqlalchemy.orm import Session

from app.db import now
from app.lessons import course
from app.markdown import plain
from app.models import Cohort, Standing, Thread, WorkTime
from app.people import cohorts
from app.spans import spell

ALIKE = 3  # failures in a row in the same way
SILENT = timedelta(days=7)
SLOW_TIMES, SLOW_MORE = 3, 20 * 60  # times the median, and seconds above it
KNOWN = 5  # learners who have passed an exercise, before its median says anything
RECENT = timedelta(days=14)  # what is older is somebody's silence
_SPENT = WorkTime.code + WorkTime.reading


class Reason(StrEnum):
    """The most pressing first."""

    WAITING = "waiting"
    ALIKE = "alike"
    SLOW = "slow"
    SILENT = "silent"


@dataclass(frozen=True)
class Need:
    """Somebody, and why a mentor should look: a sentence, and the page with the evidence."""

    reason: Reason
    learner: UUID
    name: str
    weight: float  # within the same reason, more is more pressing
    words: str
    brief: str  # the same in a cell of a table
    href: str
    at: str = ""  # the title of the exercise or cell


@dataclass(frozen=True)
class Person:
    """A learner of the cohort."""

    id: UUID
    name: str
    guest: bool
    joined: datetime
    last_active: datetime | None


def of(session: Session, cohort: Cohort, people: Sequence[Person], waiting: Sequence[Thread]) -> list[Need]:
    """Everybody's needs, the most pressing first. `waiting`: the cohort's threads that wait for an answer."""
    names = {one.id: one.name for one in people}
    found = [
        *map(_waits, waiting),
        *_alike(session, cohort, names),
        *_slow(session, cohort, names),
        *_silent(cohort, people),
    ]
    order = list(Reason)
    return sorted(found, key=lambda need: (order.index(need.reason), -need.weight, need.name))


def _waits(thread: Thread) -> Need:
    passed = now() - (thread.waiting_since or thread.messages[-1].created_at)
    words = f"has been waiting for an answer for {spell(passed)}"
    brief, href = f"asked, {spell(passed)}", f"/threads/{thread.id}"
    seconds, name = passed.total_seconds(), thread.user.name
    return Need(Reason.WAITING, thread.user_id, name, seconds, words, brief, href, _title(thread.cell))


def _alike(session: Session, cohort: Cohort, names: Mapping[UUID, str]) -> list[Need]:
    columns = select(Standing.user_id, Standing.exercise, Standing.streak, Standing.trouble)
    stuck = columns.where(Standing.streak >= ALIKE, Standing.newest_at >= now() - RECENT)
    rows = session.execute(stuck.where(Standing.user_id.in_(cohorts.learners(cohort))))
    return [
        Need(
            Reason.ALIKE,
            user,
            names[user],
            streak,
            f"has failed {streak} times in a row in the same way: {named(exercise, trouble)}",
            f"{streak} alike",
            evidence(user, exercise),
            _title(exercise),
        )
        for user, exercise, streak, trouble in rows
        if user in names
    ]


def _slow(session: Session, cohort: Cohort, names: Mapping[UUID, str]) -> list[Need]:
    """Two queries where one would do: joined with its own medians, a planner without fresh statistics
    (Postgres, after a cohort has come in at once) walks the whole table for each exercise."""
    waiting = (Standing.passed_at.is_(None), Standing.newest_at >= now() - RECENT, _SPENT >= SLOW_MORE)
    long = [row for row in _spent(session, cohort, *waiting) if row[0] in names]
    medians = _medians(session, cohort, {exercise for _, exercise, _ in long})
    return [
        _over(user, names[user], exercise, seconds, usual)
        for user, exercise, seconds in long
        if (usual := medians.get(exercise)) is not None
        if seconds >= max(SLOW_TIMES * usual, usual + SLOW_MORE)
    ]


def _over(user: UUID, name: str, exercise: str, seconds: float, half: float) -> Need:
    usual = f"half of those who passed took {spell(half)} or less"
    words = f"has spent {spell(seconds)} without passing; {usual}"
    brief, href = f"{spell(seconds)} on one", evidence(user, exercise)
    return Need(Reason.SLOW, user, name, seconds / max(half, 60), words, brief, href, _title(exercise))


def _silent(cohort: Cohort, people: Sequence[Person]) -> list[Need]:
    today = now().date()
    if (cohort.ends_on and cohort.ends_on < today) or (cohort.starts_on and cohort.starts_on > today):
        return []
    return [need for one in people if (need := _silence(one))]


def _silence(one: Person) -> Need | None:
    passed = now() - (one.last_active or one.joined)
    if passed < SILENT:
        return None
    words = f"has done nothing for {spell(passed)}"
    if one.last_active is None:
        words = f"has not begun, {spell(passed)} after joining"
    href = f"/mentor/learners/{one.id}"
    brief = f"silent {spell(passed)}"
    return Need(Reason.SILENT, one.id, one.name, passed.total_seconds(), words, brief, href)


def _medians(session: Session, cohort: Cohort, exercises: Set[str]) -> dict[str, float]:
    """Of each exercise that enough have passed, the median of their active seconds at it."""
    passed = (Standing.passed_at.is_not(None), Standing.exercise.in_(exercises))
    times: dict[str, list[float]] = {}
    for _, exercise, seconds in _spent(session, cohort, *passed):
        times.setdefault(exercise, []).append(seconds)
    return {exercise: median(known) for exercise, known in times.items() if len(known) >= KNOWN}


def _spent(session: Session, cohort: Cohort, *where: ColumnElement[bool]) -> Result[UUID, str, float]:
    """The cohort's learners, exercises they have handed in, and their active seconds at each."""
    at_it = and_(
        WorkTime.user_id == Standing.user_id,
        WorkTime.lesson == Standing.lesson,
        WorkTime.cell == Standing.exercise,
    )
    columns = select(Standing.user_id, Standing.exercise, _SPENT).join(WorkTime, at_it)
    return session.execute(columns.where(Standing.user_id.in_(cohorts.learners(cohort)), *where))


def evidence(learner: UUID, exercise: str) -> str:
    """The learner's timeline at one exercise."""
    return f"/mentor/learners/{learner}?exercise={exercise}"


def named(exercise: str, trouble: str) -> str:
    """A mistake as the course calls it, or what the verdict was."""
    if trouble == "error":
        return "an error"
    if trouble == "failed":
        return "wrong values, no known mistake"
    known = course().exercises.get(exercise)
    for variant in known.mistakes if known else ():
        if variant.name == trouble:
            return f"“{variant.label}”"
    label = trouble.removeprefix("mistake_").partition("__")[0].replace("_", " ")
    return f"“{label}”"  # one that has left the course since


def _title(cell: str) -> str:
    known = course().exercises.get(cell)
    return plain(known.title) if known else f"the cell {cell}"
