"""A mentor signs a milestone off, and can take that back."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.guard import NotAllowed, NotFound, Unusable, find_lesson
from app.learning import attempts, desk
from app.lessons import Lesson
from app.mentoring import reviews, signoffs, subjects
from app.mentoring.subjects import Subject
from app.models import Attempt, Deed, Notice, User, Verdict
from tests.routes.acting import finish


@pytest.fixture
def passed(session: Session, ada: User, lesson: Lesson) -> Attempt:
    """Ada has passed the milestone."""
    made = attempts.hand_in(session, ada, "largest", {"largest": "two"})
    session.commit()
    finish(made.run_id, attempts.Verdict(Verdict.PASSED, ""))
    session.expire_all()
    return made


def _about(session: Session, viewer: User, attempt: Attempt) -> Subject:
    return subjects.find(session, viewer, subjects.ATTEMPT, attempt.id)


def test_it_says_who_when_and_why_and_the_learner_is_told(
    session: Session, ada: User, mo: User, passed: Attempt
) -> None:
    signoffs.sign(session, mo, _about(session, mo, passed), " Well argued. ")
    session.commit()
    found = signoffs.by_cell(session, ada.id)["largest"]
    assert found.mentor is not None
    assert (found.mentor.name, found.note, found.subject_id) == ("Mo", "Well argued.", passed.id)
    told = session.scalars(select(Notice)).one()
    assert (told.user_id, told.text) == (ada.id, "Mo has signed off attempt 1 at “Which is largest?”.")
    assert session.scalars(select(Deed.kind)).all() == ["signed_off"]
    assert desk.place(session, ada, find_lesson("counting"), "largest").signed is found


def test_twice_is_once(session: Session, mo: User, boss: User, passed: Attempt) -> None:
    first = signoffs.sign(session, mo, _about(session, mo, passed))
    assert signoffs.sign(session, boss, _about(session, boss, passed)).id == first.id


def test_it_can_be_taken_back_and_given_again(
    session: Session, ada: User, mo: User, outsider: User, passed: Attempt
) -> None:
    made = signoffs.sign(session, mo, _about(session, mo, passed))
    session.commit()
    with pytest.raises(NotFound):
        signoffs.revoke(session, outsider, made.id)
    with pytest.raises(NotAllowed):
        signoffs.revoke(session, ada, made.id)
    signoffs.revoke(session, mo, made.id)
    session.commit()
    assert signoffs.by_cell(session, ada.id) == {}
    again = signoffs.sign(session, mo, _about(session, mo, passed))
    assert again.id != made.id
    kinds = session.scalars(select(Deed.kind).order_by(Deed.created_at)).all()
    assert kinds == ["signed_off", "sign_off_revoked", "signed_off"]


def test_only_what_passed_is_signed_off_be_it_by_a_ruling(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    made = attempts.hand_in(session, ada, "largest", {"largest": "one"})
    session.commit()
    finish(made.run_id, attempts.Verdict(Verdict.FAILED, "No."))
    session.expire_all()
    with pytest.raises(Unusable, match="has not passed"):
        signoffs.sign(session, mo, _about(session, mo, made))
    reviews.overrule(session, mo, attempts.visible(session, mo, made.id), "passed", "Both are right.")
    signoffs.sign(session, mo, _about(session, mo, made))
    assert set(signoffs.by_cell(session, ada.id)) == {"largest"}


def test_nobody_signs_off_their_own_work(session: Session, ada: User, passed: Attempt) -> None:
    with pytest.raises(NotAllowed):
        signoffs.sign(session, ada, _about(session, ada, passed))
