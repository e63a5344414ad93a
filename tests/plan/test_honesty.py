"""What a cohort says of AI, asked with each hand-in and kept with the attempt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import Unusable
from app.learning import attempts
from app.lessons import Lesson
from app.models import Attempt, Cohort, Declaration, Membership, Policy, Role, User
from app.teaching import honesty
from app.teaching.honesty import Words


@pytest.fixture
def here(session: Session, cohort: Cohort, lesson: Lesson) -> Cohort:
    return session.get_one(Cohort, cohort.id)


def hand_in(session: Session, learner: User, words: Words = Words(), exercise: str = "double") -> Attempt:
    text = f"def {exercise}(x): return {now().timestamp()}"
    return attempts.hand_in(session, learner, exercise, text, words=words)


def said(session: Session, attempt: Attempt) -> str | None:
    return honesty.of_attempts(session, [attempt.id]).get(attempt.id)


def test_free_asks_nothing(session: Session, here: Cohort, ada: User) -> None:
    assert said(session, hand_in(session, ada)) is None


def test_who_is_in_no_cohort_is_asked_nothing(session: Session, here: Cohort, zoe: User) -> None:
    here.ai_policy = Policy.OFF
    assert honesty.asks(session, zoe, "counting").policy is None
    hand_in(session, zoe)


def test_declare_takes_no_answer_without_a_word(session: Session, here: Cohort, ada: User) -> None:
    here.ai_policy = Policy.DECLARE
    with pytest.raises(Unusable, match="Say whether you used AI"):
        hand_in(session, ada)
    session.rollback()
    assert session.scalars(select(Attempt)).all() == []


@pytest.mark.parametrize(("word", "kept"), [("", ""), ("  the \n idea ", "the idea")])
def test_what_is_declared_stays_with_the_attempt(
    session: Session, here: Cohort, ada: User, word: str, kept: str
) -> None:
    here.ai_policy = Policy.DECLARE
    assert said(session, hand_in(session, ada, Words(word))) == kept


def test_it_is_remembered_for_the_exercise_and_for_no_other(
    session: Session, here: Cohort, ada: User
) -> None:
    here.ai_policy = Policy.DECLARE
    hand_in(session, ada, Words("the loop"))
    assert honesty.asks(session, ada, "counting").said == {"double": "the loop"}
    assert said(session, hand_in(session, ada)) == "the loop"
    with pytest.raises(Unusable):
        attempts.hand_in(session, ada, "largest", "{}")


def test_a_long_story_is_refused(session: Session, here: Cohort, ada: User) -> None:
    here.ai_policy = Policy.DECLARE
    with pytest.raises(Unusable, match="200 characters"):
        hand_in(session, ada, Words("x" * 201))


def test_off_asks_once_a_lesson(session: Session, here: Cohort, ada: User) -> None:
    here.ai_policy = Policy.OFF
    with pytest.raises(Unusable, match="without AI"):
        hand_in(session, ada)
    hand_in(session, ada, Words(promised=True))
    attempts.hand_in(session, ada, "largest", "{}")
    assert honesty.asks(session, ada, "counting").promised


def test_of_several_cohorts_the_strictest_holds_until_it_is_over(
    session: Session, here: Cohort, ada: User
) -> None:
    here.ai_policy = Policy.DECLARE
    other = Cohort(name="Evening", ai_policy=Policy.OFF)
    session.add(other)
    session.flush()
    session.add(Membership(cohort_id=other.id, user_id=ada.id, role=Role.LEARNER))
    session.flush()
    assert honesty.asks(session, ada, "counting").policy is Policy.OFF
    other.ends_on = now().date() - timedelta(1)
    assert honesty.asks(session, ada, "counting").policy is Policy.DECLARE


def test_a_form_that_says_yes_says_for_what() -> None:
    assert honesty.words_of({}) == Words()
    assert honesty.words_of({"ai": "no", "ai_for": "the idea"}) == Words("")
    assert honesty.words_of({"ai": "yes", "ai_for": " the idea "}) == Words("the idea")
    with pytest.raises(Unusable, match="for"):
        honesty.words_of({"ai": "yes", "ai_for": " "})


def test_an_account_takes_its_declarations_along(session: Session, here: Cohort, ada: User) -> None:
    here.ai_policy = Policy.DECLARE
    hand_in(session, ada, Words("the idea"))
    session.commit()
    session.delete(session.get_one(User, ada.id))
    session.commit()
    assert session.scalars(select(Declaration)).all() == []
