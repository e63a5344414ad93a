"""Who may do what, and how a “no” sounds: every refusal has a status and a sentence for the learner."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.lessons import Exercise, Lesson, Runnable, course
from app.models import User

MAX_TEXT = 64 * 1024  # bytes of one cell


class Refused(Exception):
    """A request that is answered with “no”: `message` is shown to the learner, `status` is HTTP's word for
    it.
    """

    status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(Refused):
    status = 403


class NotFound(Refused):
    """Not there, or not yours: a stranger can't tell the two apart."""

    status = 404


class TextTooLong(Refused):
    status = 413


class Unusable(Refused):
    """Understood, but it can't be used as it stands; the message says what to change."""

    status = 422


class TooMany(Refused):
    """Too much at once. `wait` is in seconds, 0 if no time can be named."""

    status = 429

    def __init__(self, message: str, wait: int = 0) -> None:
        super().__init__(message)
        self.wait = wait


def find_lesson(slug: str) -> Lesson:
    """Raises NotFound."""
    lesson = course().lessons.get(slug)
    if lesson is None:
        raise NotFound("There is no such lesson. The map shows all there are.")
    return lesson


def find_cell(lesson: Lesson, cell: str) -> Runnable:
    """A cell or exercise (also a form) of this lesson; raises NotFound."""
    try:
        return lesson.cell(cell)
    except KeyError:
        message = "This lesson has no such cell. It may have changed since you opened it: reload the page."
        raise NotFound(message) from None


def find_exercise(exercise: str) -> Exercise:
    """Raises NotFound."""
    found = course().exercises.get(exercise)
    if found is None:
        raise NotFound("There is no such exercise. It may have changed since you opened it: reload the page.")
    return found


def mentor_only(user: User) -> None:
    """Raises NotAllowed for everybody else."""
    if not user.mentor:
        raise NotAllowed("This page is for mentors.")


def admin_only(user: User) -> None:
    """Raises NotAllowed for everybody else."""
    if not user.admin:
        raise NotAllowed("This page is for those who run this site.")


def clean_text(text: str, limit: int = MAX_TEXT) -> str:
    """The text as it is stored: Unix line ends, nothing that a database can't hold.

    Raises TextTooLong above `limit` bytes.
    """
    text = storable(text.replace("\r\n", "\n").replace("\r", "\n"))
    size = len(text.encode())
    if size > limit:
        raise TextTooLong(
            f"This is {size // 1024 + 1} KB of text, and {limit // 1024} KB is the most we take. "
            "Your text is still here: shorten it and try again."
        )
    return text


def clean_day(text: str) -> date | None:
    """The day that somebody wrote into a form; None where they left it empty. Raises Unusable."""
    try:
        return date.fromisoformat(text.strip()) if text.strip() else None
    except ValueError:
        raise Unusable("Write a day as year-month-day: 2027-01-31.") from None


def storable(text: str) -> str:
    """Without NUL and lone surrogates, which Postgres can't store (a learner's program may print either)."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def one_at_a_time(session: Session, user: User) -> None:
    """Until this transaction ends, nothing else that asks for the same is done for this learner.

    An UPDATE that changes nothing: it locks the row in Postgres, and takes SQLite's write lock.
    """
    session.execute(update(User).where(User.id == user.id).values(goal=User.goal))
