"""Grading through the real runner and examiner."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.learning import attempts
from app.lessons import Lesson
from app.models import Attempt, Ending, State, User
from app.models import Verdict as Word
from app.running import events, runs
from app.running.events import Finished, Text, Verdict
from tests.tasks.test_run import until
from workers import tasks

Do = Callable[[], list[str]]
HandIn = Callable[..., Attempt]


@pytest.fixture
def hand_in(session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do) -> HandIn:
    """Ada hands in, and waits for the verdict."""

    def hand_in(exercise: str, answer: str | dict[str, str]) -> Attempt:
        attempt = attempts.hand_in(session, ada, exercise, answer)
        session.commit()
        run_jobs()
        session.expire_all()
        return attempts.visible(session, ada, attempt.id)

    return hand_in


def test_a_right_answer_passes_and_the_page_hears_the_verdict_before_the_end(
    hand_in: HandIn, ada: User, redis: Redis
) -> None:
    attempt = hand_in(
        "double", "print('hello')\ndef double(x: int) -> int:\n    print('asked')\n    return x + x"
    )
    assert attempt.verdict is Word.PASSED
    assert (attempt.run.state, attempt.run.ending) == (State.DONE, Ending.OK)
    assert attempt.graded_at
    told = [events.decode(fields) for _, fields in redis.xrange(events.key(ada.id, "counting"))]
    assert [type(event) for event in told[-2:]] == [Verdict, Finished]
    assert isinstance(told[-2], Verdict)
    assert (told[-2].id, told[-2].verdict) == (str(attempt.id), "passed")


def test_what_is_printed_before_the_hidden_inputs_is_shown_and_nothing_after(
    hand_in: HandIn, ada: User, redis: Redis
) -> None:
    attempt = hand_in("double", "print('hello')\ndef double(x: int) -> int:\n    print(x)\n    return x + x")
    assert [output.data["text"] for output in attempt.run.outputs] == ["hello\n"]
    told = [events.decode(fields) for _, fields in redis.xrange(events.key(ada.id, "counting"))]
    assert "".join(event.text for event in told if isinstance(event, Text)) == "hello\n"


def test_a_right_answer_with_a_loop_passes_with_a_note_on_style(hand_in: HandIn) -> None:
    attempt = hand_in("double", "def double(x: int) -> int:\n    return sum(x for _ in range(2))")
    assert attempt.verdict is Word.PASSED
    assert attempt.details["style"] == ["Without a loop it is shorter."]
    assert hand_in("double", "def double(x: int) -> int:\n    return x + x").details["style"] == []


def test_a_wrong_answer_is_told_what_is_wrong(hand_in: HandIn) -> None:
    attempt = hand_in("double", "def double(x: int) -> int:\n    return x * x")
    assert attempt.verdict is Word.FAILED
    assert "squared" in attempt.message
    assert attempt.details


def test_the_untouched_starter_is_not_attempted(hand_in: HandIn, lesson: Lesson) -> None:
    assert hand_in("double", lesson.exercises()[0].starter).verdict is Word.NOT_ATTEMPTED


def test_an_answer_that_stops_is_an_error_with_its_line(hand_in: HandIn) -> None:
    attempt = hand_in("double", "def double(x: int) -> int:\n    return x + x\nnothing")
    assert attempt.verdict is Word.ERROR
    assert attempt.message.startswith("Your code stopped in line 3 with `NameError")
    assert attempt.run.outputs[0].kind == "error"


def test_an_answer_that_never_ends_is_an_error_with_a_sentence(
    hand_in: HandIn, change_settings: Callable[..., None]
) -> None:
    change_settings(grade_seconds=2)
    attempt = hand_in("double", "while True: pass")
    assert (attempt.verdict, attempt.run.ending) == (Word.ERROR, Ending.LIMIT)
    assert attempt.message.startswith("Stopped after 2 seconds")


def test_an_answer_that_never_returns_is_an_error_too(
    hand_in: HandIn, change_settings: Callable[..., None]
) -> None:
    change_settings(grade_seconds=3)
    attempt = hand_in("double", "def double(x: int) -> int:\n    while True: pass")
    assert attempt.verdict is Word.ERROR


def test_an_exercise_that_uses_another_finds_its_passed_answer(hand_in: HandIn) -> None:
    hand_in("double", "def double(x: int) -> int:\n    return x + x")
    attempt = hand_in("quadruple", "def quadruple(x: int) -> int:\n    return double(double(x))")
    assert attempt.verdict is Word.PASSED


def test_an_answer_it_builds_on_that_fails_is_named(
    hand_in: HandIn, session: Session, ada: User, lesson: Lesson
) -> None:
    hand_in("double", "def double(x: int) -> int:\n    return x + x")
    session.execute(update(Attempt).values(answer="def double(x): return x\ngone"))
    session.commit()
    attempt = hand_in("quadruple", "def quadruple(x: int) -> int:\n    return double(double(x))")
    assert attempt.verdict is Word.ERROR
    assert attempt.message.startswith("“Twice as much”, which this builds on, stopped in line 2 (NameError")


def test_scratch_cells_play_no_part_in_grading(hand_in: HandIn, session: Session, ada: User) -> None:
    attempt = hand_in("double", "def double(x: int) -> int:\n    return x + y  # `y` is from cell two")
    assert attempt.verdict in (Word.ERROR, Word.FAILED)


def test_a_form_is_judged_without_running_anything(hand_in: HandIn) -> None:
    assert hand_in("largest", {"largest": "three"}).verdict is Word.PASSED
    wrong = hand_in("largest", {"largest": "two"})
    assert wrong.verdict is Word.FAILED
    assert "middle" in wrong.message


def test_a_hand_in_can_be_cancelled_while_it_is_asked(
    session: Session, ada: User, lesson: Lesson, machines: None
) -> None:
    slow = "import time\ndef double(x: int) -> int:\n    time.sleep(20)\n    return 2 * x"
    attempt = attempts.hand_in(session, ada, "double", slow)
    run = attempt.run
    session.commit()
    worker = threading.Thread(target=tasks.run)
    worker.start()
    for _ in until(session, run, State.RUNNING):
        pass
    worker.join(1.5)  # by now it is being asked
    runs.cancel(session, run)
    session.commit()
    worker.join(10)
    assert not worker.is_alive()
    session.expire_all()
    attempt = attempts.visible(session, ada, attempt.id)
    assert (attempt.run.state, attempt.run.faults, attempt.verdict) == (State.CANCELLED, 0, None)
