"""Who is there: guests, accounts, and the browsers that are signed in.

A guest is a row like any other, so their work needs no moving when they sign up: the same row gets a name and
a password. When a guest signs in to an account that exists, their work moves there (`moving`) and nothing is
lost.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import ColumnElement, delete, exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.config import settings
from app.db import now
from app.guard import NotAllowed, Unusable
from app.models import (
    LetterKind,
    NewAddress,
    ResetLink,
    User,
    WebSession,
)
from app.people import cohorts, moving
from app.post import letters, notices
from app.redis import client
from app.running import runs
from app.visible import visible

MIN_PASSWORD, MAX_PASSWORD = 8, 1000
_TOUCH = timedelta(
    minutes=5
)  # a session is noted as seen at most this often: reading a page should not write
_TAKEN = "There is an account with this address already. Sign in instead, or ask there for a new password."
_ANOTHERS = "There is another account with this address."
_FIRST_TOKEN = "unembed:first-account-token"
_FIRST, _CLAIM_SECONDS = "unembed:first-account", 10

_hasher = PasswordHasher()
HOUSE = UUID("00000000-0000-7000-8000-000000000001")  # who runs the examples; nobody signs in as this guest


class AccountError(Unusable):
    """Something about the form has to change; the message says what."""


class WrongPassword(AccountError):
    """No account has this address and password; which of the two is wrong is not said."""


def guest(session: Session) -> User:
    """Somebody new, without a name: they can do everything a learner can."""
    user = User(name="Guest", guest=True)
    session.add(user)
    session.flush()
    return user


def guest_of(session: Session, token: str) -> User:
    """The guest of the browser that holds this token: made when it first does something.

    A newcomer's first two requests may come at once (a text is saved while it is run): they make one guest.
    """
    known = user_of(session, token)
    if known is not None:
        return known
    session.execute(delete(WebSession).where(_has(token), WebSession.expires_at <= now()))
    made = guest(session)
    try:
        with session.begin_nested():
            open_session(session, made, token)
    except IntegrityError:  # the other request was faster
        session.delete(made)
        session.flush()
        return guest_of(session, token)
    return made


def sign_up(session: Session, visitor: User | None, name: str, email: str, password: str) -> User:
    """Make an account; a guest's row becomes it.

    Where only this machine can reach the site, the first is the owner.

    Raises AccountError; NotAllowed for somebody signed in, and on a site whose owner has not come yet.
    """
    first = first_account_needed(session)
    if first and not settings().on_loopback:
        raise NotAllowed("This site is not set up yet. Its owner finds a link where the server was started.")
    if first:
        _claim_site(email)
    return _account(session, visitor, name, email, password, owner=first)


def _claim_site(email: str) -> None:
    """Of two who would be its first at the same moment, one is. Raises AccountError."""
    claim = client()
    if not claim.set(_FIRST, email[:254], nx=True, ex=_CLAIM_SECONDS) and claim.get(_FIRST) != email[:254]:
        raise AccountError("Somebody else is making the first account just now. Try again in a moment.")


def first_account(
    session: Session, token: str, visitor: User | None, name: str, email: str, password: str
) -> User:
    """Make the owner's account by the one-time link.

    Raises NotAllowed if the link is not (any more) the right one.
    """
    if not first_account_needed(session) or not _is_first_token(token):
        raise NotAllowed("This link has been used. Sign in, or ask the owner of the site.")
    user = _account(session, visitor, name, email, password, owner=True)
    if not client().delete(_FIRST_TOKEN):  # of two who come at once, one fails here
        raise NotAllowed("This link has just been used. Sign in, or ask the owner of the site.")
    return user


def first_account_needed(session: Session) -> bool:
    """Whether nobody has an account yet."""
    return session.scalar(select(User.id).where(User.guest.is_(False)).limit(1)) is None


def alone(session: Session, user: User) -> bool:
    """Whether nobody else has an account."""
    others = select(User.id).where(User.guest.is_(False), User.id != user.id)
    return session.scalar(others.limit(1)) is None


def first_account_token() -> str:
    """The secret of the one-time link, made on first call; the same for all processes of the site.

    Raises redis.RedisError.
    """
    client().set(_FIRST_TOKEN, secrets.token_urlsafe(24), nx=True)
    return str(client().get(_FIRST_TOKEN))


def _is_first_token(token: str) -> bool:
    known = client().get(_FIRST_TOKEN)
    return known is not None and hmac.compare_digest(str(known).encode(), token.encode())


def _account(
    session: Session, visitor: User | None, name: str, email: str, password: str, *, owner: bool
) -> User:
    if visitor and not visitor.guest:
        raise NotAllowed("You are signed in already.")
    name, email = clean_name(name), clean_email(email)
    check_password(password)
    if session.scalar(select(User.id).where(User.email == email)):
        raise AccountError(_TAKEN)
    user = visitor or User(name=name)
    user.name, user.email, user.password_hash = name, email, _hasher.hash(password)
    user.guest, user.admin = False, owner
    session.add(user)
    try:
        session.flush()
    except IntegrityError:  # somebody was a moment faster
        raise AccountError(_TAKEN) from None
    session.refresh(user)  # whether they mentor is the database's word
    cohorts.join_open(session, user)
    return user


def clean_name(name: str) -> str:
    """As it is stored. Raises AccountError."""
    name = " ".join(name.split())
    if not name or len(name) > 80 or visible(name) != name:
        raise AccountError("Give a name of 1 to 80 characters, as your mentor should see it.")
    return name


def clean_email(email: str) -> str:
    """As it is stored. Raises AccountError."""
    email = email.strip().lower()
    local, _, domain = email.rpartition("@")
    unlike = not local or "@" in local or "." not in domain.strip(".") or any(c.isspace() for c in email)
    if unlike or visible(email) != email or len(email) > 254:
        raise AccountError("This does not look like an e-mail address.")
    return email


def check_password(password: str) -> None:
    """Raises AccountError for one that is too short."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise AccountError(
            f"Choose a password of at least {MIN_PASSWORD} characters. A short sentence is fine."
        )


def sign_in(session: Session, email: str, password: str, visitor: User | None = None) -> User:
    """The account of this address and password; the work of a visiting guest moves there.

    Raises WrongPassword.
    """
    user = session.scalar(select(User).where(User.email == email.strip().lower()))
    stored = user.password_hash if user else None
    if not _fits(stored or _nobody(), password) or user is None or stored is None:
        raise WrongPassword("This address and password don't fit together.")
    if _hasher.check_needs_rehash(stored):
        user.password_hash = _hasher.hash(password)
    if visitor and visitor.guest:
        moving.move_work(session, visitor, user)
    return user


def set_password(session: Session, user: User, password: str) -> None:
    """Give an account another password; every browser is signed out, and links to choose one end.

    Raises AccountError.
    """
    check_password(password)
    if user.password_hash is not None:
        letters.write(session, LetterKind.PASSWORD, user.id)
    user.password_hash = _hasher.hash(password)
    session.execute(delete(WebSession).where(WebSession.user_id == user.id))
    _end_links(session, user)


def _end_links(session: Session, user: User) -> None:
    """Those that lie in some mailbox lead nowhere any more."""
    open_ones = ResetLink.user_id == user.id, ResetLink.used_at.is_(None)
    session.execute(delete(ResetLink).where(*open_ones))
    session.execute(delete(NewAddress).where(NewAddress.user_id == user.id))


def knows_password(user: User, password: str) -> bool:
    """Whether it is theirs. Who has none yet knows none."""
    return user.password_hash is not None and _fits(user.password_hash, password)


def rename(user: User, name: str) -> None:
    """Call them so from here on. Raises AccountError."""
    user.name = clean_name(name)


def change_email(session: Session, user: User, email: str) -> None:
    """Another address to sign in with, from now on (`addresses` asks it first). Raises AccountError."""
    email = clean_email(email)
    check_free(session, user, email)
    before, user.email = user.email, email
    try:
        session.flush()
    except IntegrityError:  # somebody was a moment faster
        raise AccountError(_ANOTHERS) from None
    if before and before != email:
        _end_links(session, user)
        letters.write(session, LetterKind.MOVED, user.id, to=before)


def check_free(session: Session, user: User, email: str) -> None:
    """Raises AccountError if somebody else has this address."""
    if session.scalar(select(User.id).where(User.email == email, User.id != user.id)):
        raise AccountError(_ANOTHERS)


@lru_cache
def _nobody() -> str:
    """Checked where there is no account, so that both answers take as long."""
    return _hasher.hash(secrets.token_hex())


def _fits(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password[: MAX_PASSWORD + 1])
    except (VerificationError, InvalidHashError):
        return False


# ---- browsers


def lifetime(user: User) -> timedelta:
    """How long a browser stays signed in without being used."""
    return timedelta(days=settings().guest_days if user.guest else settings().session_days)


def open_session(session: Session, user: User, token: str | None = None, browser: str = "") -> str:
    """Sign a browser in, which is called so. Returns the token for its cookie; only its hash is stored."""
    token = token or secrets.token_urlsafe(32)
    moment = now()
    session.add(
        WebSession(
            user_id=user.id,
            token_hash=hash_of(token),
            expires_at=moment + lifetime(user),
            last_seen_at=moment,
            browser=browser,
        )
    )
    session.flush()
    return token


def user_of(session: Session, token: str) -> User | None:
    """Who this browser belongs to, if it is signed in; using it keeps it signed in."""
    found = session.scalar(select(WebSession).where(_has(token), WebSession.expires_at > now()))
    if found is None:
        return None
    if now() - found.last_seen_at > _TOUCH:
        found.last_seen_at, found.expires_at = now(), now() + lifetime(found.user)
    return found.user


def close_session(session: Session, token: str) -> None:
    """Sign this browser out."""
    session.execute(delete(WebSession).where(_has(token)))


def forget_expired(session: Session) -> int:
    """Delete sessions that have ended, and guests whom no browser can reach any more, with what others have
    of their work.

    Returns how many guests.
    """
    session.execute(delete(WebSession).where(WebSession.expires_at <= now()))
    old = User.created_at < now() - timedelta(days=settings().guest_days)
    reachable = exists().where(WebSession.user_id == User.id)
    ours = User.id == HOUSE
    gone = session.scalars(select(User).where(User.guest, old, ~reachable, ~ours)).all()
    for guest in gone:
        runs.forget_trials(session, guest)
        notices.forget(session, guest)
        session.execute(delete(User).where(User.id == guest.id))
    return len(gone)


def _has(token: str) -> ColumnElement[bool]:
    return WebSession.token_hash == hash_of(token)


def hash_of(token: str) -> str:
    """What the database holds of a browser's token."""
    return hashlib.sha256(token.encode()).hexdigest()
