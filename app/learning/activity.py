"""The learner's event log: what they opened, ran, handed in, and what they guessed before they ran it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import Unusable, find_cell, find_lesson
from app.lessons import Prediction
from app.models import Activity, User


class Kind(StrEnum):
    OPENED = "opened"  # each time, but not twice in half a minute
    EDITED = "edited"  # a text was saved as it was typed; noted once in half a minute for each cell
    RAN = "ran"
    HANDED_IN = "handed in"
    HINT = "hint"
    SOLUTION = "solution"
    PREDICTED = "predicted"
    GUESSED = "guessed"  # which token a head reads, before its pattern was shown
    SET_ASIDE = "set aside"  # a text that gave way to another one; it stays here
    ASKED = "asked"
    WROTE = "wrote"  # again in a thread of theirs
    TICKED = "ticked"  # or unticked: an item of a lesson's checklist that only they can judge
    UNDERSTOOD = "understood"  # a solution, or not yet; with the check of it, where one was asked
    BROUGHT_IN = "brought in"  # texts of a notebook, with those that they replaced
    PROMISED = "promised"  # to do without AI in a lesson, where a cohort asks for that
    PLACED = "placed"  # what they answered at the start of the path


OFTEN = 30  # seconds, within which what happens again and again is noted once


def log(session: Session, user: User, kind: Kind, lesson: str = "", cell: str = "", **data: Any) -> None:
    """Note that the learner did something. `data` must be JSON."""
    session.add(Activity(user_id=user.id, kind=kind, lesson=lesson, cell=cell, data=data))


def of_kind(session: Session, user: User, kind: Kind, lesson: str, cell: str | None = None) -> list[Activity]:
    """What of this kind happened in the lesson (or in one cell of it), oldest first."""
    query = select(Activity).where(
        Activity.user_id == user.id, Activity.kind == kind, Activity.lesson == lesson
    )
    if cell is not None:
        query = query.where(Activity.cell == cell)
    return list(session.scalars(query.order_by(Activity.created_at, Activity.id)))


def everywhere(session: Session, user: User, kind: Kind) -> list[Activity]:
    """What of this kind happened in the whole course, oldest first."""
    query = select(Activity).where(Activity.user_id == user.id, Activity.kind == kind)
    return list(session.scalars(query.order_by(Activity.created_at, Activity.id)))


def edited(session: Session, user: User, lesson: str, cell: str, before: datetime | None) -> None:
    """Note that a text was typed; `before` is when it was saved the last time."""
    if before is None or _slot(before) != _slot(now()):
        log(session, user, Kind.EDITED, lesson, cell)


def _slot(moment: datetime) -> int:
    return int(moment.timestamp()) // OFTEN


def last_opened(session: Session, user: User, lesson: str) -> datetime | None:
    """When the learner last opened the lesson."""
    newest = select(func.max(Activity.created_at)).where(
        Activity.user_id == user.id, Activity.kind == Kind.OPENED, Activity.lesson == lesson
    )
    return session.scalar(newest)


def opened_at(session: Session, user: User, lesson: str, cell: str = "") -> datetime | None:
    """When the learner first opened the lesson (or looked at one cell of it)."""
    return session.scalar(
        select(func.min(Activity.created_at)).where(
            Activity.user_id == user.id,
            Activity.kind == Kind.OPENED,
            Activity.lesson == lesson,
            Activity.cell == cell,
        )
    )


def predict(session: Session, user: User, lesson: str, cell: str, guess: str, confidence: int) -> None:
    """Note the learner's guess before a cell shows its output, and how sure they are (50 to 100 %).

    Raises NotFound, or Unusable with what to change.
    """
    question = find_cell(find_lesson(lesson), cell).predict
    if question is None:
        raise Unusable("This cell asks for no guess.")
    if not 50 <= confidence <= 100:
        raise Unusable("Say how sure you are: 50 % is a coin flip, 100 % is certain.")
    log(session, user, Kind.PREDICTED, lesson, cell, guess=_guess(question, guess), confidence=confidence)


def _guess(question: Prediction, guess: str) -> str | float:
    if question.choices:
        if guess not in question.choices:
            raise Unusable("Choose one of the answers.")
        return guess
    try:
        number = float(guess.strip().replace(",", "."))
    except ValueError:
        raise Unusable(
            f"Write your guess as a number{f' of {question.unit}' if question.unit else ''}."
        ) from None
    if number != number or abs(number) == float("inf"):
        raise Unusable("Write your guess as an ordinary number.")
    return number


def predictions(session: Session, user: User, lesson: str) -> dict[str, dict[str, Any]]:
    """Cell → {"guess", "confidence"}. The first guess counts: later ones were made knowing the answer."""
    found: dict[str, dict[str, Any]] = {}
    for entry in of_kind(session, user, Kind.PREDICTED, lesson):
        found.setdefault(entry.cell, entry.data)
    return found


def first(
    session: Session, kind: Kind, users: Iterable[UUID], cells: Iterable[str]
) -> list[tuple[UUID, str, datetime]]:
    """(learner, cell, when) of the first time that each of these did this at each of these cells."""
    query = select(Activity.user_id, Activity.cell, func.min(Activity.created_at)).where(
        Activity.kind == kind, Activity.user_id.in_(list(users)), Activity.cell.in_(list(cells))
    )
    return list(session.execute(query.group_by(Activity.user_id, Activity.cell)))
