"""What is our fault is tried again, then said to be ours; it is never the learner's failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import jobs
from app import redis as redis_of_app
from app.config import settings
from app.db import now
from app.learning import attempts
from app.lessons import Lesson
from app.models import Ending, Run, State, User
from app.models import Verdict as Word
from app.running import leases, runs
from workers import tasks

Do = Callable[[], list[str]]


def sweep(session: Session) -> None:
    """What the sweeper does some seconds later."""
    long_ago = now() - timedelta(seconds=60)
    waiting = update(Run).where(Run.state == State.QUEUED)
    session.execute(waiting.values(lease_until=long_ago, ready_at=None))
    session.commit()
    leases.sweep(session, empty=jobs.QUEUES)
    session.commit()


@pytest.fixture(autouse=True)
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "START_SECONDS", 0.2)


def test_a_run_that_has_waited_very_long_for_a_runner_ends_as_our_fault(
    session: Session, ada: User, lesson: Lesson, run_jobs: Do
) -> None:
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    for _ in range(2):
        assert run_jobs() == ["run"]
        sweep(session)
    session.refresh(run)
    assert (run.state, run.tries, run.faults) == (State.QUEUED, 2, 0)
    run.queued_at -= 2 * tasks.LONGEST_ABSENCE
    session.commit()
    for _ in range(leases.MAX_FAULTS):
        run_jobs()
        sweep(session)
    session.refresh(run)
    assert (run.state, run.faults) == (State.FAILED, leases.MAX_FAULTS)
    assert "not your code's fault" in run.message


def test_without_an_examiner_no_verdict_is_given_and_the_next_try_can_succeed(
    session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do
) -> None:
    examiner = settings().examiner_socket
    away = examiner.rename(examiner.with_name("away.sock"))
    attempt = attempts.hand_in(session, ada, "double", "def double(x: int) -> int:\n    return x + x")
    session.commit()
    run_jobs()
    session.expire_all()
    (shown,) = attempts.of(session, ada, "double")
    assert (shown.verdict, shown.run.state, shown.run.faults) == (None, State.QUEUED, 0)
    away.rename(examiner)
    sweep(session)
    run_jobs()
    session.expire_all()
    assert attempts.of(session, ada, "double")[0].verdict is Word.PASSED
    assert attempt.number == 1


def test_a_runner_that_comes_back_in_time_costs_nothing(
    session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "START_SECONDS", 10.0)
    runner = settings().runner_socket
    away = runner.rename(runner.with_name("away.sock"))
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    threading.Timer(1, away.rename, [runner]).start()
    run_jobs()
    session.refresh(run)
    assert (run.state, run.faults) == (State.DONE, 0)


def test_an_examiner_that_comes_back_in_time_costs_nothing(
    session: Session, ada: User, lesson: Lesson, machines: None, run_jobs: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "START_SECONDS", 10.0)
    examiner = settings().examiner_socket
    away = examiner.rename(examiner.with_name("away.sock"))
    attempt = attempts.hand_in(session, ada, "largest", {"largest": "three"})
    session.commit()
    threading.Timer(1, away.rename, [examiner]).start()
    run_jobs()
    session.expire_all()
    (shown,) = attempts.of(session, ada, "largest")
    assert (shown.id, shown.verdict, shown.run.faults) == (attempt.id, Word.PASSED, 0)


def test_without_redis_a_run_is_still_recorded(
    session: Session,
    ada: User,
    lesson: Lesson,
    machines: None,
    change_settings: Callable[..., None],
    tmp_path: Path,
) -> None:
    run = runs.submit(session, ada, "counting", "two", {"two": "for i in range(100): print(i)"})
    session.commit()
    change_settings(redis_url=f"unix://{tmp_path}/nobody.sock")
    redis_of_app.client.cache_clear()
    begun = time.monotonic()
    tasks.run(run_id=str(run.id))
    assert time.monotonic() - begun < 10
    session.refresh(run)
    assert (run.state, run.ending) == (State.DONE, Ending.OK)


def test_a_database_that_is_busy_for_a_moment_is_asked_again(
    session: Session,
    ada: User,
    lesson: Lesson,
    machines: None,
    run_jobs: Do,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record, calls = leases.record, []

    def busy_once(*given: object) -> Run | None:
        calls.append(given)
        if len(calls) == 1:
            raise OperationalError("UPDATE runs", {}, Exception("database is locked"))
        return record(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(leases, "record", busy_once)
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    run_jobs()
    session.refresh(run)
    assert (run.state, run.faults, len(calls)) == (State.DONE, 0, 2)
