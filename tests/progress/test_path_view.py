"""The map as one learner sees it: what is passed, what is lit, what they hid and moved."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.guard import NotFound, Unusable
from app.learning import choices, progress
from app.learning.progress import Mark
from app.lessons import Lesson
from app.models import User
from app.models import Verdict as Word
from tests.progress.test_board import judged


def test_nobody_in_particular_sees_the_path_as_it_was_written(session: Session, lesson: Lesson) -> None:
    view = progress.path_view(session, None)
    assert [node.node.id for node in view] == ["start", "sums", "proofs"]
    assert (view[0].passed, view[0].total) == (0, 3)
    assert view[1].lessons == {}


def test_passing_an_exercise_lights_its_concepts(session: Session, ada: User, lesson: Lesson) -> None:
    judged(session, ada, "double", Word.PASSED)
    judged(session, ada, "largest", Word.FAILED)
    (start, *_) = progress.path_view(session, ada)
    assert {concept.id: lit for concept, lit in start.concepts.items()} == {
        "doubling": True,
        "comparing": False,
    }
    assert (start.passed, start.total) == (1, 3)
    assert progress.lit(session, ada) == {"doubling"}


def test_a_lessons_statuses_come_in_its_order(session: Session, ada: User, lesson: Lesson) -> None:
    judged(session, ada, "quadruple", Word.FAILED)
    statuses = progress.of_lesson(session, ada, "counting")
    assert {exercise: status.mark for exercise, status in statuses.items()} == {
        "double": Mark.NOT_TRIED,
        "quadruple": Mark.FAILED,
        "largest": Mark.NOT_TRIED,
    }


def test_nodes_are_hidden_and_shown_again(session: Session, ada: User, ben: User, lesson: Lesson) -> None:
    choices.hide_node(session, ada, "sums", True)
    assert [view.hidden for view in progress.path_view(session, ada)] == [False, True, False]
    assert not any(view.hidden for view in progress.path_view(session, ben))
    choices.hide_node(session, ada, "sums", False)
    assert not any(view.hidden for view in progress.path_view(session, ada))


def test_nodes_move_within_the_map_and_stop_at_its_ends(session: Session, ada: User, lesson: Lesson) -> None:
    def order() -> list[str]:
        return [view.node.id for view in progress.path_view(session, ada)]

    choices.move_node(session, ada, "proofs", -1)
    assert order() == ["start", "proofs", "sums"]
    choices.move_node(session, ada, "proofs", -9)
    assert order() == ["proofs", "start", "sums"]
    choices.move_node(session, ada, "proofs", 9)
    assert order() == ["start", "sums", "proofs"]


def test_the_goal_is_one_line(session: Session, ada: User, lesson: Lesson) -> None:
    user = session.get_one(User, ada.id)
    choices.set_goal(session, user, "  Read a\n paper  ")
    assert user.goal == "Read a paper"
    with pytest.raises(Unusable):
        choices.set_goal(session, user, "x" * 201)


def test_a_node_that_is_not_there_cannot_be_hidden(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(NotFound):
        choices.hide_node(session, ada, "nothing", True)
