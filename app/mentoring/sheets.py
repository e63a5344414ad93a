"""An attempt as its page shows it: every line with what was said on it, and all that a mentor decides on.

Read only, and of many nouns at once, so that the page makes one call.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from markupsafe import Markup
from sqlalchemy.orm import Session

from app import markdown
from app.mentoring import canned, reviews, signoffs, subjects, threads
from app.mentoring.reviews import Alike
from app.mentoring.threads import Remark
from app.models import Attempt, CannedReply, SignOff, Thread, User


@dataclass(frozen=True)
class Line:
    """A line of the answer, with the remarks that end on it."""

    number: int
    code: Markup
    remarks: list[Remark]


@dataclass(frozen=True)
class Sheet:
    """All that is said about an attempt, by where it is shown."""

    lines: list[Line]
    gone: list[Remark]  # on lines that have changed before this attempt
    whole: list[Thread]  # on the attempt itself, or on its cell
    outputs: dict[UUID | None, list[Thread]]
    signed: SignOff | None
    alike: Alike = field(default_factory=Alike)
    canned: list[CannedReply] = field(default_factory=list)


def of(session: Session, viewer: User, attempt: Attempt, *, code: bool) -> Sheet:
    """What there is to show of an attempt that `viewer` may see; `code`: its answer is code, not a form."""
    remarks = threads.on_lines(session, attempt) if code else []
    about = [one for one in threads.of_attempt(session, attempt) if one.first_line is None]
    mentor = viewer.mentor and viewer.id != attempt.user_id
    return Sheet(
        lines=_lines(attempt.answer, remarks) if code else [],
        gone=[remark for remark in remarks if remark.anchor.here is None],
        whole=[one for one in about if one.kind != subjects.OUTPUT],
        outputs=threads.on_outputs(session, attempt.run),
        signed=signoffs.of(session, subjects.ATTEMPT, attempt.id),
        alike=reviews.alike(session, viewer, attempt) if mentor else Alike(),
        canned=canned.of(session, viewer) if mentor else [],
    )


def _lines(answer: str, remarks: list[Remark]) -> list[Line]:
    by_last: dict[int, list[Remark]] = {}
    for remark in remarks:
        if remark.anchor.here:
            by_last.setdefault(remark.anchor.here[1], []).append(remark)
    coloured = markdown.code(answer).rstrip("\n").split("\n")
    return [Line(number, line, by_last.get(number, [])) for number, line in enumerate(coloured, 1)]
