"""A mentor's word on an attempt that nobody asked about."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed
from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Attempt, Cohort, Notice, Thread, User
from app.people import cohorts
from app.running import runs


@pytest.fixture
def attempt(session: Session, ada: User, lesson: Lesson) -> Attempt:
    made = attempts.hand_in(session, ada, "double", "def double(x):\n    return x * x\n")
    session.commit()
    return made


def test_its_learner_finds_it_at_the_exercise(
    session: Session, ada: User, mo: User, lesson: Lesson, attempt: Attempt
) -> None:
    threads.answer(session, mo, attempt, "Try it with 3.")
    session.commit()
    (thread,) = threads.of_lesson(session, ada, "counting")["double"]
    assert [(message.author.name, message.body) for message in thread.messages] == [("Mo", "Try it with 3.")]
    assert thread.chain == [{"cell": "double", "text": attempt.answer}]
    assert thread.answered
    assert [one.id for one in threads.of_attempt(session, attempt)] == [thread.id]


def test_a_second_word_joins_the_first_and_a_double_click_says_it_once(
    session: Session, mo: User, attempt: Attempt
) -> None:
    for body in ("Try it with 3.", "Try it with 3. ", "Or with 5."):
        threads.answer(session, mo, attempt, body)
        session.commit()
    (thread,) = threads.of_attempt(session, attempt)
    assert [message.body for message in thread.messages] == ["Try it with 3.", "Or with 5."]


def test_other_learners_have_no_word_in_it(session: Session, ben: User, attempt: Attempt) -> None:
    with pytest.raises(NotAllowed):
        threads.answer(session, ben, attempt, "I know!")


def test_who_accompanies_a_learner_no_longer_hears_no_more_of_them(
    session: Session, ada: User, mo: User, boss: User, cohort: Cohort, lesson: Lesson
) -> None:
    thread = threads.ask(session, ada, "counting", "double", "Why?")
    threads.reply(session, mo, thread, "Try again.", changes=True)
    cohorts.remove(session, boss, session.get_one(Cohort, cohort.id), mo.id)
    session.commit()
    threads.reply(session, ada, threads.visible(session, ada, thread.id), "And now?")
    session.get_one(Thread, thread.id).changes_at = now()
    attempts.hand_in(session, ada, "double", "double = 3")
    assert session.scalars(select(Notice).where(Notice.user_id == mo.id)).all() == []
    # her cohort has no mentor any more: whoever runs the site answers
    assert [one.id for one in threads.queue(session, boss)] == [thread.id]


def _ask_for_changes_and_hand_in_again(session: Session, ada: User, mo: User) -> Attempt:
    thread = threads.ask(session, ada, "counting", "double", "Why not?")
    session.commit()
    threads.reply(session, mo, threads.visible(session, mo, thread.id), "Try it with 3.", changes=True)
    again = attempts.hand_in(session, ada, "double", "def double(x):\n    return 2 * x\n")
    session.commit()
    return again


def test_what_was_handed_in_to_answer_a_mentor_is_answered_in_the_same_thread(
    session: Session, ada: User, mo: User, attempt: Attempt
) -> None:
    again = _ask_for_changes_and_hand_in_again(session, ada, mo)
    threads.answer(session, mo, again, "That is it.")
    session.commit()
    (thread,) = threads.of_lesson(session, ada, "counting")["double"]
    assert [message.body for message in thread.messages] == ["Why not?", "Try it with 3.", "", "That is it."]
    assert thread.answered
    assert [one.id for one in threads.answered_with(session, again)] == [thread.id]
    assert threads.answered_with(session, attempt) == []


def test_a_word_on_the_newest_attempt_answers_the_open_question_at_its_exercise(
    session: Session, ada: User, mo: User, attempt: Attempt
) -> None:
    runs.submit(session, ada, "counting", "double", {})  # the question goes with this run
    session.commit()
    asked = threads.ask(session, ada, "counting", "double", "Why not?")
    session.commit()
    assert asked.run_id != attempt.run_id
    assert threads.answer(session, mo, attempt, "Try it with 3.").id == asked.id
