"""A mentor's “this is done”: on a milestone, and on whatever else a learner made. It can be taken back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotAllowed, NotFound, Unusable, clean_text, mentor_only, one_at_a_time
from app.mentoring import subjects
from app.mentoring.subjects import Subject
from app.models import SignOff, User
from app.people import deeds
from app.people.deeds import Kind
from app.post import notices

MAX_NOTE = 12_000  # bytes: 3,000 characters of any script


def sign(session: Session, mentor: User, about: Subject, note: str = "") -> SignOff:
    """Sign it off; the learner is told. Twice is once. Raises NotAllowed, TextTooLong, Unusable."""
    mentor_only(mentor)
    if about.owner == mentor.id:
        raise NotAllowed("This is your own work: somebody else signs it off.")
    if not about.finished:
        raise Unusable("This has not passed. Say first that it counts as passed, and why; then sign it off.")
    one_at_a_time(session, mentor)
    known = session.scalar(_standing().where(SignOff.kind == about.kind, SignOff.subject_id == about.id))
    if known is not None:
        return known
    made = SignOff(
        user_id=about.owner,
        mentor_id=mentor.id,
        mentor=mentor,
        kind=about.kind,
        subject_id=about.id,
        lesson=about.lesson,
        cell=about.cell,
        note=clean_text(note, MAX_NOTE).strip(),
    )
    session.add(made)
    session.flush()
    _note(session, mentor, Kind.SIGNED_OFF, made)
    notices.tell(session, about.owner, "sign-off", f"{mentor.name} has signed off {about.title}.", about.href)
    return made


def revoke(session: Session, mentor: User, sign_off_id: UUID) -> SignOff:
    """Take it back. For whoever may see the work. Raises NotAllowed, NotFound."""
    mentor_only(mentor)
    found = session.get(SignOff, sign_off_id)
    if found is None:
        raise NotFound("There is no such sign-off.")
    about = subjects.find(session, mentor, found.kind, found.subject_id)  # raises for those who may not
    if about.owner == mentor.id:
        raise NotAllowed("This is your own work: somebody else decides on it.")
    if found.revoked_at is None:
        found.revoked_at = now()
        _note(session, mentor, Kind.SIGN_OFF_REVOKED, found)
        told = f"{mentor.name} has taken back the sign-off of {about.title}."
        notices.tell(session, found.user_id, "sign-off", told, about.href)
    return found


def by_cell(session: Session, user_id: UUID) -> dict[str, SignOff]:
    """Exercise (or where else the thing belongs) → the newest sign-off of a learner's work that stands."""
    query = _standing().where(SignOff.user_id == user_id).order_by(SignOff.created_at)
    return {one.cell: one for one in session.scalars(query)}


def of(session: Session, kind: str, subject_id: UUID) -> SignOff | None:
    """The sign-off of one thing, if it stands."""
    return session.scalar(_standing().where(SignOff.kind == kind, SignOff.subject_id == subject_id))


def _standing() -> Select[SignOff]:
    return select(SignOff).where(SignOff.revoked_at.is_(None)).options(joinedload(SignOff.mentor))


def _note(session: Session, mentor: User, kind: Kind, made: SignOff) -> None:
    about = session.get(User, made.user_id)
    deeds.note(session, mentor, kind, about=about, lesson=made.lesson, work=made.cell, note=made.note)
