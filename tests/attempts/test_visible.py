"""An attempt is for its learner and their mentors."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.guard import NotFound
from app.learning import attempts
from app.lessons import Lesson
from app.models import User


def test_its_learner_and_their_mentor_see_it_and_nobody_else(
    session: Session, ada: User, ben: User, mo: User, outsider: User, stranger: User, lesson: Lesson
) -> None:
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    for viewer in (ada, mo):
        seen = attempts.visible(session, viewer, attempt.id)
        assert (seen.user.name, seen.run.outputs) == ("Ada", [])
    for viewer in (ben, outsider, stranger):
        with pytest.raises(NotFound):
            attempts.visible(session, viewer, attempt.id)


def test_a_learners_attempts_are_listed_in_parts_the_newest_first(
    session: Session, ada: User, ben: User, lesson: Lesson
) -> None:
    first = attempts.hand_in(session, ada, "double", "def double(x): return x")
    session.commit()
    second = attempts.hand_in(session, ada, "double", "def double(x): return x + x")
    session.commit()
    assert attempts.part(session, ada, "", None, 5) == [second, first]
    assert attempts.part(session, ada, "double", None, 1) == [second]
    assert attempts.part(session, ada, "", second.id, 5) == [first]
    assert attempts.part(session, ada, "quadruple", None, 5) == []
    assert attempts.part(session, ben, "", None, 5) == []
