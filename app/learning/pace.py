"""Somebody's time beside others' and beside what was foretold; and what they read elsewhere. No race."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import quantiles
from uuid import UUID

from sqlalchemy import Select, String, and_, case, cast, func, select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound, Unusable, clean_text, one_at_a_time
from app.learning import worktime
from app.learning.worktime import Spent
from app.lessons import Lesson, course
from app.lessons.path import Node
from app.models import Membership, Reading, Role, Standing, User, WorkTime
from app.visible import visible

FEWEST = 5  # who have proven a lesson, before a range of theirs is shown
MOST_MINUTES = 24 * 60  # of one entry
MOST_READINGS = 1000
_NAMED = 200  # characters of a place
A_THIRD = 1 / 3  # the least share of one's time in code, says the source


@dataclass(frozen=True)
class Range:
    """Between which minutes the middle half of those took who have proven it."""

    low: int
    high: int


@dataclass(frozen=True)
class OfLesson:
    """One lesson: one's own time, others', and the author's estimate in minutes."""

    lesson: Lesson
    spent: Spent
    cohort: Range | None


@dataclass(frozen=True)
class OfStep:
    """One node of the path, with its lessons; `elsewhere` are minutes entered by hand."""

    node: Node
    spent: Spent
    elsewhere: int
    cohort: Range | None
    lessons: list[OfLesson]


@dataclass(frozen=True)
class Pace:
    """All of somebody's time."""

    spent: Spent
    readings: list[Reading]
    steps: list[OfStep]

    @property
    def elsewhere(self) -> int:
        """Minutes of reading entered by hand."""
        return sum(one.minutes for one in self.readings)

    @property
    def share_in_code(self) -> float | None:
        """Of all time, also that spent elsewhere; None before there is any."""
        whole = self.spent.total + 60 * self.elsewhere
        return self.spent.code / whole if whole else None


def of(session: Session, learner: User) -> Pace:
    """A learner's own, as exactly as it is known; their cohorts' from sums. Three queries."""
    times = worktime.of(session, learner)
    entered = readings(session, learner)
    measured = _measured(session, learner)
    steps = [
        OfStep(
            node,
            times.of_lessons(slugs),
            sum(one.minutes for one in entered if one.node == node.id),
            _range_of_step(measured, slugs),
            [
                OfLesson(course().lessons[slug], times.lesson(slug), _range(measured.get(slug, {}).values()))
                for slug in slugs
            ],
        )
        for node in course().path.nodes
        if (slugs := [ref.slug for ref in node.lessons if ref.slug is not None])
    ]
    return Pace(times.total, entered, steps)


def _fellows(learner: User) -> Select[UUID]:
    """Those who learn in a cohort with somebody, they themselves among them."""
    mine = select(Membership.cohort_id).where(
        Membership.user_id == learner.id, Membership.role == Role.LEARNER, Membership.left_at.is_(None)
    )
    return select(Membership.user_id).where(
        Membership.cohort_id.in_(mine), Membership.role == Role.LEARNER, Membership.left_at.is_(None)
    )


def _measured(session: Session, learner: User) -> dict[str, dict[str, float]]:
    """Lesson → those who have proven it → the minutes that they spent in it. One query."""
    proofs = {slug: lesson.test_out for slug, lesson in course().lessons.items() if lesson.test_out}
    if not proofs:
        return {}
    passed = select(Standing.user_id, Standing.lesson).where(
        Standing.user_id.in_(_fellows(learner)),
        Standing.passed_at.is_not(None),
        Standing.exercise.in_([name for names in proofs.values() for name in names]),
    )
    enough = case({slug: len(names) for slug, names in proofs.items()}, value=Standing.lesson, else_=0)
    groups = (Standing.user_id, Standing.lesson)
    proven = passed.group_by(*groups).having(func.count() == enough).subquery()
    spent = select(
        WorkTime.lesson, cast(WorkTime.user_id, String), func.sum(WorkTime.code + WorkTime.reading)
    )
    both = and_(proven.c.user_id == WorkTime.user_id, proven.c.lesson == WorkTime.lesson)
    found: dict[str, dict[str, float]] = {slug: {} for slug in proofs}
    sums = spent.join(proven, both).group_by(WorkTime.lesson, WorkTime.user_id)
    for slug, user, seconds in session.execute(sums):
        found[slug][user] = seconds / 60
    return found


def _range(minutes: Iterable[float]) -> Range | None:
    """None below five: a range of few would tell of single people."""
    measured = [one for one in minutes if one]
    if len(measured) < FEWEST:
        return None
    low, _, high = quantiles(measured, n=4, method="inclusive")
    return Range(round(low), round(high))


def _range_of_step(measured: Mapping[str, Mapping[str, float]], slugs: list[str]) -> Range | None:
    """Of those who have proven all of a step's lessons that can be proven."""
    known = [measured[slug] for slug in slugs if slug in measured]
    if not known:
        return None
    users = set.intersection(*(set(one) for one in known))
    return _range(sum(one[user] for one in known) for user in users)


# ---- read elsewhere, entered by hand


def readings(session: Session, learner: User) -> list[Reading]:
    """The newest day first."""
    mine = select(Reading).where(Reading.user_id == learner.id)
    return list(session.scalars(mine.order_by(Reading.on.desc(), Reading.id.desc())))


def enter(
    session: Session,
    learner: User,
    minutes: int,
    place: str,
    node: str = "",
    on: date | None = None,
    reading_id: UUID | None = None,
) -> Reading:
    """Enter what was read elsewhere, or change an entry. Raises Unusable, NotFound."""
    place = " ".join(clean_text(place).split())
    if not 1 <= minutes <= MOST_MINUTES:
        raise Unusable(f"Give the time in minutes, from 1 to {MOST_MINUTES}.")
    if not place or len(place) > _NAMED or visible(place) != place:
        raise Unusable(f"Say where you read in 1 to {_NAMED} characters: a paper, a video, a book.")
    if node and node not in {one.id for one in course().path.nodes}:
        raise Unusable("The map has no such step.")
    on = on or now().date()
    if on > now().date() + timedelta(days=1):  # where it is tomorrow already
        raise Unusable("This day is still to come.")
    one_at_a_time(session, learner)
    entry = find_reading(session, learner, reading_id) if reading_id else _another(session, learner)
    entry.minutes, entry.place, entry.node, entry.on = minutes, place, node, on
    session.add(entry)
    session.flush()
    return entry


def _another(session: Session, learner: User) -> Reading:
    if len(readings(session, learner)) >= MOST_READINGS:
        raise Unusable(f"There are {MOST_READINGS} entries already: join some of them.")
    return Reading(user_id=learner.id)


def find_reading(session: Session, learner: User, reading_id: UUID) -> Reading:
    """One's own. Raises NotFound."""
    found = session.get(Reading, reading_id)
    if found is None or found.user_id != learner.id:
        raise NotFound("There is no such entry among yours.")
    return found


def strike(session: Session, learner: User, reading_id: UUID) -> None:
    """Remove an entry. Raises NotFound."""
    session.delete(find_reading(session, learner, reading_id))
    session.flush()
