"""Deleting one's account: every row of theirs goes with it, by the database's own rules (`ondelete`).

Of the audit log, which others rely on, the lines stay: without the name, where something was done to them.
What a mentor wrote to learners stays with those, as the words of a mentor who has left.
"""

from __future__ import annotations

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from app.guard import NotAllowed, Unusable
from app.models import WHO_LEFT, Announcement, Deed, Goal, Message, SignOff, Thread, User
from app.people import accounts, deeds
from app.people.deeds import Kind
from app.post import notices
from app.running import runs

WORD = "delete"  # what one types to mean it
NOBODY = "a deleted account"


def last_admin(session: Session, user: User) -> bool:
    """Whether others would be left here without anybody who runs the site."""
    if not user.admin or accounts.alone(session, user):
        return False
    others = select(User.id).where(User.admin, User.guest.is_(False), User.id != user.id)
    return session.scalar(others.limit(1)) is None


def hold_admins(session: Session) -> None:
    """Until this transaction ends, nobody else becomes one or is one no longer: of two, one has to stay."""
    session.execute(update(User).where(User.admin).values(goal=User.goal))


def delete_account(session: Session, user: User, password: str, word: str) -> None:
    """Everything of theirs goes, at once and for ever; their browsers are signed out by it.

    Raises NotAllowed for the last admin of others, Unusable with what to change.
    """
    hold_admins(session)
    if last_admin(session, user):
        raise NotAllowed("You are the only admin: make somebody else one first, on the page People.")
    if word.strip().lower() != WORD:
        raise Unusable(f"Type the word “{WORD}”, if you mean it. Nothing has been deleted.")
    if not user.guest and not accounts.knows_password(user, password):
        raise Unusable("This is not your password. Nothing has been deleted.")
    if not user.guest:
        deeds.note(session, user, Kind.ACCOUNT_DELETED, about=user)
        session.flush()
    _forget_in_log(session, user)
    runs.forget_trials(session, user)
    notices.forget(session, user)
    theirs = update(Announcement).where(Announcement.author_id == user.id)
    session.execute(theirs.values(author_name=WHO_LEFT))
    claimed = update(Thread).where(Thread.claimed_by_id == user.id)
    session.execute(claimed.values(claimed_by_id=None, claimed_until=None))
    session.execute(delete(User).where(User.id == user.id))


def _forget_in_log(session: Session, user: User) -> None:
    """Lines about them lose the name. What they did to others stays theirs, for those others' sake."""
    for deed in session.scalars(select(Deed).where(Deed.about_id == user.id)):
        own = {"actor": NOBODY} if deed.actor_id == user.id else {}
        deed.data = {**deed.data, "about": NOBODY, **own}


def noted(session: Session, user: User) -> int:
    """How many lines of the log say what they did to others: these stay, with their name."""
    lines = select(func.count()).where(Deed.actor_id == user.id, Deed.about_id.is_distinct_from(user.id))
    return session.scalar(lines) or 0


def wrote(session: Session, user: User) -> bool:
    """Whether learners keep something that they wrote as a mentor."""
    said = exists().where(
        Message.author_id == user.id, Message.thread_id == Thread.id, Thread.user_id != user.id
    )
    goal = exists().where(Goal.author_id == user.id, Goal.user_id != user.id)
    told, signed = (
        exists().where(Announcement.author_id == user.id),
        exists().where(SignOff.mentor_id == user.id),
    )
    return bool(session.scalar(select(or_(said, goal, told, signed))))
