"""Personal tokens for the API: made, used, revoked. Only their hashes are kept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app.db import now
from app.guard import NotAllowed, NotFound, Refused, Unusable, one_at_a_time
from app.models import ApiToken, User
from app.visible import visible

PREFIX = "unembed_"  # so that whoever finds one in a file knows what it is
MOST = 20  # that work at the same time, of one account
MAX_DAYS = 365
_NAMED = 80  # characters of a name at most
_TOUCH = timedelta(minutes=1)  # how exactly it is known when one was used last


class Scope(StrEnum):
    """What a token may do. None includes another."""

    READ = "read"
    SUBMIT = "submit"
    MENTOR = "mentor"


class TokenNeeded(Refused):
    """No token came along, or none that works."""

    status = 401


def make(session: Session, user: User, name: str, scopes: Iterable[str], days: int) -> tuple[ApiToken, str]:
    """A new token, and its secret, which is shown this once. Raises NotAllowed, Unusable."""
    if user.guest:
        raise NotAllowed("Make an account first: a token belongs to one.")
    one_at_a_time(session, user)
    name = " ".join(name.split())
    if not name or len(name) > _NAMED or visible(name) != name:
        raise Unusable(f"Give the token a name of 1 to {_NAMED} characters, so that you know it again.")
    if not 1 <= days <= MAX_DAYS:
        raise Unusable(f"A token works for 1 to {MAX_DAYS} days.")
    if len(working(session, user)) >= MOST:
        raise Unusable(f"You have {MOST} tokens that work. Revoke one that you no longer need.")
    secret = PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(
        user_id=user.id,
        name=name,
        token_hash=_hash(secret),
        ends_with=secret[-4:],
        scopes=_checked(user, scopes),
        expires_at=now() + timedelta(days=days),
    )
    session.add(made)
    session.flush()
    return made, secret


def _checked(user: User, scopes: Iterable[str]) -> list[str]:
    wanted = set(scopes)
    known = [scope.value for scope in Scope if scope in wanted]
    if not known or len(known) < len(wanted):
        raise Unusable("Say what the token may do: read, hand in, or see what mentors see.")
    if Scope.MENTOR in wanted and not user.mentor:
        raise Unusable("Only a mentor's token can see what mentors see.")
    return known


def of(session: Session, user: User) -> list[ApiToken]:
    """Somebody's tokens that were not revoked, the newest first; expired ones are among them."""
    mine = select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    return list(session.scalars(mine.order_by(ApiToken.created_at.desc(), ApiToken.id.desc())))


def working(session: Session, user: User) -> list[ApiToken]:
    """Those of theirs that do."""
    return [one for one in of(session, user) if _works(one)]


def revoke(session: Session, user: User, token_id: UUID) -> None:
    """It stops working at once. Raises NotFound."""
    found = session.get(ApiToken, token_id)
    if found is None or found.user_id != user.id:
        raise NotFound("There is no such token among yours.")
    found.revoked_at = found.revoked_at or now()


def revoke_all(session: Session, user: User) -> int:
    """None of theirs works any more. Returns how many did."""
    ended = len(working(session, user))
    theirs = update(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    session.execute(theirs.values(revoked_at=now()))
    return ended


def used(session: Session, secret: str, scope: Scope) -> ApiToken:
    """The token of this secret, with its account. Raises TokenNeeded; NotAllowed where it lacks the scope."""
    query = select(ApiToken).where(ApiToken.token_hash == _hash(secret)).options(joinedload(ApiToken.user))
    found = session.scalar(query)
    if found is None or found.revoked_at is not None:
        raise TokenNeeded("This token is not known here (any more). Make one on your account's page.")
    if not _works(found):
        raise TokenNeeded("This token has expired. Make a new one on your account's page.")
    if scope not in found.scopes:
        raise NotAllowed(f"This token may not do that: it lacks the scope “{scope.value}”.")
    if found.last_used_at is None or now() - found.last_used_at > _TOUCH:
        found.last_used_at = now()
    return found


def _works(token: ApiToken) -> bool:
    return token.revoked_at is None and token.expires_at > now()


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
