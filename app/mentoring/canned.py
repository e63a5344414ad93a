"""Canned replies: what a mentor says often, of their own or shared with the mentors of a cohort."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import Session, joinedload

from app.guard import NotFound, Unusable, clean_text, mentor_only, one_at_a_time
from app.mentoring.threads import MAX_MESSAGE
from app.models import CannedReply, User
from app.people import cohorts

MOST = 500  # that are listed
_TITLED = 80  # characters of a title at most


def of(session: Session, mentor: User, search: str = "") -> list[CannedReply]:
    """Those that a mentor may insert, the most used first; with all the words of `search` in them."""
    mentor_only(mentor)
    query = select(CannedReply).where(_usable(session, mentor)).options(joinedload(CannedReply.owner))
    for word in search.split():
        holds = (column.icontains(word, autoescape=True) for column in (CannedReply.title, CannedReply.body))
        query = query.where(or_(*holds))
    return list(session.scalars(query.order_by(CannedReply.uses.desc(), CannedReply.title).limit(MOST)))


def save(
    session: Session, mentor: User, title: str, body: str, cohort: UUID | None, known: UUID | None = None
) -> CannedReply:
    """Keep a reply; `known` is one's own that it replaces. One that says the same is kept once.

    Raises NotFound, TextTooLong, Unusable.
    """
    mentor_only(mentor)
    title, body = " ".join(clean_text(title).split()), clean_text(body, MAX_MESSAGE).strip()
    if not title or len(title) > _TITLED or not body:
        raise Unusable(f"Give it a title of at most {_TITLED} characters, and some text.")
    one_at_a_time(session, mentor)
    kept = _own(session, mentor, known) if known else _another(session, mentor, title, body)
    if cohort or known:  # what says the same stays with those who have it
        kept.cohort_id = cohorts.find(session, mentor, cohort).id if cohort else None
    kept.title, kept.body = title, body
    session.add(kept)
    session.flush()
    return kept


def _another(session: Session, mentor: User, title: str, body: str) -> CannedReply:
    """A new one, or the one of theirs that says the same already."""
    same = (CannedReply.owner_id == mentor.id, CannedReply.title == title, CannedReply.body == body)
    known = session.scalars(select(CannedReply).where(*same).limit(1)).first()
    return known or CannedReply(owner_id=mentor.id, owner=mentor)


def delete(session: Session, mentor: User, reply_id: UUID) -> None:
    """Forget one of one's own; what was said with it stays. Raises NotFound."""
    session.delete(_own(session, mentor, reply_id))
    session.flush()


def insert(session: Session, mentor: User, reply_id: UUID, body: str) -> str:
    """What stands in a form, and the reply after it; counts as a use. Raises NotFound."""
    mentor_only(mentor)
    usable = (CannedReply.id == reply_id, _usable(session, mentor))
    found = session.scalar(select(CannedReply).where(*usable))
    if found is None:
        raise NotFound("There is no such reply any more.")
    used = update(CannedReply).where(CannedReply.id == reply_id).values(uses=CannedReply.uses + 1)
    session.execute(used)
    return f"{body.rstrip()}\n\n{found.body}" if body.strip() else found.body


def _usable(session: Session, mentor: User) -> ColumnElement[bool]:
    mine = CannedReply.owner_id == mentor.id
    together = [one.cohort.id for one in cohorts.seen_by(session, mentor)]
    return or_(mine, CannedReply.cohort_id.in_(together))


def _own(session: Session, mentor: User, reply_id: UUID) -> CannedReply:
    mentor_only(mentor)
    found = session.get(CannedReply, reply_id)
    if found is None or found.owner_id != mentor.id:
        raise NotFound("There is no such reply among yours.")
    return found
