"""What a regrade would change, or has changed, as a CSV file: every attempt of which anything is another."""

from __future__ import annotations

import csv
import io

from sqlalchemy.orm import Session

from app.models import Regrade, Rejudgement, User, Verdict
from app.people import deeds
from app.people.deeds import Kind
from app.teaching import regrades
from app.teaching.grades import harmless

_HEAD = (
    *("name", "email", "exercise", "attempt", "before", "after", "ruling"),
    *("message_before", "message_after", "counts_since"),
)


def take(session: Session, admin: User, regrade: Regrade) -> str:
    """The text of the file, moves first; that it was taken is noted. Call with what `regrades.find` gave."""
    deeds.note(session, admin, Kind.GRADES_TAKEN, layout="regrade", by=regrade.exercise)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(_HEAD)
    found = sorted(regrades.changes(session, regrade), key=lambda one: not one.differs)
    writer.writerows([harmless(value) for value in _line(one)] for one in found)
    return file.getvalue()


def _line(one: Rejudgement) -> tuple[object, ...]:
    attempt = one.attempt
    since = one.applied_at.strftime("%Y-%m-%d %H:%M:%S") if one.applied_at else ""
    return (
        *(attempt.user.name or "a guest", attempt.user.email or "", attempt.exercise, attempt.number),
        *(_word(one.old_verdict), _word(one.verdict), _word(attempt.ruling)),
        *(one.old_message, one.message, since),
    )


def _word(verdict: Verdict | None) -> str:
    return verdict.value if verdict else ""
