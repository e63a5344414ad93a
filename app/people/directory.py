"""The people of the site, for those who run it: finding somebody, and who else may run it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.guard import NotAllowed, NotFound, admin_only
from app.models import Membership, User, WebSession
from app.people import deeds, leaving
from app.people.deeds import Kind

PAGE = 50  # people on one page


@dataclass(frozen=True)
class Person:
    """Somebody with an account; where they are now, and when they were last here."""

    user: User
    last_seen: datetime | None
    memberships: list[Membership]


@dataclass(frozen=True)
class Found:
    """A page of them, and how many there are in all."""

    people: list[Person]
    total: int


def search(session: Session, admin: User, words: str = "", page: int = 1) -> Found:
    """Those whose name or address has these words in it, by name. Raises NotAllowed."""
    admin_only(admin)
    query = select(User).where(User.guest.is_(False))
    for word in words.split()[:8]:
        query = query.where(
            or_(User.name.icontains(word, autoescape=True), User.email.icontains(word, autoescape=True))
        )
    total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
    ordered = query.order_by(func.lower(User.name), User.id)
    users = session.scalars(ordered.offset((page - 1) * PAGE).limit(PAGE)).all()
    ids = [user.id for user in users]
    seen, members = _last_seen(session, ids), _memberships(session, ids)
    return Found([Person(user, seen.get(user.id), members.get(user.id, [])) for user in users], total)


def person(session: Session, admin: User, user_id: UUID) -> User:
    """Raises NotAllowed, NotFound."""
    admin_only(admin)
    found = session.get(User, user_id)
    if found is None or found.guest:
        raise NotFound("Nobody here has this account (any more).")
    return found


def make_admin(session: Session, admin: User, user: User) -> None:
    """Raises NotAllowed."""
    admin_only(admin)
    if not user.admin:
        user.admin = True
        deeds.note(session, admin, Kind.ADMIN_MADE, about=user)


def unmake_admin(session: Session, admin: User, user: User) -> None:
    """Raises NotAllowed, also for the last one."""
    admin_only(admin)
    if not user.admin:
        return
    leaving.hold_admins(session)
    if leaving.last_admin(session, user):
        raise NotAllowed("There has to be an admin: make somebody else one first.")
    user.admin = False
    deeds.note(session, admin, Kind.ADMIN_UNMADE, about=user)


def _last_seen(session: Session, ids: list[UUID]) -> dict[UUID, datetime]:
    seen = select(WebSession.user_id, func.max(WebSession.last_seen_at)).where(WebSession.user_id.in_(ids))
    return {row[0]: row[1] for row in session.execute(seen.group_by(WebSession.user_id))}


def _memberships(session: Session, ids: list[UUID]) -> dict[UUID, list[Membership]]:
    here = select(Membership).where(Membership.user_id.in_(ids), Membership.left_at.is_(None))
    found: dict[UUID, list[Membership]] = {}
    for one in session.scalars(here.options(joinedload(Membership.cohort)).order_by(Membership.id)):
        found.setdefault(one.user_id, []).append(one)
    return found
