"""A milestone in two sentences: asked after the pass, which it never holds up."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.guard import NotAllowed, NotFound, Unusable
from app.learning import attempts, progress
from app.lessons import Lesson
from app.models import Attempt, Cohort, SignOff, User, Verdict
from app.teaching import explaining

WORDS = "The largest one wins. I compared all three."


@pytest.fixture
def passed(session: Session, mo: User, ada: User, lesson: Lesson) -> Attempt:
    attempt = attempts.hand_in(session, ada, "largest", "{}")
    session.execute(update(Attempt).values(verdict=Verdict.PASSED))
    return attempt


def test_nothing_is_asked_before_the_pass(
    session: Session, cohort: Cohort, ada: User, lesson: Lesson
) -> None:
    assert explaining.of(session, ada) == {}
    with pytest.raises(NotFound):
        explaining.explain(session, ada, "start", WORDS)


def test_the_pass_stands_without_it(session: Session, passed: Attempt, ada: User) -> None:
    milestone = explaining.of(session, ada)["start"]
    assert milestone.to_explain
    node = next(view for view in progress.path_view(session, ada) if view.node.id == "start")
    assert node.milestone_passed
    assert node.done


def test_it_is_kept_and_can_be_changed(session: Session, passed: Attempt, ada: User) -> None:
    explaining.explain(session, ada, "start", f"  {WORDS}\r\n")
    assert explaining.of(session, ada)["start"].text == WORDS
    explaining.explain(session, ada, "start", WORDS + " Twice.")
    assert explaining.of(session, ada)["start"].text == WORDS + " Twice."


@pytest.mark.parametrize("text", ["", "Because it is.", "x" * 601, " " * 30])
def test_it_has_20_to_600_characters(session: Session, passed: Attempt, ada: User, text: str) -> None:
    with pytest.raises(Unusable, match="20 to 600"):
        explaining.explain(session, ada, "start", text)


def test_it_stands_once_it_is_signed_off(session: Session, passed: Attempt, ada: User, mo: User) -> None:
    explaining.explain(session, ada, "start", WORDS)
    place = {"lesson": "counting", "cell": "largest"}
    signed = SignOff(user_id=ada.id, mentor_id=mo.id, kind="attempt", subject_id=passed.id, **place)
    session.add(signed)
    session.flush()
    with pytest.raises(NotAllowed, match="signed off"):
        explaining.explain(session, ada, "start", WORDS + " Twice.")
    signed.revoked_at = passed.created_at
    explaining.explain(session, ada, "start", WORDS + " Twice.")


def test_who_is_in_no_cohort_is_not_asked(session: Session, zoe: User, lesson: Lesson) -> None:
    attempts.hand_in(session, zoe, "largest", "{}")
    session.execute(update(Attempt).values(verdict=Verdict.PASSED))
    assert explaining.of(session, zoe) == {}
