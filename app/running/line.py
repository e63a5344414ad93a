"""The line of those who wait: learners take turns, whatever each of them has pressed.

A learner's first waiting run stands before everybody's second. What a learner has running counts as a turn
taken, and so does what has begun since this run came: who presses again and again gains nothing. Among equal
turns the one who came first goes first.

There is a line for each queue; a place is counted in one's own. Whether what stands first fits into a
machine's memory is for the machine to say.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Select, Subquery, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.db import now
from app.jobs import CPU
from app.models import Run, State

MOST_MB = 2**31 - 1


class Waiting(NamedTuple):
    """One who waits, and the memory that it asks for."""

    id: UUID
    memory_mb: int


def first(session: Session, queue: str = CPU, at_most: int = MOST_MB) -> Waiting | None:
    """The run whose turn it is, of those that need `at_most` so many MB; None if none of them waits.

    One that was given back may have to pause first.
    """
    wanted = {"moment": now(), "queue": queue, "at_most": at_most}
    found = session.execute(_first(), wanted).one_or_none()
    return Waiting(*found) if found else None


def count(session: Session, queue: str, at_most: int) -> int:
    """How many wait in this queue that need `at_most` so many MB."""
    waiting = select(func.count()).select_from(Run).where(Run.state == State.QUEUED, Run.queue == queue)
    return session.scalar(waiting.where(Run.memory_mb <= at_most)) or 0


def place(session: Session, run: Run) -> int:
    """The place in the line: 1 is the next, 0 is no longer waiting."""
    return session.scalar(_place(), {"run": run.id}) or 0 if run.state is State.QUEUED else 0


def places(session: Session, most: int) -> list[tuple[Run, int]]:
    """The first runs of the line, with their places."""
    return [(run, number) for run, number in session.execute(_places(), {"most": most})]


# The three questions are built once: to put one together takes longer than to answer it.


@lru_cache
def _first() -> Select[UUID, int]:
    line = _line()
    ready = or_(Run.ready_at.is_(None), Run.ready_at <= bindparam("moment", type_=Run.ready_at.type))
    fits = Run.memory_mb <= bindparam("at_most", type_=Run.memory_mb.type)
    here = Run.queue == bindparam("queue", type_=Run.queue.type)
    mine = select(Run.id, Run.memory_mb).join(line, line.c.id == Run.id).where(ready, fits, here)
    return mine.order_by(line.c.place).limit(1)


@lru_cache
def _place() -> Select[int]:
    line = _line()
    return select(line.c.place).where(line.c.id == bindparam("run", type_=Run.id.type))


@lru_cache
def _places() -> Select[Run, int]:
    line = _line()
    query = select(Run, line.c.place).join(line, line.c.id == Run.id)
    return query.order_by(line.c.place).limit(bindparam("most"))


def _line() -> Subquery:
    """Run id → place, from 1."""
    other = aliased(Run)
    taken = (
        select(func.count())
        .where(other.user_id == Run.user_id, other.id != Run.id, other.state != State.QUEUED)
        .where(or_(other.state == State.RUNNING, other.started_at >= Run.queued_at))
        .correlate(Run)
        .scalar_subquery()
    )
    own = func.row_number().over(partition_by=Run.user_id, order_by=(Run.queued_at, Run.id))
    who = (Run.id, Run.queue, Run.queued_at)
    turns = select(*who, (own + taken).label("turn")).where(Run.state == State.QUEUED).subquery()
    order = (turns.c.turn, turns.c.queued_at, turns.c.id)
    place = func.row_number().over(partition_by=turns.c.queue, order_by=order)
    return select(turns.c.id, place.label("place")).subquery()
