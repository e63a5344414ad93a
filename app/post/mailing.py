"""What somebody wants to be mailed of what they are told in the site: nothing, each notice, or once a day."""

from __future__ import annotations

import secrets
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select, update
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotFound, Unusable, one_at_a_time
from app.models import Letter, LetterKind, Mailing, Notice, User, Wish
from app.post import letters, mail

_OLD = timedelta(days=3)  # a notice that could not be mailed for so long is none any more
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


def wish(session: Session, user: User) -> Wish:
    """What they chose; nothing, as long as they have not."""
    found = session.scalar(select(Mailing.wish).where(Mailing.user_id == user.id))
    return found or Wish.NEVER


def choose(session: Session, user: User, word: str) -> Wish:
    """From here on. What they have been told before is not mailed afterwards. Raises Unusable."""
    try:
        chosen = Wish(word)
    except ValueError:
        raise Unusable("Choose never, at once, or once a day.") from None
    one_at_a_time(session, user)
    known = session.scalar(select(Mailing).where(Mailing.user_id == user.id))
    if known is None:
        known = Mailing(user_id=user.id, token=secrets.token_urlsafe(24), since=now())
        session.add(known)
    elif known.wish is Wish.NEVER:
        known.since = now()
    known.wish = chosen
    session.flush()
    return chosen


def by_token(session: Session, token: str) -> Mailing:
    """Whose mail the link in a mail turns off. Raises NotFound."""
    found = session.scalar(select(Mailing).where(Mailing.token == token).options(joinedload(Mailing.user)))
    if found is None:
        raise NotFound("This link belongs to no account (any more): no mail comes from here.")
    return found


def turn_off(session: Session, token: str) -> None:
    """Raises NotFound."""
    by_token(session, token).wish = Wish.NEVER


# ---- when mail is due


def told(session: Session, user_id: UUID) -> None:
    """They have just been told something: a mail goes out if they want it at once."""
    if not mail.ready():
        return
    wants = select(Mailing.id).where(Mailing.user_id == user_id, Mailing.wish == Wish.AT_ONCE)
    if session.scalar(wants) and not letters.waits(session, LetterKind.NOTICES, user_id):
        letters.write(session, LetterKind.NOTICES, user_id)


def sweep(session: Session) -> int:
    """Write to those for whom it is time, and who have no mail waiting. Returns to how many."""
    writing = exists().where(
        Letter.user_id == Mailing.user_id,
        Letter.kind == LetterKind.NOTICES,
        or_(Letter.given_up.is_(False), Letter.created_at > now() - _DAY),
    )
    at_once = and_(Mailing.wish == Wish.AT_ONCE, Notice.created_at < now() - _MINUTE)
    rested = or_(Mailing.sent_at.is_(None), Mailing.sent_at < now() - _DAY)
    daily = and_(Mailing.wish == Wish.DAILY, rested)
    unsaid = select(Mailing.user_id).join(Notice, Notice.user_id == Mailing.user_id)
    due = session.scalars(unsaid.where(_unsaid(), ~writing, or_(at_once, daily)).distinct()).all()
    for user_id in due:
        letters.write(session, LetterKind.NOTICES, user_id)
    return len(due)


def take(session: Session, mailing: Mailing, letter: Letter) -> list[Notice]:
    """What they have been told and neither read nor been mailed, oldest first: from now on it is this
    letter's, and goes out with no other. Commit before the mail leaves.
    """
    due = select(Notice.id).join(Mailing, Mailing.user_id == Notice.user_id)
    due = due.where(Mailing.id == mailing.id, Mailing.wish != Wish.NEVER, _unsaid())
    free = or_(Notice.letter_id.is_(None), Notice.letter_id == letter.id)  # asked again of rows that waited
    taken = update(Notice).where(Notice.id.in_(due), free).values(letter_id=letter.id)
    found = session.scalars(taken.returning(Notice), execution_options={"populate_existing": True}).all()
    return sorted(found, key=lambda notice: (notice.created_at, notice.id))


def of(session: Session, user_id: UUID) -> Mailing | None:
    """Their row, with their name and address."""
    query = select(Mailing).where(Mailing.user_id == user_id).options(joinedload(Mailing.user))
    return session.scalar(query)


def mailed(session: Session, user_id: UUID, notices: list[UUID]) -> None:
    """These have gone out."""
    session.execute(update(Notice).where(Notice.id.in_(notices)).values(mailed_at=now()))
    session.execute(update(Mailing).where(Mailing.user_id == user_id).values(sent_at=now()))


def _unsaid() -> ColumnElement[bool]:
    recent = Notice.created_at > now() - _OLD
    return and_(
        Notice.mailed_at.is_(None), Notice.read_at.is_(None), recent, Notice.created_at >= Mailing.since
    )
