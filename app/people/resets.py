"""Links by which somebody chooses a password: they forgot theirs, or an account was made for them.

A link works once and for a time. The database holds the hash of its secret; a mailed one is made when the
mail is sent, so that it lies nowhere.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from app.config import settings
from app.db import now
from app.guard import NotFound, Unusable, admin_only
from app.models import LetterKind, ResetLink, User
from app.people import accounts, deeds, tokens
from app.people.deeds import Kind
from app.post import letters, mail

MAILED = timedelta(hours=1)
HANDED_OVER = timedelta(days=1)  # by an admin, who has to find the person first
WELCOMING = timedelta(days=14)  # for a new account


class LinkOver(NotFound):
    """It leads nowhere any more; the message says what to do."""


def ask(session: Session, email: str) -> None:
    """Have a link mailed to this address, if there is an account.

    Whether there is one is found out by the worker, so that neither answer nor time tells it here. Raises
    Unusable where the site sends no mail.
    """
    if not mail.ready():
        raise Unusable("This site sends no mail. Ask whoever runs it for a link.")
    letters.write(session, LetterKind.RESET, email=email.strip().lower()[:254])


def make_for(session: Session, admin: User, user: User) -> str:
    """The address of a link that an admin hands over. Raises NotAllowed, Unusable."""
    admin_only(admin)
    if user.guest:
        raise Unusable("A guest has no password.")
    deeds.note(session, admin, Kind.RESET_MADE, about=user)
    return make(session, user, HANDED_OVER)


def make(session: Session, user: User, lasting: timedelta) -> str:
    """The address of a new link; those before it go on working until one is used."""
    token = secrets.token_urlsafe(32)
    session.execute(delete(ResetLink).where(ResetLink.user_id == user.id, ResetLink.expires_at <= now()))
    session.add(ResetLink(user_id=user.id, token_hash=_hash(token), expires_at=now() + lasting))
    session.flush()
    return f"{settings().url}/reset/{token}"


def behind(session: Session, token: str) -> User:
    """Whose password it is for. Raises LinkOver."""
    found = session.scalar(select(User).join(ResetLink, ResetLink.user_id == User.id).where(*_works(token)))
    if found is None:
        raise LinkOver("This link has been used, or it has expired. Ask for a new one where you sign in.")
    return found


def use(session: Session, token: str, password: str) -> User:
    """Choose the password: browsers are signed out; no other link works, and no token.

    Who lost the password may have lost it to somebody, who has made tokens since.

    Raises LinkOver, AccountError.
    """
    user = behind(session, token)
    accounts.check_password(password)
    used = update(ResetLink).where(*_works(token)).values(used_at=now())
    if session.scalar(used.returning(ResetLink.id)) is None:  # of two at once, one is late
        raise LinkOver("This link has just been used. Ask for a new one where you sign in.")
    accounts.set_password(session, user, password)
    tokens.revoke_all(session, user)
    return user


def _works(token: str) -> tuple[ColumnElement[bool], ...]:
    hashed = ResetLink.token_hash == _hash(token)
    return hashed, ResetLink.used_at.is_(None), ResetLink.expires_at > now()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
