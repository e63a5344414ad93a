"""What somebody is told in the site: an answer, a sign-off, an announcement. Opening one reads it."""

from __future__ import annotations

import re
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound
from app.models import Attempt, Membership, Message, Notice, Thread, User
from app.post import mailing

SHOWN = 100  # on the page: the newest
_LONGEST = 300
_AT_A_TIME = 500  # addresses in one statement
_GONE = "somebody who has left"


def tell(session: Session, user_id: UUID, kind: str, text: str, href: str) -> None:
    """Tell somebody one sentence; what it leads to is a path of this site.

    The same, not read yet, is not said twice. Who wants it is mailed (`mailing`).
    """
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    same = (Notice.user_id == user_id, Notice.href == href, Notice.text == text, Notice.read_at.is_(None))
    if session.scalar(select(Notice.id).where(*same).limit(1)) is None:
        session.add(Notice(user_id=user_id, kind=kind, text=text, href=href))
        mailing.told(session, user_id)


def unread(session: Session, user: User) -> int:
    """How many wait to be read."""
    waiting = select(func.count()).where(Notice.user_id == user.id, Notice.read_at.is_(None))
    return session.scalar(waiting) or 0


def of(session: Session, user: User) -> list[Notice]:
    """The newest, newest first."""
    mine = select(Notice).where(Notice.user_id == user.id).order_by(Notice.id.desc())
    return list(session.scalars(mine.limit(SHOWN)))


def open_one(session: Session, user: User, notice_id: UUID) -> Notice:
    """Mark it as read, with whatever else leads to the same place. Raises NotFound."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.user_id != user.id:
        raise NotFound("There is no such notice among yours.")
    _read(session, user, href=notice.href)
    return notice


def seen(session: Session, user: User, href: str) -> None:
    """They are looking at what these lead to: nothing about it is new any more. Mostly, nothing was."""
    waiting = (Notice.user_id == user.id, Notice.read_at.is_(None), Notice.href == href)
    if session.scalar(select(Notice.id).where(*waiting).limit(1)) is not None:
        _read(session, user, href=href)


def forget(session: Session, user: User) -> None:
    """What others were told of this person leads nowhere any more, and names them."""
    session.execute(delete(Notice).where(Notice.href.startswith(f"/mentor/learners/{user.id}")))
    for table, where in ((Thread, "/threads/"), (Attempt, "/attempts/")):
        ids = session.scalars(select(table.id).where(table.user_id == user.id)).all()
        for begin in range(0, len(ids), _AT_A_TIME):
            there = [f"{where}{one}" for one in ids[begin : begin + _AT_A_TIME]]
            session.execute(delete(Notice).where(Notice.href.in_(there)))
    if not user.guest:
        _unname(session, user)


def _unname(session: Session, user: User) -> None:
    """What else those were told who knew them stays theirs, without the name."""
    own = select(Membership.cohort_id).where(Membership.user_id == user.id)
    together = select(Membership.user_id).where(Membership.cohort_id.in_(own))
    answered = select(Thread.user_id).join(Message).where(Message.author_id == user.id)
    near = or_(Notice.user_id.in_(together), Notice.user_id.in_(answered))
    named = re.compile(rf"(?<!\w){re.escape(user.name)}(?!\w)")
    for notice in session.scalars(
        select(Notice).where(near, Notice.text.contains(user.name, autoescape=True))
    ):
        text = named.sub(lambda at: _GONE if at.start() else _GONE.capitalize(), notice.text)
        notice.text = text[:_LONGEST]


def read_all(session: Session, user: User) -> None:
    """Mark all as read."""
    _read(session, user)


def _read(session: Session, user: User, href: str | None = None) -> None:
    waiting = update(Notice).where(Notice.user_id == user.id, Notice.read_at.is_(None))
    session.execute((waiting if href is None else waiting.where(Notice.href == href)).values(read_at=now()))
