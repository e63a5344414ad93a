"""Handing in: what is frozen and judged, and what an answer stands on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotFound, TextTooLong, TooMany, Unusable
from app.learning import attempts, drafts
from app.learning.attempts import Verdict
from app.lessons import Lesson
from app.models import Activity, Attempt, RunKind, State, User
from app.models import Verdict as Word
from app.running import leases
from app.running.leases import Result

Jobs = Callable[[], list[tuple[str, dict[str, str]]]]
DOUBLE = "def double(x: int) -> int:\n    return x + x\n"


def judged(session: Session, user: User, exercise: str, answer: str, word: Word = Word.PASSED) -> Attempt:
    attempt = attempts.hand_in(session, user, exercise, answer)
    session.commit()
    held = leases.claim(session, attempt.run_id)
    assert held
    recorded = leases.record(session, held.id, held.nonce, Result())
    assert recorded
    attempts.record_verdict(session, recorded, Verdict(word, "A sentence."))
    session.commit()
    return attempt


def test_an_attempt_is_a_run_of_its_own_kind_with_the_answer_frozen(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    attempt = attempts.hand_in(session, ada, "double", DOUBLE)
    session.commit()
    assert (attempt.number, attempt.answer, attempt.verdict) == (1, DOUBLE, None)
    assert attempt.exercise_version == lesson.exercises()[0].version
    assert (attempt.run.kind, attempt.run.state) == (RunKind.GRADE, State.QUEUED)
    assert attempt.run.chain == [{"cell": "double", "text": DOUBLE}]
    assert sent_jobs() == [("run", {"run_id": str(attempt.run_id)})]


def test_the_answer_and_other_unsaved_cells_are_saved(session: Session, ada: User, lesson: Lesson) -> None:
    attempts.hand_in(session, ada, "double", DOUBLE, {"one": "x = 8"})
    assert drafts.of(session, ada, "counting") == {"double": DOUBLE, "one": "x = 8"}


def test_handing_in_twice_while_it_is_judged_is_one_attempt(
    session: Session, ada: User, lesson: Lesson, sent_jobs: Jobs
) -> None:
    first = attempts.hand_in(session, ada, "double", DOUBLE)
    session.commit()
    second = attempts.hand_in(session, ada, "double", DOUBLE.replace("\n", "\r\n"))
    session.commit()
    assert second.id == first.id
    assert len(sent_jobs()) == 1


def test_attempts_are_counted_from_one_per_exercise_and_kept(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", DOUBLE, Word.FAILED)
    judged(session, ada, "double", DOUBLE)
    judged(session, ben, "double", DOUBLE)
    assert [attempt.number for attempt in attempts.of(session, ada, "double")] == [2, 1]
    assert [attempt.number for attempt in attempts.of(session, ben, "double")] == [1]


def test_an_exercise_that_uses_another_stands_on_the_answer_that_passed(
    session: Session, ada: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", DOUBLE)
    judged(session, ada, "double", "def double(x): return x", Word.FAILED)
    attempt = attempts.hand_in(session, ada, "quadruple", "def quadruple(x): return double(double(x))")
    assert [link["cell"] for link in attempt.run.chain] == ["double", "quadruple"]
    assert attempt.run.chain[0]["text"] == DOUBLE


def test_without_it_the_learner_is_told_what_to_do_first(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(Unusable) as refused:
        attempts.hand_in(session, ada, "quadruple", "def quadruple(x): return 4 * x")
    assert "Twice as much" in refused.value.message


def test_a_solution_that_was_looked_up_stands_in_until_the_learner_passes(
    session: Session, ada: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", "def double(x): return x", Word.FAILED)
    attempts.solution(session, ada, "double")
    attempt = attempts.hand_in(session, ada, "quadruple", "def quadruple(x): return 4 * x")
    assert "2 * x" in attempt.run.chain[0]["text"]
    judged(session, ada, "double", DOUBLE)
    attempt = attempts.hand_in(session, ada, "quadruple", "def quadruple(x): return x * 4")
    assert attempt.run.chain[0]["text"] == DOUBLE


def test_a_form_is_handed_in_as_its_fields_and_no_others(session: Session, ada: User, lesson: Lesson) -> None:
    attempt = attempts.hand_in(session, ada, "largest", {"largest": "three", "csrf": "secret"})
    assert attempt.answer == '{"largest": "three"}'
    assert attempts.hand_in(session, ada, "largest", {"largest": "three"}).id == attempt.id


def test_gradings_count_among_the_runs_that_are_going(session: Session, ada: User, lesson: Lesson) -> None:
    attempts.hand_in(session, ada, "double", DOUBLE)
    attempts.hand_in(session, ada, "largest", {"largest": "two"})
    with pytest.raises(TooMany):
        attempts.hand_in(session, ada, "double", "def double(x): return 0")


def test_unknown_exercises_and_long_answers_are_refused(session: Session, ada: User, lesson: Lesson) -> None:
    with pytest.raises(NotFound):
        attempts.hand_in(session, ada, "one", "x = 1")
    with pytest.raises(TextTooLong):
        attempts.hand_in(session, ada, "double", "#" * 65_537)
    assert session.scalars(select(Attempt)).all() == []


def test_handing_in_is_noted_in_the_activity_log(session: Session, ada: User, lesson: Lesson) -> None:
    attempt = attempts.hand_in(session, ada, "double", DOUBLE)
    session.flush()
    entry = session.scalars(select(Activity)).one()
    assert (entry.kind, entry.data) == ("handed in", {"attempt": str(attempt.id), "number": 1})
