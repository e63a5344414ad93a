"""The mentor's list: learners × exercises, by a number of queries that does not grow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.orm import Session

from app.db import engine
from app.learning import attempts, progress
from app.learning.progress import Mark
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Attempt, Cohort, Membership, Role, RunKind, State, User
from app.models import Verdict as Word
from app.people import cohorts, oversight
from app.running.runs import queue


def judged(session: Session, user: User, exercise: str, *words: Word | None) -> None:
    """The learner handed in once for each word, and that was the verdict."""
    for word in words:
        number = len(attempts.of(session, user, exercise)) + 1
        run = queue(session, user, RunKind.GRADE, "counting", exercise, [{"cell": exercise, "text": "…"}])
        run.state = State.DONE
        session.add(
            Attempt(
                user_id=user.id,
                lesson="counting",
                exercise=exercise,
                exercise_version="1",
                number=number,
                answer="…",
                run=run,
                verdict=word,
            )
        )
        session.flush()
    session.commit()


@contextmanager
def queries() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine(), "before_cursor_execute", note)
    yield seen
    event.remove(engine(), "before_cursor_execute", note)


def test_the_board_tells_passed_failed_not_tried_and_asking(
    session: Session, ada: User, ben: User, cohort: Cohort, stranger: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", Word.FAILED, Word.PASSED, Word.FAILED)
    judged(session, ada, "quadruple", Word.FAILED, Word.ERROR, None, Word.NOT_ATTEMPTED)
    judged(session, ben, "double", None)
    threads.ask(session, ben, "counting", "largest", "Help?")
    session.commit()
    board = progress.board(session, cohorts.learners(cohort))
    assert [exercise.id for exercise in board.exercises] == ["double", "quadruple", "largest"]
    assert [row.learner.name for row in board.rows] == ["Ben", "Ada"]
    bens, adas = board.rows
    assert (adas.status("double").mark, adas.status("double").attempts) == (Mark.PASSED, 3)
    assert (adas.status("quadruple").mark, adas.status("quadruple").attempts) == (Mark.FAILED, 2)
    assert (bens.status("double").mark, bens.status("double").attempts) == (Mark.NOT_TRIED, 0)
    assert bens.status("largest").asking
    assert (adas.passed, bens.asking, adas.asking) == (1, True, False)


def test_a_question_that_was_answered_no_longer_asks(
    session: Session, ada: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    thread = threads.ask(session, ada, "counting", "double", "Help?")
    threads.reply(session, mo, thread, "Here.")
    session.commit()
    assert not any(row.asking for row in progress.board(session, cohorts.learners(cohort)).rows)


def test_of_those_in_no_cohort_only_who_has_handed_something_in_is_listed(
    session: Session, ada: User, cohort: Cohort, stranger: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", Word.PASSED)
    assert progress.board(session, oversight.alone()).rows == []
    judged(session, stranger, "double", Word.PASSED)
    assert [row.learner.name for row in progress.board(session, oversight.alone()).rows] == ["Guest"]


def test_the_number_of_queries_does_not_grow_with_the_class(
    session: Session, cohort: Cohort, lesson: Lesson
) -> None:
    session.add_all(learners := [User(name=f"Learner {n}") for n in range(20)])
    session.flush()
    for one in learners:
        session.add(Membership(cohort_id=cohort.id, user_id=one.id, role=Role.LEARNER))
    session.commit()
    for learner in learners:
        judged(session, learner, "double", Word.FAILED, Word.PASSED)
    with queries() as seen:
        assert len(progress.board(session, cohorts.learners(cohort)).rows) == 22
    assert len(seen) == 3


def test_one_learners_row_stands_alone_too(session: Session, ada: User, lesson: Lesson) -> None:
    judged(session, ada, "double", Word.PASSED)
    assert progress.row(session, ada).status("double").mark is Mark.PASSED
