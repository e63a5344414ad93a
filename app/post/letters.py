"""Mail that waits to be sent. Rows own the truth: a worker claims one, sends it, and the row goes.

The queue's message is a hint, sent after commit; what got none, or failed, is found by the sweeper. On a site
without a mail server no row is ever written.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from app import jobs
from app.db import now
from app.models import Letter, LetterKind, Notice
from app.post import mail

_HINTED = timedelta(minutes=2)  # after which a worker is told again
_LEASE = timedelta(minutes=2)  # longer than a server may take
_PAUSES = tuple(timedelta(minutes=n) for n in (1, 5, 15, 60, 180, 360, 720))  # before each further try
_RESET_COUNTS = timedelta(hours=1)  # who waits longer for it has asked again
_KEPT = timedelta(days=30)  # what was given up, for an operator to see
_MOST_SAID = 300  # characters of what a server said


def write(session: Session, kind: LetterKind, user_id: UUID | None = None, **data: Any) -> None:
    """Have a mail sent once this transaction has committed. Says nothing where the site sends none."""
    if not mail.ready():
        return
    letter = Letter(user_id=user_id, kind=kind, data=data, ready_at=now() + _HINTED)
    session.add(letter)
    session.flush()
    jobs.enqueue(session, jobs.MAIL, letter_id=letter.id)


def waits(session: Session, kind: LetterKind, user_id: UUID) -> bool:
    """Whether one of this kind lies here for them that nobody is sending yet."""
    same = select(Letter.id).where(Letter.user_id == user_id, Letter.kind == kind)
    return session.scalar(same.where(*_open()).limit(1)) is not None


def claim(session: Session, letter_id: UUID) -> Letter | None:
    """Take it for sending; None if somebody else has it, or it is gone: a message may come twice."""
    moment = now()
    taken = (
        update(Letter)
        .where(Letter.id == letter_id, *_open())
        .values(lease_until=moment + _LEASE, tries=Letter.tries + 1)
    )
    return session.scalar(taken.returning(Letter))


def sent(session: Session, letter_id: UUID) -> None:
    """It is on its way, or there was nothing to say any more."""
    session.execute(delete(Letter).where(Letter.id == letter_id))


def failed(session: Session, letter_id: UUID, trouble: str, *, for_good: bool = False) -> None:
    """Try again later, each time after a longer pause; in the end, or `for_good`, give it up."""
    letter = session.get(Letter, letter_id)
    if letter is None:  # its account is gone
        return
    letter.trouble, letter.lease_until = trouble[:_MOST_SAID], None
    late = letter.kind is LetterKind.RESET and now() - letter.created_at > _RESET_COUNTS
    letter.given_up = for_good or late or letter.tries > len(_PAUSES)
    letter.ready_at = now() + _PAUSES[min(letter.tries, len(_PAUSES)) - 1]
    if letter.given_up:  # what it would have told may go with a later one
        theirs = update(Notice).where(Notice.letter_id == letter.id)
        session.execute(theirs.values(letter_id=None))


def sweep(session: Session) -> int:
    """Tell the workers of those that wait and of which they have heard nothing lately. Returns how many."""
    session.execute(delete(Letter).where(Letter.created_at < now() - _KEPT))
    due = update(Letter).where(*_open(), Letter.ready_at <= now()).values(ready_at=now() + _HINTED)
    found = session.scalars(due.returning(Letter.id)).all()
    for letter_id in found:
        jobs.enqueue(session, jobs.MAIL, letter_id=letter_id)
    return len(found)


def given_up(session: Session, span: timedelta = _KEPT) -> list[Letter]:
    """Those of the last `span` that could not be sent, the newest first, at most 20."""
    lost = (
        select(Letter)
        .where(Letter.given_up, Letter.created_at > now() - span)
        .order_by(Letter.created_at.desc())
    )
    return list(session.scalars(lost.limit(20)))


def _open() -> tuple[Any, ...]:
    free = or_(Letter.lease_until.is_(None), Letter.lease_until <= now())
    return Letter.given_up.is_(False), free
