"""The audit log: who did what to whom. Written in the transaction of the deed itself, and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import admin_only
from app.models import Cohort, Deed, User

PAGE = 100  # lines of the log on one page


class Kind(StrEnum):
    """What is done that others should be able to look up. `templates/operate/audit.html` says it in words."""

    LOOKED = "looked"  # at somebody's work, as an admin
    COHORT_MADE = "cohort_made"
    COHORT_CHANGED = "cohort_changed"
    JOINED = "joined"
    ADDED = "added"
    REMOVED = "removed"
    LEFT = "left"
    ROLE_CHANGED = "role_changed"
    INVITED = "invited"
    INVITE_REVOKED = "invite_revoked"
    PLAN_CHANGED = "plan_changed"
    EXTENDED = "extended"
    EXTENSION_ENDED = "extension_ended"
    ASSESSMENT_MADE = "assessment_made"
    ASSESSMENT_CHANGED = "assessment_changed"
    ASSESSMENT_REMOVED = "assessment_removed"
    EXTRA_TIME = "extra_time"
    GRADES_TAKEN = "grades_taken"
    RESET_MADE = "reset_made"  # a link to choose a password
    LISTED = "listed"  # put into a cohort by a class list
    ADMIN_MADE = "admin_made"
    ADMIN_UNMADE = "admin_unmade"
    ACCOUNT_DELETED = "account_deleted"
    COURSE_PINNED = "course_pinned"
    COURSE_UNPINNED = "course_unpinned"
    OVERRULED = "overruled"  # a verdict, with a reason
    RULING_WITHDRAWN = "ruling_withdrawn"
    SIGNED_OFF = "signed_off"
    SIGN_OFF_REVOKED = "sign_off_revoked"
    GOAL_SET = "goal_set"
    ANNOUNCED = "announced"
    ANNOUNCEMENT_CHANGED = "announcement_changed"
    ANNOUNCEMENT_REMOVED = "announcement_removed"
    OFFICE_HOURS = "office_hours"
    HANDED_OVER = "handed_over"
    REGRADE_BEGUN = "regrade_begun"
    REGRADE_APPLIED = "regrade_applied"
    REGRADE_UNDONE = "regrade_undone"
    REGRADE_DISCARDED = "regrade_discarded"


def note(
    session: Session,
    actor: User,
    kind: Kind,
    about: User | None = None,
    cohort: Cohort | None = None,
    **data: Any,
) -> None:
    """Write a line. Names are kept as they are now: the line outlives accounts and cohorts."""
    names = {
        "actor": actor.name,
        "about": about.name if about else "",
        "cohort": cohort.name if cohort else "",
    }
    session.add(
        Deed(
            actor_id=actor.id,
            about_id=about.id if about else None,
            cohort_id=cohort.id if cohort else None,
            kind=kind,
            data=names | data,
        )
    )


def done_since(
    session: Session,
    actor: User,
    kind: Kind,
    about: UUID | None,
    span: timedelta,
    cohort: UUID | None = None,
) -> bool:
    """Whether this line has been written in the last `span`."""
    known = select(Deed.id).where(
        Deed.actor_id == actor.id, Deed.kind == kind, Deed.about_id == about, Deed.cohort_id == cohort
    )
    return session.scalar(known.where(Deed.created_at > now() - span).limit(1)) is not None


def done_to(session: Session, kind: Kind, about: UUID, cohort: UUID, since: datetime) -> bool:
    """Whether this was done to somebody in a cohort, by anybody, since that moment."""
    known = select(Deed.id).where(Deed.about_id == about, Deed.kind == kind, Deed.cohort_id == cohort)
    return session.scalar(known.where(Deed.created_at > since).limit(1)) is not None


@dataclass(frozen=True)
class Wanted:
    """Which lines of the log: all, or of one kind, with one person, in one cohort."""

    kind: str = ""
    person: str = ""  # part of a name as it was then, or an address as it is now
    cohort: UUID | None = None


def log(session: Session, admin: User, before: UUID | None = None, wanted: Wanted = Wanted()) -> list[Deed]:
    """A page of the log, newest first: those older than the line of this id. Raises NotAllowed."""
    admin_only(admin)
    query = (
        select(Deed).options(joinedload(Deed.actor), joinedload(Deed.about)).order_by(Deed.created_at.desc())
    )
    if before is not None:
        query = query.where(
            Deed.created_at < select(Deed.created_at).where(Deed.id == before).scalar_subquery()
        )
    if wanted.kind:
        query = query.where(Deed.kind == wanted.kind)
    if wanted.cohort is not None:
        query = query.where(Deed.cohort_id == wanted.cohort)
    if person := wanted.person.strip():
        query = query.where(_with(person))
    return list(session.scalars(query.limit(PAGE)))


def _with(person: str) -> ColumnElement[bool]:
    """Lines in which somebody of this name, or with this address, did something, or it was done to them."""
    at = select(User.id).where(User.email.icontains(person, autoescape=True))
    named = (Deed.data[role].as_string().icontains(person, autoescape=True) for role in ("actor", "about"))
    return or_(Deed.actor_id.in_(at), Deed.about_id.in_(at), *named)


def cohorts_known(session: Session, admin: User) -> list[Cohort]:
    """All there are, by name. Raises NotAllowed."""
    admin_only(admin)
    return list(session.scalars(select(Cohort).order_by(func.lower(Cohort.name))))
