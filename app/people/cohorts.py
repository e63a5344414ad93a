"""Cohorts: making them, who is in them, and the invitations that lead there."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotAllowed, NotFound, Unusable, admin_only, clean_text, one_at_a_time
from app.models import Cohort, Invite, Membership, Role, Thread, User
from app.people import deeds, oversight
from app.people.deeds import Kind
from app.post import notices
from app.visible import visible

MAX_ABOUT = 8 * 1024  # bytes
MAX_DAYS, MAX_USES = 365, 1000  # of an invite
_NAMED = 80  # characters of a name at most


class InviteOver(NotFound):
    """The link leads nowhere any more; the message says why."""


@dataclass(frozen=True)
class Plan:
    """What an admin says of a cohort."""

    name: str
    about: str = ""
    starts_on: date | None = None
    ends_on: date | None = None
    open: bool = False


@dataclass(frozen=True)
class Listed:
    """A cohort in a list, with how many are in it."""

    cohort: Cohort
    learners: int
    mentors: int


# ---- which there are


def seen_by(
    session: Session, viewer: User, after: UUID | None = None, count: int | None = None
) -> list[Listed]:
    """The cohorts that one mentors, or for an admin all; the newest first. Or so many that are older than
    `after`.
    """
    query = select(Cohort).order_by(Cohort.id.desc()).limit(count)
    if not viewer.admin:
        query = query.where(Cohort.id.in_(_mentored(viewer)))
    if after is not None:
        query = query.where(Cohort.id < after)
    return listed(session, session.scalars(query).all())


def listed(session: Session, cohorts: Sequence[Cohort]) -> list[Listed]:
    """These, with how many are in each."""
    counts = _counts(session, [cohort.id for cohort in cohorts])
    return [
        Listed(cohort, counts.get((cohort.id, Role.LEARNER), 0), counts.get((cohort.id, Role.MENTOR), 0))
        for cohort in cohorts
    ]


def _mentored(user: User) -> Select[UUID]:
    return select(Membership.cohort_id).where(
        Membership.user_id == user.id, Membership.role == Role.MENTOR, Membership.left_at.is_(None)
    )


def _counts(session: Session, ids: Sequence[UUID]) -> dict[tuple[UUID, Role], int]:
    groups = (Membership.cohort_id, Membership.role)
    here = (Membership.cohort_id.in_(ids), Membership.left_at.is_(None))
    counted = select(*groups, func.count()).where(*here).group_by(*groups)
    return {(cohort, role): count for cohort, role, count in session.execute(counted)}


def of(session: Session, user: User) -> list[Membership]:
    """Where somebody is now, with the cohorts."""
    mine = select(Membership).where(Membership.user_id == user.id, Membership.left_at.is_(None))
    return list(session.scalars(mine.options(joinedload(Membership.cohort)).order_by(Membership.created_at)))


def find(session: Session, viewer: User, cohort_id: UUID) -> Cohort:
    """The cohort, for its mentors and for admins. Raises NotFound for everybody else."""
    query = select(Cohort).where(Cohort.id == cohort_id)
    if not viewer.admin:
        query = query.where(Cohort.id.in_(_mentored(viewer)))
    cohort = session.scalar(query)
    if cohort is None:
        raise NotFound("There is no such cohort among yours.")
    return cohort


# ---- making and changing


def make(session: Session, admin: User, plan: Plan) -> Cohort:
    """A new cohort, still empty. Raises NotAllowed, Unusable."""
    admin_only(admin)
    cohort = Cohort(**_checked(plan))
    _flush_named(session, cohort)
    deeds.note(session, admin, Kind.COHORT_MADE, cohort=cohort)
    return cohort


def change(session: Session, admin: User, cohort: Cohort, plan: Plan) -> None:
    """Say something else of it. Raises NotAllowed, Unusable."""
    admin_only(admin)
    told = _checked(plan)
    changed = {name: str(value) for name, value in told.items() if getattr(cohort, name) != value}
    for name, value in told.items():
        setattr(cohort, name, value)
    _flush_named(session, cohort)
    if changed:
        deeds.note(session, admin, Kind.COHORT_CHANGED, cohort=cohort, changed=changed)


def _checked(plan: Plan) -> dict[str, object]:
    name = " ".join(plan.name.split())
    if not name or len(name) > _NAMED or visible(name) != name:
        raise Unusable(f"Give the cohort a name of 1 to {_NAMED} characters.")
    if plan.starts_on and plan.ends_on and plan.ends_on < plan.starts_on:
        raise Unusable("The cohort would end before it begins: change one of the two dates.")
    about = clean_text(plan.about, MAX_ABOUT).strip()
    return {
        "name": name,
        "about": about,
        "starts_on": plan.starts_on,
        "ends_on": plan.ends_on,
        "open": plan.open,
    }


def _flush_named(session: Session, cohort: Cohort) -> None:
    same = select(Cohort.id).where(func.lower(Cohort.name) == cohort.name.lower(), Cohort.id != cohort.id)
    with session.no_autoflush:
        taken = session.scalar(same) is not None
    if not taken:
        try:
            with session.begin_nested():
                session.add(cohort)
        except IntegrityError:  # somebody was a moment faster
            taken = True
    if taken:
        raise Unusable(f"There is a cohort called “{cohort.name}” already. Choose another name.")


def hold(session: Session, cohort: Cohort) -> None:
    """Until this transaction ends, nobody else does for this cohort what asks for the same."""
    session.execute(update(Cohort).where(Cohort.id == cohort.id).values(about=Cohort.about))


# ---- who is in it


def members(session: Session, cohort: Cohort) -> list[Membership]:
    """Everybody who is in it now, with their names: mentors first."""
    here = (
        select(Membership)
        .join(Membership.user)
        .where(Membership.cohort_id == cohort.id, Membership.left_at.is_(None))
    )
    rows = session.scalars(here.options(joinedload(Membership.user)).order_by(User.name, User.id))
    return sorted(rows, key=lambda member: member.role is not Role.MENTOR)


def learners(cohort: Cohort) -> Select[UUID]:
    """The ids of those who learn in it now."""
    here = select(Membership.user_id).where(Membership.cohort_id == cohort.id, Membership.left_at.is_(None))
    return here.where(Membership.role == Role.LEARNER)


def some_learners(session: Session, cohort: Cohort, after: UUID | None, count: int) -> Sequence[User]:
    """So many who learn in it now, by name: the first, or those who come after that one. Raises Unusable if
    they are not there any more.
    """
    query = select(User).where(User.id.in_(learners(cohort))).order_by(User.name, User.id).limit(count)
    if after is not None:
        name = session.scalar(select(User.name).where(User.id == after, User.id.in_(learners(cohort))))
        if name is None:
            raise Unusable("Who came last before this part has left the cohort: begin again without `after`.")
        query = query.where(or_(User.name > name, and_(User.name == name, User.id > after)))
    return session.scalars(query).all()


def add(session: Session, admin: User, cohort: Cohort, email: str, role: Role) -> Membership:
    """Put somebody with an account into it, or give a member another role. Raises NotAllowed, Unusable."""
    admin_only(admin)
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    if user is None:
        raise Unusable("Nobody has an account with this address. Send them an invite link instead.")
    one_at_a_time(session, user)
    known = _membership(session, cohort, user)
    if known is not None and known.left_at is None:
        if known.role is not role:
            if known.role is Role.MENTOR:
                _end_mentors_links(session, admin, cohort)
            known.role = role
            _let_go(session, user)
            deeds.note(session, admin, Kind.ROLE_CHANGED, about=user, cohort=cohort, role=role)
        return known
    deeds.note(session, admin, Kind.ADDED, about=user, cohort=cohort, role=role)
    member = _enter(session, cohort, user, role)
    notices.tell(session, user.id, "cohort", f"You are in the cohort “{cohort.name}” now.", "/account")
    return member


def remove(session: Session, admin: User, cohort: Cohort, user_id: UUID) -> None:
    """Take somebody out: its mentors see their work no longer. Of a mentor, the links that they may know and
    by which one comes in as a mentor end, too. Raises NotAllowed, NotFound.
    """
    admin_only(admin)
    member = _present(session, cohort.id, user_id)
    if member.role is Role.MENTOR:
        _end_mentors_links(session, admin, cohort)
    member.left_at = now()
    user = session.get_one(User, user_id)
    _let_go(session, user)
    deeds.note(session, admin, Kind.REMOVED, about=user, cohort=cohort)


def _let_go(session: Session, user: User) -> None:
    """What they have claimed of those whom they accompany no longer is free for others."""
    session.flush()
    held = update(Thread).where(Thread.claimed_by_id == user.id)
    if not user.admin:
        lost = held.where(~Thread.user_id.in_(oversight.learners_of(user)))
        session.execute(lost.values(claimed_by_id=None, claimed_until=None))


def _end_mentors_links(session: Session, admin: User, cohort: Cohort) -> None:
    for one in invites(session, cohort):
        if one.role is Role.MENTOR:
            revoke(session, admin, cohort, one.id)


def leave(session: Session, user: User, cohort_id: UUID) -> Cohort:
    """Go by oneself; one's work stays one's own. Raises NotFound."""
    member = _present(session, cohort_id, user.id)
    member.left_at = now()
    _let_go(session, user)
    cohort = session.get_one(Cohort, cohort_id)
    deeds.note(session, user, Kind.LEFT, about=user, cohort=cohort)
    return cohort


def open_ones(session: Session) -> Sequence[Cohort]:
    """Those of which a new account becomes a learner: open, and not over."""
    running = or_(Cohort.ends_on.is_(None), Cohort.ends_on >= now().date())
    return session.scalars(select(Cohort).where(Cohort.open, running).order_by(Cohort.name)).all()


def join_open(session: Session, user: User) -> None:
    """A new account becomes a learner of every cohort that is open and not over."""
    for cohort in open_ones(session):
        _enter(session, cohort, user, Role.LEARNER)


def _membership(session: Session, cohort: Cohort, user: User) -> Membership | None:
    row = select(Membership).where(Membership.cohort_id == cohort.id, Membership.user_id == user.id)
    return session.scalar(row)


def _present(session: Session, cohort_id: UUID, user_id: UUID) -> Membership:
    row = select(Membership).where(Membership.cohort_id == cohort_id, Membership.user_id == user_id)
    member = session.scalar(row.where(Membership.left_at.is_(None)))
    if member is None:
        raise NotFound("They are not in this cohort (any more).")
    return member


def _enter(session: Session, cohort: Cohort, user: User, role: Role) -> Membership:
    """In it from now on; who comes back has their old row."""
    member = _membership(session, cohort, user)
    if member is None:
        member = Membership(cohort_id=cohort.id, user_id=user.id)
        session.add(member)
    member.role, member.left_at = role, None
    session.flush()
    return member


# ---- invitations


def invites(session: Session, cohort: Cohort) -> Sequence[Invite]:
    """Its links that still work, the newest first."""
    open_ones = select(Invite).where(Invite.cohort_id == cohort.id, *_usable())
    return session.scalars(open_ones.order_by(Invite.created_at.desc())).all()


def invite(
    session: Session, inviter: User, cohort: Cohort, role: Role, days: int = 14, most_uses: int = 30
) -> Invite:
    """A new link. A mentor may invite learners, an admin also mentors. Raises NotAllowed, Unusable."""
    if role is Role.MENTOR:
        admin_only(inviter)
    if not 1 <= days <= MAX_DAYS or not 1 <= most_uses <= MAX_USES:
        raise Unusable(f"A link works for 1 to {MAX_DAYS} days and for 1 to {MAX_USES} people.")
    made = Invite(
        cohort_id=cohort.id,
        role=role,
        token=secrets.token_urlsafe(24),
        expires_at=now() + timedelta(days=days),
        most_uses=most_uses,
    )
    session.add(made)
    session.flush()
    deeds.note(session, inviter, Kind.INVITED, cohort=cohort, role=role, days=days, most_uses=most_uses)
    return made


def revoke(session: Session, viewer: User, cohort: Cohort, invite_id: UUID) -> None:
    """The link stops working; who came by it stays. Raises NotFound."""
    found = session.get(Invite, invite_id)
    if found is None or found.cohort_id != cohort.id:
        raise NotFound("There is no such invite.")
    if found.revoked_at is None:
        found.revoked_at = now()
        deeds.note(session, viewer, Kind.INVITE_REVOKED, cohort=cohort, role=found.role)


def invited(session: Session, token: str, user: User | None = None) -> Invite:
    """The invite behind a link, with its cohort; for `user`, if somebody is signed in. Raises InviteOver."""
    found = session.scalar(select(Invite).where(Invite.token == token).options(joinedload(Invite.cohort)))
    if found is None or found.revoked_at is not None:
        raise InviteOver("This link does not lead anywhere (any more). Ask whoever sent it for a new one.")
    if found.expires_at <= now():
        raise InviteOver("This link has expired. Ask whoever sent it for a new one.")
    if found.uses >= found.most_uses:
        raise InviteOver("This link has been used as often as it may be. Ask whoever sent it for a new one.")
    known = _membership(session, found.cohort, user) if user else None
    if user and known and known.left_at is not None and _was_taken_out(session, user, found):
        raise InviteOver("This link is older than your going. Ask the cohort’s mentors for a new one.")
    return found


def already_in(session: Session, user: User, token: str) -> tuple[Cohort, Role] | None:
    """Where somebody is already what this link would make them, and as what; whatever became of the link."""
    link = select(Invite).where(Invite.token == token).options(joinedload(Invite.cohort))
    found = session.scalar(link)
    known = _membership(session, found.cohort, user) if found else None
    if found is None or known is None or known.left_at is not None:
        return None
    return (found.cohort, known.role) if known.role in (found.role, Role.MENTOR) else None


def accept(session: Session, user: User, token: str) -> Cohort:
    """Come into the cohort by its link; whoever is in it already uses nothing up.

    Raises InviteOver, NotAllowed.
    """
    if user.guest:
        raise NotAllowed("Make an account first: then your mentor knows who you are.")
    one_at_a_time(session, user)
    if (already := already_in(session, user, token)) is not None:
        return already[0]
    found = invited(session, token, user)
    _use_up(session, found)
    _enter(session, found.cohort, user, found.role)
    deeds.note(session, user, Kind.JOINED, about=user, cohort=found.cohort, role=found.role)
    return found.cohort


def _was_taken_out(session: Session, user: User, found: Invite) -> bool:
    """By an admin, and since this link was made. Who has left by themselves may come back."""
    return deeds.done_to(session, Kind.REMOVED, user.id, found.cohort_id, found.created_at)


def _use_up(session: Session, found: Invite) -> None:
    """One use less; of two who take the last one at the same moment, one fails. Raises InviteOver."""
    taken = update(Invite).where(Invite.id == found.id, *_usable()).values(uses=Invite.uses + 1)
    if session.scalar(taken.returning(Invite.id)) is None:
        raise InviteOver("This link has just been used up. Ask whoever sent it for a new one.")


def _usable() -> tuple[ColumnElement[bool], ...]:
    return Invite.revoked_at.is_(None), Invite.expires_at > now(), Invite.uses < Invite.most_uses
