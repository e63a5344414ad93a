"""A mentor asks for changes; handing in again answers that."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.learning import attempts
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Attempt, Notice, User


@pytest.fixture(autouse=True)
def many_runs(change_settings: Callable[..., None]) -> None:
    change_settings(runs_per_learner=9)


def _hand_in(session: Session, user: User, text: str) -> Attempt:
    made = attempts.hand_in(session, user, "double", text)
    session.commit()
    return made


def test_the_learner_sees_it_at_the_exercise_and_is_told(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    threads.answer(session, mo, _hand_in(session, ada, "double = 1"), "Name it.", changes=True)
    session.commit()
    (thread,) = threads.of_lesson(session, ada, "counting")["double"]
    assert thread.changes_at is not None
    assert thread.answered
    assert session.scalars(select(Notice.text).where(Notice.user_id == ada.id)).one() == (
        "Mo asks for a change to an answer to “Twice as much”."
    )


def test_handing_in_again_answers_it_and_puts_it_into_the_queue(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    threads.answer(session, mo, _hand_in(session, ada, "double = 1"), "Name it.", changes=True)
    session.commit()
    again = _hand_in(session, ada, "double = 2")
    (thread,) = threads.queue(session, mo)
    assert (thread.changes_at, thread.answered) == (None, False)
    assert (thread.messages[-1].attempt_id, thread.messages[-1].body) == (again.id, "")
    told = session.scalars(select(Notice.text).where(Notice.user_id == mo.id)).one()
    assert told == "Ada wrote again about an answer to “Twice as much”."
    _hand_in(session, ada, "double = 3")  # nobody has asked for this one
    assert len(threads.visible(session, mo, thread.id).messages) == 2


def test_another_exercise_or_another_learner_answers_nothing(
    session: Session, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    threads.answer(session, mo, _hand_in(session, ada, "double = 1"), "Name it.", changes=True)
    session.commit()
    _hand_in(session, ben, "double = 2")
    attempts.hand_in(session, ada, "largest", {"largest": "two"})
    session.commit()
    assert threads.queue(session, mo) == []


def test_a_learner_who_only_writes_back_still_owes_the_change(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    thread = threads.answer(session, mo, _hand_in(session, ada, "double = 1"), "Name it.", changes=True)
    session.commit()
    threads.reply(session, ada, threads.visible(session, ada, thread.id), "How?", changes=True)
    found = threads.visible(session, ada, thread.id)
    assert found.changes_at is not None
    assert not found.answered
