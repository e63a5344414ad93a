"""What a mentor reads before a 1:1: what is new since their last visit, and nothing that is private."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.db import now, transaction
from app.learning import activity, attempts, drafts, shares
from app.learning.activity import Kind
from app.learning.attempts import Verdict
from app.lessons import Lesson
from app.mentoring import brief, meetings, threads
from app.models import Activity, Attempt, Cohort, Thread, User
from app.models import Verdict as Word
from tests.routes.acting import failed_verdict, finish

FAILED = failed_verdict()
PASSED = Verdict(Word.PASSED, "Right.")


def _hand_in(user: User, verdict: Verdict, exercise: str = "double") -> None:
    with transaction() as session:
        text = f"def {exercise}(x):\n    return {now().timestamp()}\n"
        run = attempts.hand_in(session, user, exercise, text).run_id
    finish(run, verdict)


@pytest.fixture
def visited(session: Session, ada: User, mo: User, cohort: Cohort, lesson: Lesson) -> None:
    meetings.see(session, mo, ada)
    session.commit()


def test_nothing_has_happened(session: Session, visited: None, ada: User, mo: User) -> None:
    found = brief.of(session, mo, ada)
    assert found.quiet
    assert found.goals == found.notes == []
    assert found.check_in is None
    assert found.last_active is None


def test_three_failures_make_one_stuck_and_the_reason_is_named(
    session: Session, visited: None, ada: User, mo: User
) -> None:
    for _ in range(2):
        _hand_in(ada, FAILED)
    assert brief.of(session, mo, ada).stuck == []
    _hand_in(ada, FAILED)
    (stuck,) = brief.of(session, mo, ada).stuck
    assert stuck.exercise == "double"
    assert stuck.reason == "3 attempts, none passed; 3 times it looked like “square”"
    session.rollback()
    _hand_in(ada, PASSED)
    found = brief.of(session, mo, ada)
    assert found.stuck == []
    assert [(one.exercise, one.attempts) for one in found.passed] == [("double", 4)]


def test_what_was_passed_before_the_last_visit_is_not_new(
    session: Session, ada: User, mo: User, cohort: Cohort, lesson: Lesson
) -> None:
    _hand_in(ada, PASSED)
    assert len(brief.of(session, mo, ada).passed) == 1
    meetings.see(session, mo, ada)
    session.commit()
    _hand_in(ada, PASSED)  # passed again: no news
    session.expire_all()
    assert brief.of(session, mo, ada).passed == []
    meetings.unsee(session, mo, ada)
    assert len(brief.of(session, mo, ada).passed) == 1


def test_a_question_that_waits_and_the_places_asked_about(
    session: Session, visited: None, ada: User, mo: User
) -> None:
    threads.ask(session, ada, "counting", "two", "Why two?")
    threads.ask(session, ada, "counting", "two", "And why again?")
    session.flush()
    found = brief.of(session, mo, ada)
    assert [one.cell for one in found.asked] == ["two", "two"]
    assert not found.told
    assert [one.reason for one in found.stuck] == ["asks, and waits for an answer"]
    assert len(found.threads) == 2
    for thread in session.query(Thread):
        threads.reply(session, mo, thread, "Because.")
    found = brief.of(session, mo, ada)
    assert found.stuck == []
    assert [one.answered for one in found.threads] == [True, True]


def test_shared_figures_and_the_help_that_was_used(
    session: Session, visited: None, ada: User, mo: User, lesson: Lesson
) -> None:
    from app.running import runs

    run = runs.submit(session, ada, "counting", "two", {}).id
    session.commit()
    finish(run)
    shared = shares.share(session, ada, run, "")
    attempts.open_hint(session, ada, "double")
    attempts.open_hint(session, ada, "double")
    activity.log(session, ada, Kind.SOLUTION, "counting", "quadruple")
    session.flush()
    found = brief.of(session, mo, ada)
    assert found.figures == [shared]
    assert [(one.exercise, one.hints, one.solution) for one in found.help] == [
        ("double", 2, False),
        ("quadruple", 0, True),
    ]


def test_last_weeks_goals_against_what_was_done(
    session: Session, ada: User, mo: User, lesson: Lesson
) -> None:
    old = meetings.set_goal(session, ada, ada, "Long done")
    meetings.mark_goal(session, old, done=True)
    old.done_at = now() - timedelta(days=8)
    meetings.see(session, mo, ada)
    done, left = (meetings.set_goal(session, mo, ada, text) for text in ("Step 1", "Step 2"))
    meetings.mark_goal(session, done, done=True)
    assert brief.of(session, mo, ada).goals == [left, done]


def test_time_is_told_since_the_visit_and_in_all(
    session: Session, visited: None, ada: User, mo: User
) -> None:
    for minute in (-120, -119, 1, 2, 3):
        moment = now() + timedelta(minutes=minute)
        session.add(Activity(user_id=ada.id, kind=Kind.RAN, lesson="counting", cell="two", created_at=moment))
    session.flush()
    found = brief.of(session, mo, ada)
    assert (found.spent.minutes, found.spent_in_all.minutes) == (2, 5)


def test_what_is_private_is_not_in_it(session: Session, visited: None, ada: User, mo: User) -> None:
    from app.running import runs

    runs.submit(session, ada, "counting", "two", {"two": "y = 'a scratch'"})
    drafts.save(session, ada, "counting", "one", "x = 'a secret'")
    session.flush()
    assert brief.of(session, mo, ada).quiet
    assert "secret" not in repr(brief.of(session, mo, ada))


def test_a_ruling_of_a_mentor_counts(session: Session, visited: None, ada: User, mo: User) -> None:
    for _ in range(3):
        _hand_in(ada, FAILED)
    session.execute(update(Attempt).where(Attempt.number == 3).values(ruling=Word.PASSED))
    found = brief.of(session, mo, ada)
    assert found.stuck == []
    assert [one.exercise for one in found.passed] == ["double"]
