"""How far somebody has come: derived from attempts and threads each time it is asked, stored nowhere.

A lesson is *proven* once the exercises it names for that (`test_out`) are passed: the others are optional.
A node with a milestone is done once that is passed, whatever else stands in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from app.guard import find_lesson
from app.learning import choices
from app.learning.attempts import JUDGED
from app.lessons import Exercise, Lesson, course
from app.lessons.path import Concept, Node
from app.models import Attempt, Thread, User
from app.models import Verdict as Word


class Mark(StrEnum):
    PASSED = "passed"
    FAILED = "failed"  # tried, and not passed yet
    NOT_TRIED = "not_tried"


@dataclass(frozen=True)
class Status:
    """Where a learner stands with one exercise. Once passed, always passed, if no mentor rules otherwise."""

    mark: Mark = Mark.NOT_TRIED
    attempts: int = 0  # those with a verdict on the answer
    asking: bool = False  # a question of theirs on it waits for an answer


NOTHING = Status()


def of_lesson(session: Session, user: User, lesson: str) -> dict[str, Status]:
    """Exercise → status, for every exercise of the lesson in order."""
    return lesson_view(find_lesson(lesson), of_all(session, user)).statuses


def of_all(session: Session, user: User) -> dict[str, Status]:
    """Exercise → status, for those of the whole course that there is anything to say about."""
    return _statuses(session, Attempt.user_id == user.id, Thread.user_id == user.id).get(user.id, {})


def lit(session: Session, user: User) -> set[str]:
    """The concepts that the learner has worked with: those of the exercises passed."""
    return _lights(of_all(session, user))


def _lights(known: Mapping[str, Status]) -> set[str]:
    passed = [name for name, status in known.items() if status.mark is Mark.PASSED]
    exercises = course().exercises
    return {concept for name in passed if name in exercises for concept in exercises[name].concepts}


# ---- the map


@dataclass(frozen=True)
class LessonView:
    """A written lesson on the map."""

    lesson: Lesson
    statuses: dict[str, Status]

    @property
    def passed(self) -> int:
        return sum(status.mark is Mark.PASSED for status in self.statuses.values())

    @property
    def total(self) -> int:
        return len(self.statuses)

    @property
    def proven(self) -> bool:
        """Whether all that proves the lesson is passed."""
        proofs = [self.statuses.get(name, NOTHING).mark for name in self.lesson.test_out]
        return bool(proofs) and all(mark is Mark.PASSED for mark in proofs)

    @property
    def complete(self) -> bool:
        """Whether there is nothing left that one would have to do."""
        return self.proven or 0 < self.total == self.passed

    @property
    def optional(self) -> int:
        """How many exercises are left that need not be done any more."""
        return self.total - self.passed if self.proven else 0


@dataclass(frozen=True)
class NodeView:
    """A node of the path as one learner sees it.

    `lessons` holds those of `node.lessons` that are written, by slug.
    """

    node: Node
    hidden: bool
    lessons: dict[str, LessonView]
    concepts: dict[Concept, bool]  # and whether it is lit
    milestone: Exercise | None = None  # which alone completes it, where it is written
    milestone_passed: bool = False

    @property
    def done(self) -> bool:
        """Whether one can go on: the milestone is passed, or (also) all lessons are complete."""
        views = self.lessons.values()
        return self.milestone_passed or (bool(views) and all(view.complete for view in views))

    @property
    def open_lesson(self) -> Lesson | None:
        """The first lesson that is not complete."""
        return next((view.lesson for view in self.lessons.values() if not view.complete), None)

    @property
    def passed(self) -> int:
        return sum(view.passed for view in self.lessons.values())

    @property
    def total(self) -> int:
        return sum(view.total for view in self.lessons.values())


def path_view(
    session: Session, user: User | None, known: Mapping[str, Status] | None = None
) -> list[NodeView]:
    """Every node of the path in the learner's order, hidden ones too; for nobody, the path as written.

    `known` is what `of_all` gives, where it has been asked for already.
    """
    if user is None:
        return [_node_view(node, {}, set(), hidden=False) for node in course().path.nodes]
    known = of_all(session, user) if known is None else known
    made, lights = choices.of(session, user), _lights(known)
    return [
        _node_view(node, known, lights, hidden=node.id in made and made[node.id].hidden)
        for node in choices.ordered(session, user, made)
    ]


def _node_view(node: Node, known: Mapping[str, Status], lights: set[str], *, hidden: bool) -> NodeView:
    written = [course().lessons[ref.slug] for ref in node.lessons if ref.slug is not None]
    views = {lesson.slug: lesson_view(lesson, known) for lesson in written}
    concepts = [concept for concept in course().path.concepts if concept.node == node.id]
    return NodeView(
        node,
        hidden,
        views,
        {concept: concept.id in lights for concept in concepts},
        milestone=course().exercises.get(node.milestone),
        milestone_passed=known.get(node.milestone, NOTHING).mark is Mark.PASSED,
    )


def lesson_view(lesson: Lesson, known: Mapping[str, Status]) -> LessonView:
    """The lesson, of what is known of all exercises."""
    return LessonView(lesson, {one.id: known.get(one.id, NOTHING) for one in lesson.exercises()})


def go_on(nodes: list[NodeView], after: NodeView) -> NodeView | None:
    """The node to go on with: the first later one that is neither hidden nor done. None at the end."""
    later = nodes[nodes.index(after) + 1 :]
    return next((view for view in later if not view.hidden and not view.done), None)


def next_lesson(nodes: list[NodeView], lesson: str) -> Lesson | None:
    """What comes after this lesson: in its own node while that is not done, else in a later one."""
    home = next((view for view in nodes if lesson in view.lessons), None)
    if home is None:
        return None
    slugs = list(home.lessons)
    rest = [home.lessons[slug] for slug in slugs[slugs.index(lesson) + 1 :]]
    if not home.done and (left := next((view.lesson for view in rest if not view.complete), None)):
        return left
    further = nodes[nodes.index(home) + 1 :]
    return next((view.open_lesson for view in further if not view.hidden and view.open_lesson), None)


# ---- the mentor's list


@dataclass(frozen=True)
class Row:
    """One learner on the board."""

    learner: User
    statuses: dict[str, Status] = field(
        default_factory=dict
    )  # exercise → status; not tried where there is none

    def status(self, exercise: str) -> Status:
        return self.statuses.get(exercise, NOTHING)

    @property
    def asking(self) -> bool:
        return any(status.asking for status in self.statuses.values())

    @property
    def passed(self) -> int:
        return sum(status.mark is Mark.PASSED for status in self.statuses.values())


@dataclass(frozen=True)
class Board:
    """Learners × exercises: those who ask come first."""

    exercises: list[Exercise]
    rows: list[Row]


def board(session: Session, learners: Select[UUID]) -> Board:
    """Those of these ids. Three queries, however many they are."""
    known = _statuses(session, Attempt.user_id.in_(learners), Thread.user_id.in_(learners))
    people = session.scalars(select(User).where(User.id.in_(learners)).order_by(User.name, User.id))
    rows = [Row(learner, known.get(learner.id, {})) for learner in people]
    return Board(in_order(), sorted(rows, key=lambda row: not row.asking))


def rows_of(session: Session, learners: Sequence[User]) -> list[Row]:
    """Of these learners, in their order. Two queries, however many they are."""
    ids = [learner.id for learner in learners]
    known = _statuses(session, Attempt.user_id.in_(ids), Thread.user_id.in_(ids))
    return [Row(learner, known.get(learner.id, {})) for learner in learners]


def row(session: Session, learner: User) -> Row:
    """One learner, for their mentor's page."""
    return Row(learner, of_all(session, learner))


def in_order() -> list[Exercise]:
    """Every exercise of the course, as the path leads to them; those of lessons beside it come last."""
    on_path = [ref.slug for node in course().path.nodes for ref in node.lessons if ref.slug]
    rest = [slug for slug in course().lessons if slug not in on_path]
    lessons = (course().lessons[slug] for slug in dict.fromkeys([*on_path, *rest]))
    return [exercise for lesson in lessons for exercise in lesson.exercises()]


def _statuses(
    session: Session, attempts: ColumnElement[bool], threads: ColumnElement[bool]
) -> dict[UUID, dict[str, Status]]:
    """Learner → exercise → status, of those there is anything to say about: two queries."""
    judged = func.sum(case((Attempt.verdict.in_(JUDGED), 1), else_=0))
    passed = func.sum(case((Attempt.counts_as == Word.PASSED, 1), else_=0))
    counts = select(Attempt.user_id, Attempt.exercise, judged, passed).where(attempts)
    counts = counts.group_by(Attempt.user_id, Attempt.exercise)
    waiting = select(Thread.user_id, Thread.cell).where(
        Thread.closed_at.is_(None), Thread.answered.is_(False), threads
    )
    asking = set(session.execute(waiting))
    found: dict[UUID, dict[str, Status]] = {}
    for user_id, exercise, tries, passes in session.execute(counts):
        status = Status(_mark(tries, passes), tries, (user_id, exercise) in asking)
        found.setdefault(user_id, {})[exercise] = status
    for user_id, cell in asking:
        found.setdefault(user_id, {}).setdefault(cell, Status(asking=True))
    return found


def _mark(attempts: int, passes: int) -> Mark:
    if passes:
        return Mark.PASSED
    return Mark.FAILED if attempts else Mark.NOT_TRIED
