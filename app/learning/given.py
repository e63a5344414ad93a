"""What code stands on without being on its page: the learner's own passed answers to other exercises.

Where one is not passed yet, ours serves instead, once the learner has opened it; that is written down.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound, Unusable, find_exercise
from app.learning import activity
from app.learning.activity import Kind
from app.lessons import Exercise, Lesson, course
from app.models import Activity, Attempt, User
from app.models import Verdict as Word
from app.running.chains import Chain
from app.teaching import sittings


@dataclass(frozen=True)
class Foundation:
    """An exercise that a lesson stands on: with the learner's answer, with ours, or with nothing yet."""

    exercise: Exercise
    passed: bool
    ours: bool

    @property
    def there(self) -> bool:
        return self.passed or self.ours


@dataclass(frozen=True)
class Given:
    """The answers that one learner's other code may stand on: exercise → text. Nobody has none."""

    own: Mapping[str, str] = field(default_factory=dict)
    ours: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, session: Session, user: User) -> Given:
        return cls(passed_answers(session, user), looked_up(session, user))

    def under(self, exercises: Iterable[str]) -> Chain:
        """The texts of these, in this order; those that are not there are left out."""
        known = {**self.ours, **self.own}
        return [{"cell": one, "text": known[one]} for one in exercises if one in known]

    def foundations(self, exercises: Iterable[str]) -> list[Foundation]:
        """How the learner stands with each of these."""
        known = course().exercises
        return [Foundation(known[one], one in self.own, one in self.ours) for one in exercises]


def answers(session: Session, user: User, exercises: Sequence[str]) -> Chain:
    """The texts of all of these, in this order. Raises Unusable that names the first which is not there."""
    if not exercises:
        return []
    given = Given.of(session, user)
    for one in given.foundations(exercises):
        if not one.there:
            title = one.exercise.title
            raise Unusable(f"This builds on “{title}”, not passed yet. Hand that in first, or take ours.")
    return given.under(exercises)


def missing(session: Session, user: User, lesson: Lesson, on: str = "") -> list[str]:
    """What this lesson, or one exercise `on` its page, stands on and has nothing for yet. Raises NotFound."""
    beneath = course().beneath(find_exercise(on).id) if on else course().closed(lesson.uses)
    found = Given.of(session, user).foundations(beneath)
    return [one.exercise.id for one in found if not one.there]


def take_ours(session: Session, user: User, exercise: str, lesson: Lesson) -> None:
    """Let our answer to an exercise that this lesson stands on, or one in it builds on, stand in for theirs.

    That opens its solution, and is written down. Raises NotFound, also for what nothing here needs, and
    NotAllowed while an assessment has closed it.
    """
    wanted, known = find_exercise(exercise), course()
    beneath = (used for one in lesson.exercises() for used in known.beneath(one.id))
    if exercise not in {*known.closed(lesson.uses), *beneath}:
        raise NotFound("Nothing in this lesson builds on that exercise.")
    sittings.check_open(session, user, exercise)
    activity.log(session, user, Kind.SOLUTION, wanted.lesson, exercise, instead=lesson.slug)


def passed_answers(session: Session, user: User) -> dict[str, str]:
    """Exercise → the learner's last answer that passed."""
    query = select(Attempt.exercise, Attempt.answer).where(
        Attempt.user_id == user.id, Attempt.counts_as == Word.PASSED
    )
    return dict(session.execute(query.order_by(Attempt.number)).all())


def looked_up(session: Session, user: User) -> dict[str, str]:
    """Exercise → its solution, for those whose solution the learner has opened, and may look at now."""
    opened = (
        select(Activity.cell).where(Activity.user_id == user.id, Activity.kind == Kind.SOLUTION).distinct()
    )
    cells, known = session.scalars(opened).all(), course().exercises
    closed = sittings.closed_to(session, user) if cells else {}
    return {cell: known[cell].solution for cell in cells if cell in known and cell not in closed}
