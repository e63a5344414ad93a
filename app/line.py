"""The line of those who wait: learners take turns, whatever each of them has pressed.

A learner's first waiting run stands before everybody's second, and what a learner has running counts as turns
taken. Among equal turns the one who came first goes first.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Subquery, func, select
from sqlalchemy.orm import Session

from app.models import Run, State


def first(session: Session) -> UUID | None:
    """The run whose turn it is; None if nobody waits."""
    line = _line()
    return session.scalar(select(line.c.id).order_by(line.c.place).limit(1))


def place(session: Session, run: Run) -> int:
    """The place in the line: 1 is the next, 0 is no longer waiting."""
    line = _line()
    return session.scalar(select(line.c.place).where(line.c.id == run.id)) or 0


def places(session: Session, most: int) -> list[tuple[Run, int]]:
    """The first runs of the line, with their places."""
    line = _line()
    query = select(Run, line.c.place).join(line, line.c.id == Run.id).order_by(line.c.place).limit(most)
    return [(run, number) for run, number in session.execute(query)]


def _line() -> Subquery:
    """Run id → place, from 1."""
    running = (
        select(Run.user_id, func.count().label("taken"))
        .where(Run.state == State.RUNNING)
        .group_by(Run.user_id)
        .subquery()
    )
    own = func.row_number().over(partition_by=Run.user_id, order_by=(Run.queued_at, Run.id))
    turns = (
        select(Run.id, Run.queued_at, (own + func.coalesce(running.c.taken, 0)).label("turn"))
        .outerjoin(running, running.c.user_id == Run.user_id)
        .where(Run.state == State.QUEUED)
        .subquery()
    )
    order = (turns.c.turn, turns.c.queued_at, turns.c.id)
    return select(turns.c.id, func.row_number().over(order_by=order).label("place")).subquery()
