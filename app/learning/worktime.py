"""Active time, measured from what a learner does anyway: no clock runs in their browser.

The time between two events of a learner counts as active, up to an idle cap of two minutes. It is time in
code where both ends are editing, running or handing in; all other active time is reading. Time between two
events of one lesson belongs to the place of the later one, as that is what it led to; where the lesson
changes, to the place that was left. So every second belongs to one place, and places add up to the whole.

What nobody did anything in is not seen: a quarter of an hour with the text alone counts two minutes. That is
the price of not watching, and one can enter reading by hand (`readings`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, delete, exists, or_, select
from sqlalchemy.orm import Session

from app.db import uuid7
from app.guard import one_at_a_time
from app.learning.activity import Kind
from app.models import Activity, Clock, Membership, Role, User, WorkTime

IDLE_CAP = timedelta(minutes=2)
IN_CODE = frozenset({Kind.EDITED, Kind.RAN, Kind.HANDED_IN, Kind.SET_ASIDE})
MOST_AT_ONCE = 300  # learners whose time one sweep counts


class Event(NamedTuple):
    """Something that a learner did. Sorted, they are in the order of time."""

    at: datetime
    lesson: str
    cell: str
    kind: str


class Place(NamedTuple):
    """A cell or exercise of a lesson, or its text (no cell); no lesson: elsewhere on the site."""

    lesson: str
    cell: str


@dataclass(frozen=True)
class Spent:
    """Active seconds."""

    code: float = 0.0
    reading: float = 0.0

    @property
    def total(self) -> float:
        return self.code + self.reading

    @property
    def minutes(self) -> int:
        """In whole minutes: more would claim to know more than it does."""
        return round(self.total / 60)

    @property
    def share_in_code(self) -> float | None:
        """Between 0 and 1; None before there is any time."""
        return self.code / self.total if self.total else None

    def __add__(self, other: Spent) -> Spent:
        return Spent(self.code + other.code, self.reading + other.reading)


@dataclass(frozen=True)
class Times:
    """What somebody has spent, and where."""

    by_place: Mapping[Place, Spent] = field(default_factory=dict)

    @property
    def total(self) -> Spent:
        return sum(self.by_place.values(), Spent())

    def lesson(self, slug: str) -> Spent:
        """In one lesson."""
        return self.of_lessons((slug,))

    def of_lessons(self, slugs: Iterable[str]) -> Spent:
        """In all these lessons."""
        wanted = set(slugs)
        return sum((spent for place, spent in self.by_place.items() if place.lesson in wanted), Spent())

    def at(self, cell: str) -> Spent:
        """At one exercise (their names are unique in the whole course)."""
        return sum((spent for place, spent in self.by_place.items() if place.cell == cell), Spent())


def measure(events: Iterable[Event]) -> Times:
    """The active time of one learner's events, in whatever order they come."""
    found: dict[Place, Spent] = {}
    for before, after in pairwise(sorted(events)):
        seconds = min(after.at - before.at, IDLE_CAP).total_seconds()
        in_code = before.kind in IN_CODE and after.kind in IN_CODE
        place = Place(before.lesson, after.cell if after.lesson == before.lesson else before.cell)
        more = Spent(code=seconds) if in_code else Spent(reading=seconds)
        found[place] = found.get(place, Spent()) + more
    return Times({place: spent for place, spent in found.items() if spent.total})


def of(session: Session, learner: User) -> Times:
    """One learner's, as it stands now. One query."""
    return measure(events(session, learner.id))


def events(session: Session, learner: UUID) -> list[Event]:
    """Everything that one learner has done. One query."""
    columns = (Activity.created_at, Activity.lesson, Activity.cell, Activity.kind)
    return [Event(*row) for row in session.execute(select(*columns).where(Activity.user_id == learner))]


# ---- of many learners: sums that are kept, as nobody can wait for a cohort's events to be read


def at(session: Session, learners: Select[UUID], cell: str) -> dict[UUID, Spent]:
    """Learner → what they have spent at one exercise or cell, as it was last counted. One query."""
    columns = (WorkTime.user_id, WorkTime.code, WorkTime.reading)
    query = select(*columns).where(WorkTime.user_id.in_(learners), WorkTime.cell == cell)
    return {user: Spent(code, reading) for user, code, reading in session.execute(query)}


def behind(session: Session) -> list[UUID]:
    """The learners of cohorts who have done something that is not counted yet."""
    newer = exists().where(
        Activity.user_id == User.id, or_(Clock.counted_to.is_(None), Activity.id > Clock.counted_to)
    )
    learns = exists().where(
        Membership.user_id == User.id, Membership.role == Role.LEARNER, Membership.left_at.is_(None)
    )
    query = select(User.id).outerjoin(Clock, Clock.user_id == User.id).where(learns, newer)
    return list(session.scalars(query.limit(MOST_AT_ONCE)))


def count(session: Session, learner: UUID) -> None:
    """Count all of one learner's time anew, and keep it. Somebody who is gone by now is no matter."""
    user = session.get(User, learner)
    if user is None:
        return
    one_at_a_time(session, user)
    newest = select(Activity.id).where(Activity.user_id == learner).order_by(Activity.id.desc()).limit(1)
    counted_to, times = session.scalar(newest), of(session, user)
    session.execute(delete(WorkTime).where(WorkTime.user_id == learner))
    session.add_all(
        WorkTime(user_id=learner, lesson=lesson, cell=cell, code=spent.code, reading=spent.reading)
        for (lesson, cell), spent in times.by_place.items()
    )
    session.execute(delete(Clock).where(Clock.user_id == learner))
    session.add(Clock(user_id=learner, counted_to=counted_to or uuid7()))
    session.flush()
