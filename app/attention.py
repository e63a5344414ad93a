"""Who in a cohort needs a mentor, why, and where one sees it: by four rules that are said in the manual.

Opened hints and looked-up solutions are no reason: help that was used is not held against anybody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import Select, Subquery, and_, func, select
from sqlalchemy.orm import Session

from app import cohorts
from app.db import now
from app.lessons import course
from app.markdown import plain
from app.models import Cohort, Standing, Thread, WorkTime
from app.spans import spell

ALIKE = 3  # failures in a row in the same way
SILENT = timedelta(days=7)
SLOW_TIMES, SLOW_MORE = 3, 20 * 60  # times the median, and seconds above it
KNOWN = 5  # learners who have passed an exercise, before its median says anything
RECENT = timedelta(days=14)  # what is older is somebody's silence


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
    spent = WorkTime.code + WorkTime.reading
    at_it = and_(WorkTime.user_id == Standing.user_id, WorkTime.cell == Standing.exercise)
    here = (Standing.user_id.in_(cohorts.learners(cohort)), Standing.passed_at.is_(None))
    long = (*here, Standing.newest_at >= now() - RECENT, spent >= SLOW_MORE)
    medians = _medians(cohort, select(Standing.exercise).join(WorkTime, at_it).where(*long)).subquery()
    query = (
        select(Standing.user_id, Standing.exercise, spent, medians.c.seconds)
        .join(WorkTime, at_it)
        .join(medians, medians.c.exercise == Standing.exercise)
        .where(*long, medians.c.learners >= KNOWN)
        .where(spent >= SLOW_TIMES * medians.c.seconds, spent >= medians.c.seconds + SLOW_MORE)
    )
    return [
        _over(user, names[user], exercise, seconds, median)
        for user, exercise, seconds, median in session.execute(query)
        if user in names
    ]


def _over(user: UUID, name: str, exercise: str, seconds: float, median: float) -> Need:
    usual = f"half of those who passed took {spell(median)} or less"
    words = f"has spent {spell(seconds)} without passing; {usual}"
    brief, href = f"{spell(seconds)} on one", evidence(user, exercise)
    return Need(Reason.SLOW, user, name, seconds / max(median, 60), words, brief, href, _title(exercise))


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


def _medians(cohort: Cohort, exercises: Select[str]) -> Select[tuple[str, float, int]]:
    """Exercise, the median of the active seconds at it of those who passed it, how many these are."""
    times = _times(cohort, exercises)
    middle = (2 * times.c.place >= times.c.learners, 2 * times.c.place <= times.c.learners + 2)
    grouped = select(
        times.c.exercise,
        func.avg(times.c.spent).label("seconds"),
        func.max(times.c.learners).label("learners"),
    )
    return grouped.where(*middle).group_by(times.c.exercise)


def _times(cohort: Cohort, exercises: Select[str]) -> Subquery:
    spent = WorkTime.code + WorkTime.reading
    columns = select(
        Standing.exercise,
        spent.label("spent"),
        func.row_number().over(partition_by=Standing.exercise, order_by=spent).label("place"),
        func.count().over(partition_by=Standing.exercise).label("learners"),
    )
    at_it = and_(WorkTime.user_id == Standing.user_id, WorkTime.cell == Standing.exercise)
    passed = (Standing.user_id.in_(cohorts.learners(cohort)), Standing.passed_at.is_not(None))
    return columns.join(WorkTime, at_it).where(*passed, Standing.exercise.in_(exercises)).subquery()


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
    return plain(known.title) if known else cell
