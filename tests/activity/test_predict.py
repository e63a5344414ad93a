"""Guess first, then run."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.guard import Unusable
from app.learning import activity
from app.lessons import Lesson
from app.models import User


def test_the_first_guess_counts(session: Session, ada: User, ben: User, lesson: Lesson) -> None:
    activity.predict(session, ada, "counting", "two", "Two", 80)
    session.flush()
    activity.predict(session, ada, "counting", "two", "One", 50)
    activity.predict(session, ada, "counting", "one", " 2,5 ", 100)
    session.flush()
    assert activity.predictions(session, ada, "counting") == {
        "two": {"guess": "Two", "confidence": 80},
        "one": {"guess": 2.5, "confidence": 100},
    }
    assert activity.predictions(session, ben, "counting") == {}


@pytest.mark.parametrize(
    ("cell", "guess", "confidence"),
    [
        ("two", "Three", 80),
        ("two", "Two", 40),
        ("two", "Two", 101),
        ("one", "many", 80),
        ("one", "nan", 80),
        ("one", "inf", 80),
        ("double", "Two", 80),
    ],
)
def test_what_is_no_guess_is_refused(
    session: Session, ada: User, lesson: Lesson, cell: str, guess: str, confidence: int
) -> None:
    with pytest.raises(Unusable):
        activity.predict(session, ada, "counting", cell, guess, confidence)
