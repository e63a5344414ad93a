"""What a learner has shown: a lesson proven or not, its checklist, and the drawing of what they build."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy.orm import Session

from app.learning import checklist, given, progress
from app.learning.checklist import Item
from app.learning.progress import LessonView, Mark, NodeView, Status
from app.lessons import Exercise, Lesson, course
from app.lessons.drawing import Drawing, Layout, Module
from app.lessons.path import Node
from app.models import User


@dataclass(frozen=True)
class Proof:
    """One lesson, as far as its learner has proven it."""

    view: LessonView
    home: NodeView | None
    items: tuple[Item, ...]
    drawing: Picture | None  # where the lesson's node has one
    next: Lesson | None

    @property
    def lesson(self) -> Lesson:
        return self.view.lesson

    @property
    def others(self) -> list[Exercise]:
        """The other exercises of the lesson."""
        return [one for one in self.lesson.exercises() if one.id not in self.lesson.test_out]

    @property
    def wanted(self) -> list[tuple[Exercise, Status]]:
        """The exercises that prove the lesson, in its order, and where the learner stands with each."""
        statuses = self.view.statuses
        return [(one, statuses[one.id]) for one in self.lesson.exercises() if one.id in self.lesson.test_out]


def of(session: Session, learner: User | None, lesson: Lesson) -> Proof:
    """For this learner; for nobody, as the lesson was written."""
    statuses = progress.of_all(session, learner) if learner else {}
    nodes = progress.path_view(session, learner, statuses)
    home = next((view for view in nodes if lesson.slug in view.lessons), None)
    ticked = checklist.ticks(session, learner, lesson.slug) if learner else set()
    return Proof(
        view=progress.lesson_view(lesson, statuses),
        home=home,
        items=checklist.of(lesson, statuses, ticked),
        drawing=picture(session, learner, statuses, home.node if home else None),
        next=progress.next_lesson(nodes, lesson.slug),
    )


def shown_to_mentor(statuses: Mapping[str, Status]) -> list[tuple[LessonView, tuple[Item, ...]]]:
    """Of each lesson that a learner has begun, what its exercises prove; what they ticked is their own."""
    views = [progress.lesson_view(lesson, statuses) for lesson in course().lessons.values()]
    return [(view, checklist.proven(view.lesson, statuses)) for view in views if view.passed]


# ---- the drawing


class Colour(StrEnum):
    """Whose a module is."""

    YOURS = "yours"  # its exercise is passed
    OURS = "ours"  # its solution was opened: that is used for now
    OPEN = "open"


@dataclass(frozen=True)
class Piece:
    """A module as one learner sees it. `exercise` is None while nobody has written it."""

    module: Module
    colour: Colour
    exercise: Exercise | None


@dataclass(frozen=True)
class Picture:
    """The drawing as one learner sees it."""

    drawing: Drawing
    pieces: tuple[Piece, ...]

    @property
    def layouts(self) -> dict[str, Layout]:
        return {"wide": self.drawing.wide, "tall": self.drawing.tall}

    @property
    def mine(self) -> int:
        """How many modules are the learner's own; one that is used several times is one."""
        return len({one.module.exercise for one in self.pieces if one.colour is Colour.YOURS})

    @property
    def total(self) -> int:
        return len({piece.module.exercise for piece in self.pieces})


def picture(
    session: Session, learner: User | None, statuses: Mapping[str, Status], node: Node | None
) -> Picture | None:
    """The course's drawing, if it belongs to this node. `statuses` are those of all exercises."""
    drawing = course().drawing
    if drawing is None or node is None or drawing.node != node.id:
        return None
    opened: Set[str] = given.looked_up(session, learner).keys() if learner else set()
    known = course().exercises
    return Picture(
        drawing,
        tuple(
            Piece(one, _colour(one.exercise, statuses, opened), known.get(one.exercise))
            for one in drawing.modules
        ),
    )


def _colour(exercise: str, statuses: Mapping[str, Status], opened: Set[str]) -> Colour:
    if statuses.get(exercise, progress.NOTHING).mark is Mark.PASSED:
        return Colour.YOURS
    return Colour.OURS if exercise in opened else Colour.OPEN
