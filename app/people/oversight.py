"""Who may see whose work: one's own, that of the learners of one's cohorts, and as an admin everybody's.

Scratch runs are not part of it: they are their learner's alone until shared, or until help is asked (`runs`).
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app.guard import NotFound
from app.models import Attempt, Cohort, Membership, Role, Thread, User
from app.people import deeds
from app.people.deeds import Kind

_AGAIN = timedelta(hours=1)  # an admin who goes on looking is noted once in it


def learners_of(mentor: User) -> Select[UUID]:
    """The ids of those whom this mentor accompanies, in whichever cohort."""
    return _mentored(mentor.id)


def _mentored(by: UUID | None = None) -> Select[UUID]:
    """The ids of those who have a mentor, or this one."""
    theirs, mine = aliased(Membership), aliased(Membership)
    together = and_(mine.cohort_id == theirs.cohort_id, mine.role == Role.MENTOR, mine.left_at.is_(None))
    learns = (theirs.role == Role.LEARNER, theirs.left_at.is_(None))
    found = select(theirs.user_id).join(mine, together).where(*learns)
    return found if by is None else found.where(mine.user_id == by)


def may_see(viewer: User, owner: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """The condition that `viewer` may see what belongs to the learner in this column."""
    if viewer.admin:
        return true()
    mine = owner == viewer.id
    return or_(mine, owner.in_(learners_of(viewer))) if viewer.mentor else mine


def answered_by(mentor: User, owner: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    """The condition that the learner in this column turns to this mentor; whoever has none, to an admin."""
    theirs = owner.in_(learners_of(mentor))
    return or_(theirs, ~owner.in_(_mentored())) if mentor.admin else theirs


def alone() -> Select[UUID]:
    """The ids of those who are in no cohort as learners or mentors, and have done something to look at."""
    member = exists().where(Membership.user_id == User.id, Membership.left_at.is_(None))
    handed_in, asked = (exists().where(table.user_id == User.id) for table in (Attempt, Thread))
    return select(User.id).where(~member, or_(handed_in, asked))


def accompanies(session: Session, mentor: User, learner: UUID) -> bool:
    """Whether this mentor has this learner in a cohort."""
    theirs = select(User.id).where(User.id == learner, User.id.in_(learners_of(mentor)))
    return session.scalar(theirs) is not None


def learner(session: Session, viewer: User, learner_id: UUID) -> User:
    """The learner, for whoever may see their work. Raises NotFound for everybody else."""
    found = session.scalar(select(User).where(User.id == learner_id, may_see(viewer, User.id)))
    if found is None:
        raise NotFound("There is no such learner among yours.")
    looked(session, viewer, found.id)
    return found


def still(session: Session, viewer_id: UUID, learner: UUID) -> bool:
    """Whether this person may see this learner's work now: they may have been their mentor once."""
    viewer = session.get(User, viewer_id)
    if viewer is None:
        return False
    return session.scalar(select(User.id).where(User.id == learner, may_see(viewer, User.id))) is not None


def looked(session: Session, viewer: User, owner: UUID) -> None:
    """Note that an admin has looked at the work of somebody whom they do not accompany."""
    if viewer.id == owner or not viewer.admin or accompanies(session, viewer, owner):
        return
    if not deeds.done_since(session, viewer, Kind.LOOKED, owner, _AGAIN):
        deeds.note(session, viewer, Kind.LOOKED, about=session.get(User, owner))


def looked_at(session: Session, viewer: User, cohort: Cohort) -> None:
    """Note that an admin has looked at the work of a cohort that they do not mentor."""
    mentors = select(Membership.id).where(
        Membership.cohort_id == cohort.id,
        Membership.user_id == viewer.id,
        Membership.role == Role.MENTOR,
        Membership.left_at.is_(None),
    )
    if not viewer.admin or session.scalar(mentors) is not None:
        return
    if not deeds.done_since(session, viewer, Kind.LOOKED, None, _AGAIN, cohort.id):
        deeds.note(session, viewer, Kind.LOOKED, cohort=cohort)
