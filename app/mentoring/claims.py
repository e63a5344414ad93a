"""The queue of those who wait for an answer, and who is about to give it.

A claim is a lease: it ends by itself, and writing renews it. Who takes a thread does it in one UPDATE that
also says that nobody else has it, so two mentors cannot take the same one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.db import now
from app.guard import NotAllowed, Refused, Unusable, mentor_only, one_at_a_time
from app.models import Cohort, Thread, User
from app.people import cohorts, oversight

LEASE = timedelta(minutes=30)
MOST = 4  # threads that one mentor holds at once
AGES = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}


class Claimed(Refused):
    """Another mentor is at it."""

    status: ClassVar[int] = 409


@dataclass(frozen=True)
class Filter:
    """Which part of the queue: of a cohort, of a lesson, waiting for at least an hour, a day, or a week."""

    cohort: Cohort | None = None
    lesson: str = ""
    age: str = ""


def waiting(mentor: User, wanted: Filter | None = None) -> Select[UUID]:
    """The ids of the threads that wait for this mentor (and others), the longest wait first."""
    mentor_only(mentor)
    wanted = wanted or Filter()
    here = select(Thread.id).where(Thread.waiting_since.is_not(None), Thread.user_id != mentor.id)
    if wanted.cohort:
        here = here.where(Thread.user_id.in_(cohorts.learners(wanted.cohort)))
    else:
        here = here.where(oversight.answered_by(mentor, Thread.user_id))
    if wanted.lesson:
        here = here.where(Thread.lesson == wanted.lesson)
    if wanted.age in AGES:
        here = here.where(Thread.waiting_since <= now() - AGES[wanted.age])
    return here.order_by(Thread.waiting_since, Thread.id)


def next_for(session: Session, mentor: User, wanted: Filter | None = None) -> UUID | None:
    """Claim what has waited longest and nobody has claimed; None if there is nothing. Raises Unusable."""
    one_at_a_time(session, mentor)
    nobodys = waiting(mentor, wanted).where(
        or_(Thread.claimed_until.is_(None), Thread.claimed_until <= now())
    )
    while (candidate := session.scalar(nobodys.limit(1))) is not None:
        if _take(session, mentor, candidate):
            return candidate
        if _held(session, mentor) >= MOST:
            raise _too_many()
    return None


def claim(session: Session, mentor: User, thread: Thread) -> None:
    """Take it, or hold it for longer. Raises NotAllowed, Claimed, Unusable."""
    mentor_only(mentor)
    if thread.user_id == mentor.id:
        raise NotAllowed("This question is your own: somebody else answers it.")
    one_at_a_time(session, mentor)
    taken = _take(session, mentor, thread.id)
    session.refresh(thread, ["claimed_by_id", "claimed_until", "claimed_by"])
    if not taken:
        refuse_others(mentor, thread)
        raise _too_many()


def release(session: Session, mentor: User, thread: Thread) -> None:
    """Let others have it; what somebody else holds stays theirs."""
    own = update(Thread).where(Thread.id == thread.id, Thread.claimed_by_id == mentor.id)
    session.execute(own.values(claimed_by_id=None, claimed_until=None))
    session.refresh(thread, ["claimed_by_id", "claimed_until", "claimed_by"])


def holder(thread: Thread) -> User | None:
    """Who has claimed it just now."""
    live = thread.claimed_until is not None and thread.claimed_until > now()
    return thread.claimed_by if live else None


def refuse_others(mentor: User, thread: Thread) -> None:
    """Raises Claimed if another mentor holds it."""
    held_by = holder(thread)
    if held_by is None or held_by.id == mentor.id or thread.claimed_until is None:
        return
    minutes = max(1, round((thread.claimed_until - now()).total_seconds() / 60))
    raise Claimed(
        f"{held_by.name} is answering this one, and has it for {minutes} more minutes at most. What you "
        f"wrote is kept here: ask {held_by.name}, or send it once it is free."
    )


def _take(session: Session, mentor: User, thread_id: UUID) -> bool:
    """One UPDATE: free (or one's own already), and not one too many."""
    held = aliased(Thread)
    mine = select(func.count()).select_from(held).where(*_live(held, mentor), held.id != thread_id)
    taken = (
        update(Thread)
        .where(Thread.id == thread_id, _free_for(mentor), mine.scalar_subquery() < MOST)
        .values(claimed_by_id=mentor.id, claimed_until=now() + LEASE)
        .returning(Thread.id)
        .execution_options(synchronize_session=False)
    )
    return session.scalar(taken) is not None


def _free_for(mentor: User) -> ColumnElement[bool]:
    over = or_(Thread.claimed_until.is_(None), Thread.claimed_until <= now())
    return or_(over, Thread.claimed_by_id.is_(None), Thread.claimed_by_id == mentor.id)


def _live(held: type[Thread], mentor: User) -> tuple[ColumnElement[bool], ...]:
    return held.claimed_by_id == mentor.id, held.claimed_until > now(), held.closed_at.is_(None)


def _held(session: Session, mentor: User) -> int:
    mine = select(func.count()).select_from(Thread).where(*_live(Thread, mentor))
    return session.scalar(mine) or 0


def _too_many() -> Unusable:
    return Unusable(
        f"You hold {MOST} already. Answer or release one of them first: others wait for you, too."
    )
