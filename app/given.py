"""What code stands on without being on its page: the learner's own passed answers to other exercises.

Where one is not passed yet, ours serves instead, once the learner has opened it; that is written down.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import activity
from app.activity import Kind
from app.chains import Chain
from app.guard import Unusable, find_exercise
from app.lessons import Exercise, Lesson, course
from app.models import Activity, Attempt, User
from app.models import Verdict as Word


@dataclass(frozen=True)
class Foundation:
    """An exercise that a lesson stands on: with the learner's answer, with ours, or with nothing yet."""

    exercise: Exercise
    passed: bool
    ours: bool

    @property
    def there(self) -> bool:
        return self.passed or self.ours


class Given:
    """The answers of one learner that other code may stand on, read once."""

    def __init__(self, session: Session, user: User, *, wanted: bool = True) -> None:
        """Without `wanted` nothing is read: what stands on nothing need not ask."""
        self._own = passed_answers(session, user) if wanted else {}
        self._ours = looked_up(session, user) if wanted else {}

    def under(self, exercises: Iterable[str]) -> Chain:
        """The texts of these, in this order; those that are not there are left out."""
        known = self._ours | self._own
        return [{"cell": one, "text": known[one]} for one in exercises if one in known]

    def foundations(self, exercises: Iterable[str]) -> list[Foundation]:
        """How the learner stands with each of these."""
        known = course().exercises
        return [Foundation(known[one], one in self._own, one in self._ours) for one in exercises]


def answers(session: Session, user: User, exercises: Iterable[str]) -> Chain:
    """The texts of all of these, in this order. Raises Unusable that names the first which is not there."""
    wanted = tuple(exercises)
    given = Given(session, user, wanted=bool(wanted))
    for one in given.foundations(wanted):
        if not one.there:
            title = one.exercise.title
            raise Unusable(f"This builds on “{title}”, not passed yet. Hand that in first, or take ours.")
    return given.under(wanted)


def under_lesson(session: Session, user: User | None, lesson: Lesson) -> list[Foundation]:
    """What the lesson as a whole stands on; for nobody, on nothing that is there."""
    wanted = course().foundation(lesson)
    if user is None:
        return [Foundation(course().exercises[one], passed=False, ours=False) for one in wanted]
    return Given(session, user, wanted=bool(wanted)).foundations(wanted)


def take_ours(session: Session, user: User, exercise: str, why: str) -> None:
    """Let our answer to an exercise stand in for the learner's: that opens its solution, and is written down.

    `why` is the lesson that stands on it. Raises NotFound.
    """
    wanted = find_exercise(exercise)
    activity.log(session, user, Kind.SOLUTION, wanted.lesson, exercise, instead=why)


def passed_answers(session: Session, user: User) -> dict[str, str]:
    """Exercise → the learner's last answer that passed."""
    query = select(Attempt.exercise, Attempt.answer).where(
        Attempt.user_id == user.id, Attempt.verdict == Word.PASSED
    )
    return dict(session.execute(query.order_by(Attempt.number)).all())


def looked_up(session: Session, user: User) -> dict[str, str]:
    """Exercise → its solution, for those whose solution the learner has opened."""
    opened = (
        select(Activity.cell).where(Activity.user_id == user.id, Activity.kind == Kind.SOLUTION).distinct()
    )
    known = course().exercises
    return {cell: known[cell].solution for cell in session.scalars(opened) if cell in known}
