"""The browsers in which somebody is signed in: which they are, and ending what they may."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotFound
from app.models import User, WebSession
from app.people import accounts

# the first that is found: those that call themselves by another's name, too, come before it
_BROWSERS = (
    *(("Edg", "Edge"), ("OPR", "Opera"), ("Vivaldi", "Vivaldi"), ("SamsungBrowser", "Samsung Internet")),
    *(("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome")),
    *(("Safari", "Safari"), ("curl", "curl"), ("python", "a Python program")),
)
_SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS")),
    *(("Windows", "Windows"), ("Mac OS X", "Mac"), ("Macintosh", "Mac"), ("Linux", "Linux")),
)


@dataclass(frozen=True)
class Browser:
    """One that is signed in. `here`: the one that asks."""

    id: UUID
    name: str
    since: datetime
    last_seen: datetime
    here: bool


def name_of(agent: str) -> str:
    """What people call it: `Firefox on Linux`. Nothing else of what it says of itself is kept."""
    known = _first(_BROWSERS, agent) or "A browser"
    system = _first(_SYSTEMS, agent)
    return f"{known} on {system}" if system else known


def _first(words: tuple[tuple[str, str], ...], agent: str) -> str:
    return next((name for word, name in words if re.search(re.escape(word), agent, re.I)), "")


def of(session: Session, user: User, token: str) -> list[Browser]:
    """Theirs that are signed in, this one first, then by when they were seen."""
    rows = select(WebSession).where(WebSession.user_id == user.id, WebSession.expires_at > now())
    this = accounts.hash_of(token)
    found = [
        Browser(
            row.id, row.browser or "A browser", row.created_at, row.last_seen_at, here=row.token_hash == this
        )
        for row in session.scalars(rows.order_by(WebSession.last_seen_at.desc(), WebSession.id.desc()))
    ]
    return sorted(found, key=lambda one: not one.here)


def sign_out(session: Session, user: User, browser_id: UUID) -> None:
    """End one of them. Raises NotFound."""
    theirs = delete(WebSession).where(WebSession.id == browser_id, WebSession.user_id == user.id)
    if session.scalar(theirs.returning(WebSession.id)) is None:
        raise NotFound("This browser is not signed in (any more).")


def sign_out_others(session: Session, user: User, token: str) -> int:
    """End all but this one. Returns how many."""
    others = WebSession.token_hash != accounts.hash_of(token)
    gone = delete(WebSession).where(WebSession.user_id == user.id, others).returning(WebSession.id)
    return len(session.scalars(gone).all())
