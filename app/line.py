"""The line of those who wait: learners take turns, whatever each of them has pressed.

A learner's first waiting run stands before everybody's second. What a learner has running counts as a turn
taken, and so does what has begun since this run came: who presses again and again gains nothing. Among equal
turns the one who came first goes first.
"""

from __future__ import annotations

from functools import lru_cache
from uuid import UUID

from sqlalchemy import Select, Subquery, bindparam, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.db import now
from app.models import Run, State


def first(session: Session) -> UUID | None:
    """The run whose turn it is; None if nobody waits. One that was given back may have to pause first."""
    return session.scalar(_first(), {"moment": now()})


def place(session: Session, run: Run) -> int:
    """The place in the line: 1 is the next, 0 is no longer waiting."""
    return session.scalar(_place(), {"run": run.id}) or 0 if run.state is State.QUEUED else 0


def places(session: Session, most: int) -> list[tuple[Run, int]]:
    """The first runs of the line, with their places."""
    return [(run, number) for run, number in session.execute(_places(), {"most": most})]


# The three questions are built once: to put one together takes longer than to answer it.


@lru_cache
def _first() -> Select[UUID]:
    line = _line()
    ready = or_(Run.ready_at.is_(None), Run.ready_at <= bindparam("moment", type_=Run.ready_at.type))
    return select(Run.id).join(line, line.c.id == Run.id).where(ready).order_by(line.c.place).limit(1)


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
    turns = (
        select(Run.id, Run.queued_at, (own + taken).label("turn")).where(Run.state == State.QUEUED).subquery()
    )
    order = (turns.c.turn, turns.c.queued_at, turns.c.id)
    return select(turns.c.id, func.row_number().over(order_by=order).label("place")).subquery()
