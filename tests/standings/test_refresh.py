"""A standing says what its learner's attempts say, whatever becomes of them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.learning import attempts, standings
from app.lessons import Lesson
from app.models import Standing, User, Verdict
from app.people import accounts
from tests.standings.acting import SQUARE, judged

PASSED, FAILED, ERROR = (Verdict.PASSED, None), (Verdict.FAILED, SQUARE), (Verdict.ERROR, None)


def of(session: Session, user: User) -> Standing | None:
    mine = select(Standing).where(Standing.user_id == user.id, Standing.exercise == "double")
    return session.scalar(mine.execution_options(populate_existing=True))


def test_failures_in_the_same_way_are_counted_from_the_newest_back(
    session: Session, ada: User, lesson: Lesson
) -> None:
    judged(session, ada, "double", FAILED, ERROR, FAILED, FAILED)
    found = of(session, ada)
    assert found is not None
    assert (found.attempts, found.streak, found.trouble) == (4, 2, SQUARE)
    assert (found.passed_at, found.to_pass, found.lesson) == (None, None, "counting")


def test_without_a_named_mistake_the_verdict_is_the_way(session: Session, ada: User, lesson: Lesson) -> None:
    judged(session, ada, "double", ERROR, ERROR, ERROR)
    found = of(session, ada)
    assert found is not None
    assert (found.streak, found.trouble) == (3, "error")


def test_what_was_passed_once_stays_passed(session: Session, ada: User, lesson: Lesson) -> None:
    judged(session, ada, "double", FAILED, PASSED, FAILED, FAILED)
    found = of(session, ada)
    assert found is not None
    assert (found.attempts, found.to_pass, found.streak, found.trouble) == (4, 2, 0, "")
    assert found.passed_at is not None
    assert found.passed_at < found.newest_at


def test_the_starter_handed_in_is_no_attempt(session: Session, ada: User, lesson: Lesson) -> None:
    judged(session, ada, "double", (Verdict.NOT_ATTEMPTED, None))
    assert of(session, ada) is None


def test_a_verdict_that_is_taken_back_takes_the_standing_along(
    session: Session, ada: User, lesson: Lesson
) -> None:
    attempt = judged(session, ada, "double", FAILED)
    attempt.verdict = None
    standings.refresh(session, ada.id, "double")
    session.commit()
    assert of(session, ada) is None


def test_a_ruling_holds_instead_of_the_verdict(session: Session, ada: User, lesson: Lesson) -> None:
    attempt = judged(session, ada, "double", FAILED, FAILED)
    attempt.ruling = Verdict.PASSED
    standings.refresh(session, ada.id, "double")
    found = of(session, ada)
    assert found is not None
    assert (found.to_pass, found.streak) == (2, 0)


def test_a_guests_standings_are_the_accounts_once_the_work_is(
    session: Session, ada: User, stranger: User, lesson: Lesson
) -> None:
    accounts.set_password(session, ada, "long enough")
    session.merge(ada)
    judged(session, ada, "double", FAILED)
    judged(session, stranger, "double", FAILED, PASSED)
    accounts.sign_in(session, "ada@example.org", "long enough", stranger)
    session.commit()
    found = of(session, ada)
    assert found is not None
    assert (found.attempts, found.to_pass) == (3, 3)
    assert len(attempts.of(session, ada, "double")) == 3
    assert session.scalar(select(Standing).where(Standing.user_id == stranger.id)) is None
