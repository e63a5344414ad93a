"""Where to begin: what somebody answered at the start of the path, and what follows from it.

Their answers are in the event log; what is made of them is worked out each time.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.guard import storable
from app.learning import activity, progress
from app.learning.activity import Kind
from app.lessons import Exercise, Lesson, course
from app.lessons.questions import Question
from app.models import User

LONGEST = 200  # characters of one answer that are kept
DONT_KNOW = ""


@dataclass(frozen=True)
class Answered:
    """A question, and what was answered; `given` is empty if they did not know."""

    question: Question
    given: str

    @property
    def right(self) -> bool:
        return self.question.is_right(self.given)


@dataclass(frozen=True)
class Result:
    """What follows from all of it. Lessons are in the path's order."""

    answered: tuple[Answered, ...]
    begin: Lesson | None  # the earliest lesson that was not shown; None if all were
    because: Answered | None  # the answer that says so
    known: tuple[Lesson, ...]  # those that look known, and can be proven
    milestone: Exercise | None  # which completes the groundwork by itself, if `begin` belongs to that

    @property
    def right(self) -> int:
        return sum(one.right for one in self.answered)


def answer(session: Session, user: User, answers: Mapping[str, str]) -> None:
    """Keep what was answered: question → answer; what is not there was not known."""
    known = {question.id for question in course().questions}
    kept = {name: storable(text.strip())[:LONGEST] for name, text in answers.items() if name in known}
    activity.log(session, user, Kind.PLACED, answers=kept)
    session.flush()


def latest(session: Session, user: User) -> Result | None:
    """What follows from the learner's newest answers; None if they have not been asked."""
    entries = activity.of_kind(session, user, Kind.PLACED, "")
    if not entries:
        return None
    behind = {
        slug
        for node in progress.path_view(session, user)
        for slug, lesson in node.lessons.items()
        if node.done or lesson.complete
    }
    return result(entries[-1].data["answers"], behind)


def result(answers: Mapping[str, str], behind: Set[str] = frozenset()) -> Result:
    """What follows from these answers; nobody is sent to a lesson that is `behind` them."""
    answered = tuple(
        Answered(question, answers.get(question.id, DONT_KNOW)) for question in course().questions
    )
    asked = {one.question.lesson for one in answered} - behind
    missed: dict[str, Answered] = {}
    for one in answered:
        if not one.right:
            missed.setdefault(one.question.lesson, one)
    order = [lesson for lesson in _in_order() if lesson.slug in asked]
    begin = next((lesson for lesson in order if lesson.slug in missed), None)
    home = course().path.home(begin.slug) if begin else None
    return Result(
        answered,
        begin,
        missed[begin.slug] if begin else None,
        tuple(lesson for lesson in order if lesson.slug not in missed and lesson.test_out),
        course().exercises.get(home.milestone) if home and not home.needs else None,
    )


def _in_order() -> list[Lesson]:
    known = course().lessons
    return [known[ref.slug] for node in course().path.nodes for ref in node.lessons if ref.slug in known]
