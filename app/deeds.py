"""The audit log: who did what to whom. Written in the transaction of the deed itself, and never changed."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
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


def done_since(session: Session, actor: User, kind: Kind, about: UUID, span: timedelta) -> bool:
    """Whether this line has been written in the last `span`."""
    known = select(Deed.id).where(Deed.actor_id == actor.id, Deed.kind == kind, Deed.about_id == about)
    return session.scalar(known.where(Deed.created_at > now() - span).limit(1)) is not None


def log(session: Session, admin: User, before: UUID | None = None, kind: str = "") -> list[Deed]:
    """A page of the log, newest first: those older than the line of this id. Raises NotAllowed."""
    admin_only(admin)
    query = (
        select(Deed).options(joinedload(Deed.actor), joinedload(Deed.about)).order_by(Deed.created_at.desc())
    )
    if before is not None:
        query = query.where(
            Deed.created_at < select(Deed.created_at).where(Deed.id == before).scalar_subquery()
        )
    if kind:
        query = query.where(Deed.kind == kind)
    return list(session.scalars(query.limit(PAGE)))
