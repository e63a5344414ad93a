"""A learner's timeline as their mentors see it: what was handed in, which help was used, what was asked.

Scratch runs are not in it: they are their learner's alone. What was on the screen comes with a question where
help was asked (`threads`), and not otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload

from app.learning.activity import Kind
from app.lessons import course
from app.mentoring import threads
from app.mentoring.changes import Line, changes
from app.models import Activity, Attempt, Run, Thread, User

PAGE = 20  # entries
_HELP = (Kind.HINT, Kind.SOLUTION)


class Place(NamedTuple):
    """What the timeline is of: an exercise, a lesson, or (both empty) everything."""

    lesson: str = ""
    exercise: str = ""


@dataclass(frozen=True)
class Entry:
    """Something that happened. One of `attempt`, `help` and `thread` is there."""

    id: UUID
    at: datetime
    lesson: str
    cell: str
    attempt: Attempt | None = None
    help: Activity | None = None
    thread: Thread | None = None
    before: Attempt | None = None  # the attempt at the same exercise before this one
    changed: Sequence[Line] = ()  # since that
    after: timedelta | None = None  # how long after the entry that is shown below it

    @property
    def text(self) -> str:
        """What was handed in; empty where nothing was."""
        return text_of(self.attempt) if self.attempt else ""

    @property
    def between(self) -> timedelta | None:
        """Since the attempt before this one."""
        return self.attempt.created_at - self.before.created_at if self.attempt and self.before else None


@dataclass(frozen=True)
class Timeline:
    """One page of it, the newest first; `older` leads to the next."""

    place: Place
    entries: Sequence[Entry] = field(default_factory=list)
    newest: bool = True  # nothing newer is left out
    older: UUID | None = None


def of(session: Session, learner: User, place: Place, before: UUID | None = None) -> Timeline:
    """What a learner (whom `oversight` has found) did there, before the entry `before` if one is named.

    Every id is in the order of time, whatever table it is from: so pages neither lose an entry nor show one
    twice.
    """
    found = [
        *_attempts(session, learner, place, before),
        *_help(session, learner, place, before),
        *_threads(session, learner, place, before),
    ]
    newest = sorted(found, key=lambda entry: entry.id, reverse=True)[: PAGE + 1]
    shown = _compared(session, learner, newest[:PAGE])
    older = shown[-1].id if len(newest) > PAGE else None
    return Timeline(place, _spaced(shown, newest), before is None, older)


def text_of(attempt: Attempt) -> str:
    """What was handed in, as lines: code as it stands, a form as its fields."""
    known = course().exercises.get(attempt.exercise)
    if known is None or not known.is_form:
        return attempt.answer
    values: dict[str, Any] = json.loads(attempt.answer)
    return "\n".join(f"{name}: {value}" for name, value in values.items())


def _attempts(session: Session, learner: User, place: Place, before: UUID | None) -> list[Entry]:
    query = select(Attempt).where(
        Attempt.user_id == learner.id, *_there(Attempt, Attempt.exercise, place, before)
    )
    whole = query.options(joinedload(Attempt.run).selectinload(Run.outputs), joinedload(Attempt.user))
    rows = session.scalars(whole.order_by(Attempt.id.desc()).limit(PAGE + 1))
    return [Entry(one.id, one.created_at, one.lesson, one.exercise, attempt=one) for one in rows]


def _help(session: Session, learner: User, place: Place, before: UUID | None) -> list[Entry]:
    mine = (Activity.user_id == learner.id, Activity.kind.in_(_HELP))
    query = select(Activity).where(*mine, *_there(Activity, Activity.cell, place, before))
    rows = session.scalars(query.order_by(Activity.id.desc()).limit(PAGE + 1))
    return [Entry(one.id, one.created_at, one.lesson, one.cell, help=one) for one in rows]


def _threads(session: Session, learner: User, place: Place, before: UUID | None) -> list[Entry]:
    there = _there(Thread, Thread.cell, place, before)
    rows = threads.newest_of(session, learner, there, PAGE + 1)
    return [Entry(one.id, one.created_at, one.lesson, one.cell, thread=one) for one in rows]


def _there(
    table: type[Attempt | Activity | Thread],
    cell: InstrumentedAttribute[str],
    place: Place,
    before: UUID | None,
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if place.exercise:
        found.append(cell == place.exercise)
    elif place.lesson:
        found.append(table.lesson == place.lesson)
    if before is not None:
        found.append(table.id < before)
    return found


def _compared(session: Session, learner: User, entries: Sequence[Entry]) -> list[Entry]:
    """The same, each attempt with the one before it and what has changed since."""
    earlier = _earlier(session, learner, [one.attempt for one in entries if one.attempt])
    return [_with_changes(one, earlier) for one in entries]


def _with_changes(entry: Entry, earlier: dict[tuple[str, int], Attempt]) -> Entry:
    attempt = entry.attempt
    before = earlier.get((attempt.exercise, attempt.number - 1)) if attempt else None
    if attempt is None or before is None:
        return entry
    return replace(entry, before=before, changed=changes(text_of(before), text_of(attempt)))


def _earlier(session: Session, learner: User, attempts: Sequence[Attempt]) -> dict[tuple[str, int], Attempt]:
    """(exercise, number) → attempt, of those just before these. One query at most."""
    wanted = [
        and_(Attempt.exercise == one.exercise, Attempt.number == one.number - 1)
        for one in attempts
        if one.number > 1
    ]
    if not wanted:
        return {}
    rows = session.scalars(select(Attempt).where(Attempt.user_id == learner.id, or_(*wanted)))
    return {(one.exercise, one.number): one for one in rows}


def _spaced(shown: Sequence[Entry], known: Sequence[Entry]) -> list[Entry]:
    """Each with how long after the next older one it was; `known` has one more, of the next page."""
    below = [*known[1 : len(shown) + 1], None]
    return [
        replace(one, after=one.at - older.at) if older else one
        for one, older in zip(shown, below, strict=False)
    ]
