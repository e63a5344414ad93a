"""The week's most frequent mistake: of nobody in particular."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from app.db import first_id, now, uuid7
from app.lessons import Lesson
from app.mentoring import mistakes
from app.models import Attempt, Cohort, Membership, Role, Run, RunKind, State, User, Verdict

CODE = '''
import os
# Ada Lovelace, 3rd row
SECRET = "ada"
def double(x):
    """By Ada."""
    adas_answer = x * x  # I am Ada
    print(f"Ada says {adas_answer}", "Ada")
    return adas_answer
'''


def _failed(session: Session, user: User, mistake: str, text: str = CODE, days: int = 0) -> None:
    at_work = {"user_id": user.id, "lesson": "counting"}
    run = Run(
        **at_work,
        kind=RunKind.GRADE,
        cell="double",
        chain=[],
        chain_hash="",
        fingerprint="",
        seed=0,
        state=State.DONE,
        queued_at=now(),
    )
    session.add(run)
    session.flush()
    attempt = Attempt(
        **at_work,
        id=first_id(now() - timedelta(days=days)) if days else uuid7(),
        exercise="double",
        exercise_version="",
        number=session.query(Attempt).count() + 1,
        answer=text,
        run_id=run.id,
        verdict=Verdict.FAILED,
        details={"mistake": mistake},
    )
    session.add(attempt)
    session.flush()


@pytest.fixture
def class_of(session: Session, cohort: Cohort) -> list[User]:
    people = [User(name=f"Learner {n}", email=f"l{n}@example.org") for n in range(4)]
    session.add_all(people)
    session.flush()
    session.add_all(Membership(cohort_id=cohort.id, user_id=one.id, role=Role.LEARNER) for one in people)
    session.commit()
    return people


def test_it_is_shown_from_three_learners_on_however_often_two_make_it(
    session: Session, class_of: list[User], cohort: Cohort, lesson: Lesson
) -> None:
    mistake = lesson.exercises()[0].mistakes[0].name
    for user in (*class_of[:2], *class_of[:2]):
        _failed(session, user, mistake)
    assert mistakes.of_week(session, cohort) is None
    _failed(session, class_of[2], mistake, days=8)  # not of this week
    assert mistakes.of_week(session, cohort) is None
    _failed(session, class_of[2], mistake)
    example = mistakes.of_week(session, cohort)
    assert example is not None
    assert (example.exercise.id, example.name, example.learners) == ("double", mistake, 3)


def test_the_code_is_nobodys(session: Session, class_of: list[User], cohort: Cohort, lesson: Lesson) -> None:
    for user in class_of:
        _failed(session, user, lesson.exercises()[0].mistakes[0].name)
    example = mistakes.of_week(session, cohort)
    assert example is not None
    assert example.code == "def double(x):\n    v1 = x * x\n    print('…', '…')\n    return v1"


def test_who_is_in_no_cohort_of_it_does_not_count(
    session: Session, class_of: list[User], zoe: User, cohort: Cohort, lesson: Lesson
) -> None:
    mistake = lesson.exercises()[0].mistakes[0].name
    for user in (*class_of[:2], zoe):
        _failed(session, user, mistake)
    assert mistakes.of_week(session, cohort) is None


def test_what_cannot_be_read_is_not_shown_but_the_mistake_is_named(
    session: Session, class_of: list[User], cohort: Cohort, lesson: Lesson
) -> None:
    for user in class_of:
        _failed(session, user, lesson.exercises()[0].mistakes[0].name, "def double(x: # Ada")
    example = mistakes.of_week(session, cohort)
    assert example is not None
    assert example.code == ""


def test_a_mistake_that_the_course_does_not_know_is_nothing_to_discuss(
    session: Session, class_of: list[User], cohort: Cohort, lesson: Lesson
) -> None:
    for user in class_of:
        _failed(session, user, "mistake_gone__double")
    assert mistakes.of_week(session, cohort) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("def double(x, *, ada=2):\n    return ada * x", "def double(x, *, v1=2):\n    return v1 * x"),
        (
            "def double(x):\n    def ada(y):\n        'Ada'\n        return y\n    return ada(x)",
            "def double(x):\n\n    def v1(v2):\n        return v2\n    return v1(x)",
        ),
        ("def double(x):\n    'only Ada'", "def double(x):\n    pass"),
        ("ada = 1", ""),
        ("", ""),
        ("def double(x):\n    return [ada for ada in x]", "def double(x):\n    return [v1 for v1 in x]"),
        ("class Ada: pass\ndef double(x):\n    return x", "def double(x):\n    return x"),
        ("def double(x):\n    return call(ada=x, b'Ada')", ""),
        ("def double(x):\n    return b'Ada'", "def double(x):\n    return '…'"),
    ],
)
def test_names_strings_and_comments_are_gone(text: str, shown: str, lesson: Lesson) -> None:
    assert mistakes.nameless(text, lesson.exercises()[0]) == shown
