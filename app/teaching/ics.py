"""A learner's plan as a calendar (RFC 5545): downloaded, or read by their calendar behind a secret link."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import settings
from app.db import now
from app.guard import NotAllowed, NotFound, one_at_a_time
from app.models import CalendarLink, User
from app.teaching import deadlines
from app.teaching.deadlines import Deadline

_TOKEN = re.compile(r"[\w-]{43}\Z", re.ASCII)
_FOLD = 73  # bytes of a line before it is folded: 75 with its ends


def calendar(found: Iterable[Deadline]) -> str:
    """The file. Each deadline is an event that ends when it is due."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Unembed//Plan//EN", "X-WR-CALNAME:Unembed"]
    for one in found:
        lines += _event(one)
    return "".join(f"{_folded(line)}\r\n" for line in [*lines, "END:VCALENDAR"])


def _event(one: Deadline) -> list[str]:
    due = deadlines.utc(one.due)
    return [
        "BEGIN:VEVENT",
        f"UID:{one.cohort.id}-{one.item.part.value}-{one.item.ref}@unembed",
        f"DTSTAMP:{_stamp(now())}",
        f"DTSTART:{_stamp(due - timedelta(minutes=30))}",
        f"DTEND:{_stamp(due)}",
        f"SUMMARY:{_text(f'Due: {one.title} ({one.cohort.name})')}",
        f"DESCRIPTION:{_text('Later for you than in the plan.' if one.extended else 'Of the plan.')}",
        f"URL:{settings().url}{one.href}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _stamp(moment: datetime) -> str:
    return deadlines.utc(moment).strftime("%Y%m%dT%H%M%SZ")


def _text(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return "".join(" " if not letter.isprintable() else letter for letter in escaped)


def _folded(line: str) -> str:
    """Lines of at most 75 bytes; what goes on begins with a space. No letter is cut in two."""
    pieces, piece = [], ""
    for letter in line:
        if len((piece + letter).encode()) > _FOLD:
            pieces.append(piece)
            piece = ""
        piece += letter
    return "\r\n ".join([*pieces, piece])


# ---- the secret link


def link(session: Session, user: User) -> CalendarLink | None:
    """The learner's link, if they have made one."""
    return session.scalar(select(CalendarLink).where(CalendarLink.user_id == user.id))


def make_link(session: Session, user: User) -> CalendarLink:
    """A link; a new one ends the old. Raises NotAllowed."""
    if user.guest:
        raise NotAllowed("Make an account first: guests are in no cohort, so they have no plan.")
    one_at_a_time(session, user)
    row = link(session, user) or CalendarLink(user_id=user.id)
    row.token = secrets.token_urlsafe(32)
    session.add(row)
    session.flush()
    return row


def end_link(session: Session, user: User) -> None:
    """The link leads nowhere any more."""
    if (row := link(session, user)) is not None:
        session.delete(row)
        session.flush()


def behind(session: Session, token: str) -> User:
    """Whose plan it is. Raises NotFound."""
    whose = select(User).join(CalendarLink, CalendarLink.user_id == User.id)
    found = session.scalar(whose.where(CalendarLink.token == token)) if _TOKEN.match(token) else None
    if found is None:
        raise NotFound("There is no calendar here (any more). Its learner can make a new link.")
    return found
