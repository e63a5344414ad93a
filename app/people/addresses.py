"""Another address to sign in with: where the site sends mail, it holds once a link in a mail to it is opened.

So nobody loses their account to a slip of the pen, and nobody takes an address that is somebody else's.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from app.config import settings
from app.db import now
from app.guard import NotFound, one_at_a_time
from app.models import LetterKind, NewAddress, User
from app.people import accounts
from app.post import letters, mail

LASTING = timedelta(days=1)


class LinkOver(NotFound):
    """It leads nowhere any more; the message says what to do."""


def ask(session: Session, user: User, email: str) -> bool:
    """Have a link mailed to this address. Where the site sends no mail, the address holds at once: True.

    Raises AccountError.
    """
    email = accounts.clean_email(email)
    if not mail.ready() or email == user.email:
        forget(session, user)
        accounts.change_email(session, user, email)
        return True
    accounts.check_free(session, user, email)
    one_at_a_time(session, user)
    forget(session, user)
    session.add(NewAddress(user_id=user.id, email=email, **_secret(secrets.token_urlsafe(32))))
    session.flush()
    letters.write(session, LetterKind.CONFIRM, user.id, to=email)
    return False


def waiting(session: Session, user: User) -> NewAddress | None:
    """The one that they have asked for and not confirmed yet."""
    mine = select(NewAddress).where(NewAddress.user_id == user.id, NewAddress.expires_at > now())
    return session.scalar(mine)


def forget(session: Session, user: User) -> None:
    """They stay with the address they have."""
    session.execute(delete(NewAddress).where(NewAddress.user_id == user.id))


def link(session: Session, wanted: NewAddress) -> str:
    """The address of its link, made when the mail is sent; one of an earlier try leads nowhere then."""
    token = secrets.token_urlsafe(32)
    for name, value in _secret(token).items():
        setattr(wanted, name, value)
    session.flush()
    return f"{settings().url}/address/{token}"


def behind(session: Session, token: str) -> tuple[User, str]:
    """Whose address the link confirms, and which. Raises LinkOver."""
    query = select(User, NewAddress.email).join(NewAddress, NewAddress.user_id == User.id)
    found = session.execute(query.where(*_works(token))).one_or_none()
    if found is None:
        raise LinkOver("This link has been used, or it has expired. Your account page mails a new one.")
    return found[0], found[1]


def confirm(session: Session, token: str) -> User:
    """From now on they sign in with it; the address before is told. Raises LinkOver, AccountError."""
    user, email = behind(session, token)
    if session.scalar(delete(NewAddress).where(*_works(token)).returning(NewAddress.id)) is None:
        raise LinkOver("This link has just been used.")
    accounts.change_email(session, user, email)
    return user


def _secret(token: str) -> dict[str, object]:
    return {"token_hash": _hash(token), "expires_at": now() + LASTING}


def _works(token: str) -> tuple[ColumnElement[bool], ...]:
    return NewAddress.token_hash == _hash(token), NewAddress.expires_at > now()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
