"""Hints one at a time; the solution after an attempt, or after the stated minutes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed
from app.learning import activity, attempts, drafts, given
from app.learning.activity import Kind
from app.lessons import Lesson
from app.models import Activity, Attempt, User
from app.models import Verdict as Word


def test_hints_open_one_at_a_time_and_stay_open(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    assert attempts.open_hint(session, ada, "double") == ["Two of them."]
    assert attempts.open_hint(session, ada, "double") == ["Two of them.", "Add it to itself."]
    for _ in range(3):
        opened = attempts.open_hint(session, ada, "double")
    assert len(opened) == 3
    assert attempts.hints_opened(session, ada, "counting") == {"double": 3}
    assert attempts.hints_opened(session, ben, "counting") == {}


def test_the_solution_is_closed_at_first(session: Session, ada: User, lesson: Lesson) -> None:
    activity.log(session, ada, Kind.OPENED, "counting")
    assert not attempts.may_see_solution(session, ada, "double")
    with pytest.raises(NotAllowed) as refused:
        attempts.solution(session, ada, "double")
    assert "10 minutes" in refused.value.message


def test_it_opens_after_a_judged_attempt_but_not_for_an_untouched_starter(
    session: Session, ada: User, lesson: Lesson
) -> None:
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    for word, opens in ((None, False), (Word.NOT_ATTEMPTED, False), (Word.ERROR, True)):
        session.execute(update(Attempt).where(Attempt.id == attempt.id).values(verdict=word))
        assert attempts.may_see_solution(session, ada, "double") is opens
    assert "2 * x" in attempts.solution(session, ada, "double")


def test_it_opens_after_the_stated_minutes(session: Session, ada: User, lesson: Lesson) -> None:
    activity.log(session, ada, Kind.OPENED, "counting")
    session.flush()
    session.execute(update(Activity).values(created_at=now() - timedelta(minutes=11)))
    activity.log(session, ada, Kind.OPENED, "counting")
    session.flush()
    assert attempts.may_see_solution(session, ada, "double")


def test_a_solution_once_opened_stays_open(session: Session, ada: User, lesson: Lesson) -> None:
    activity.log(session, ada, Kind.SOLUTION, "counting", "double")
    session.flush()
    assert attempts.may_see_solution(session, ada, "double")
    assert list(given.looked_up(session, ada)) == ["double"]


def test_restoring_an_attempt_sets_aside_what_stood_there(
    session: Session, ada: User, lesson: Lesson
) -> None:
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return 'first'")
    drafts.save(session, ada, "counting", "double", "def double(x): return 'second'")
    attempts.restore(session, ada, attempt)
    session.flush()
    assert drafts.of(session, ada, "counting")["double"] == attempt.answer
    assert [text for _, text in drafts.earlier(session, ada, "counting", "double")] == [
        "def double(x): return 'second'"
    ]
