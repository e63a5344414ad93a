"""Who of a cohort's mentors looks after whom, and how a learner passes from one to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.guard import Unusable, clean_text
from app.models import Cohort, Membership, OwnMentor, Role, User
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.post import notices

MAX_NOTE = 4 * 1024  # bytes


def of(session: Session, cohort: Cohort) -> dict[UUID, OwnMentor]:
    """Learner → who looks after them, with names: of those who are both still there."""
    here = select(Membership.user_id).where(Membership.cohort_id == cohort.id, Membership.left_at.is_(None))
    query = select(OwnMentor).where(
        OwnMentor.cohort_id == cohort.id,
        OwnMentor.learner_id.in_(here.where(Membership.role == Role.LEARNER)),
        OwnMentor.mentor_id.in_(here.where(Membership.role == Role.MENTOR)),
    )
    return {row.learner_id: row for row in session.scalars(query.options(joinedload(OwnMentor.mentor)))}


def note_for(session: Session, mentor: User, learner: User) -> str:
    """What was written for this mentor when they took over this learner."""
    mine = select(OwnMentor.note).where(OwnMentor.mentor_id == mentor.id, OwnMentor.learner_id == learner.id)
    return session.scalar(mine.order_by(OwnMentor.id.desc()).limit(1)) or ""


def give(
    session: Session, mentor: User, cohort: Cohort, learners: Sequence[UUID], to: UUID, note: str
) -> list[User]:
    """From now on these learners are looked after by that mentor, who is told, as are they.

    Call with a cohort that `cohorts.find` has let the mentor see. Raises Unusable, TextTooLong.
    """
    note = clean_text(note, MAX_NOTE).strip()
    cohorts.hold(session, cohort)
    members = {member.user_id: member for member in cohorts.members(session, cohort)}
    taker = members.get(to)
    if taker is None or taker.role is not Role.MENTOR:
        raise Unusable("Choose one of this cohort's mentors.")
    chosen = [members[one].user for one in dict.fromkeys(learners) if _learns(members, one)]
    if not chosen:
        raise Unusable("Choose at least one learner of this cohort.")
    moved = [learner for learner in chosen if _move(session, cohort, learner, taker.user, note)]
    for learner in moved:
        deeds.note(session, mentor, Kind.HANDED_OVER, about=learner, cohort=cohort, to=taker.user.name)
        said = f"{taker.user.name} looks after you in {cohort.name} now."
        notices.tell(session, learner.id, "mentor", said, f"/cohorts/{cohort.id}")
    if moved and taker.user_id != mentor.id:
        _tell(session, mentor, cohort, taker.user, moved)
    session.flush()
    return chosen


def _learns(members: Mapping[UUID, Membership], user: UUID) -> bool:
    return user in members and members[user].role is Role.LEARNER


def _move(session: Session, cohort: Cohort, learner: User, to: User, note: str) -> bool:
    """Whether anything changes by it."""
    row = select(OwnMentor).where(OwnMentor.cohort_id == cohort.id, OwnMentor.learner_id == learner.id)
    known = session.scalar(row)
    if known is None:
        session.add(OwnMentor(cohort_id=cohort.id, learner_id=learner.id, mentor_id=to.id, note=note))
        return True
    same = known.mentor_id == to.id
    known.mentor_id, known.note = to.id, note or (known.note if same else "")
    return not same


def _tell(session: Session, mentor: User, cohort: Cohort, to: User, learners: list[User]) -> None:
    names = ", ".join(learner.name for learner in learners[:5])
    more = f" and {len(learners) - 5} more" if len(learners) > 5 else ""
    where = (
        f"/mentor/learners/{learners[0].id}/brief"
        if len(learners) == 1
        else f"/mentor/cohorts/{cohort.id}/bulletin"
    )
    said = f"{mentor.name} handed over to you in {cohort.name}: {names}{more}."
    notices.tell(session, to.id, "handed_over", said, where)
