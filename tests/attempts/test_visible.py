"""An attempt is for its learner and for mentors."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app import attempts
from app.guard import NotAllowed, NotFound
from app.lessons import Lesson
from app.models import User


def test_its_learner_and_a_mentor_see_it_and_nobody_else(
    session: Session, ada: User, ben: User, mo: User, stranger: User, lesson: Lesson
) -> None:
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    for viewer in (ada, mo):
        seen = attempts.visible(session, viewer, attempt.id)
        assert (seen.user.name, seen.run.outputs) == ("Ada", [])
    for viewer in (ben, stranger):
        with pytest.raises(NotFound):
            attempts.visible(session, viewer, attempt.id)


def test_a_mentor_lists_all_of_a_learners_attempts(
    session: Session, ada: User, ben: User, mo: User, lesson: Lesson
) -> None:
    attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    assert list(attempts.of_learner(session, mo, ada.id)) == ["double"]
    with pytest.raises(NotAllowed):
        attempts.of_learner(session, ben, ada.id)
