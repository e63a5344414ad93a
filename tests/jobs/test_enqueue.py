"""Jobs leave after the commit, and a Redis that is away stops nobody."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from celery import Celery
from redis import Redis
from sqlalchemy.orm import Session

from app import jobs, runs
from app.db import on_commit
from app.lessons import Lesson
from app.models import State, User

RUN = UUID(int=9)


def test_a_socket_is_written_as_celery_wants_it_and_other_addresses_as_they_are() -> None:
    assert jobs.broker_url("unix:///run/redis.sock") == "redis+socket:///run/redis.sock"
    assert jobs.broker_url("redis://localhost:6379/2") == "redis://localhost:6379/2"


def test_what_was_queued_in_a_savepoint_leaves_with_the_outermost_commit(
    session: Session, redis: Redis, ada: User
) -> None:
    session.add(User(name="Somebody"))
    session.flush()
    with session.begin_nested():
        jobs.enqueue(session, "run", run_id=RUN)
    assert jobs.waiting() == 0
    session.commit()
    assert jobs.waiting() == 1


def test_what_nobody_waits_for_is_done_last_and_not_after_a_rollback(session: Session, database: str) -> None:
    done: list[str] = []
    for name, last in (("counted", True), ("told", False)):
        on_commit(session, lambda name=name: done.append(name), last=last)  # type: ignore[misc]
    session.add(User(name="Somebody"))
    session.commit()
    assert done == ["told", "counted"]
    session.add(User(name="Somebody else"))
    session.flush()
    on_commit(session, lambda: done.append("never"), last=True)
    session.rollback()
    session.commit()
    assert done == ["told", "counted"]


@pytest.fixture
def redis_away(redis: Redis, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Celery's connection leads nowhere."""
    broker = f"redis+socket://{tmp_path}/nobody.sock"
    monkeypatch.setattr(jobs, "celery", Celery("away", broker=broker, set_as_current=False))


def test_without_redis_a_run_is_submitted_all_the_same_and_soon(
    session: Session, ada: User, lesson: Lesson, redis_away: None
) -> None:
    begun = time.monotonic()
    run = runs.submit(session, ada, "counting", "one", {})
    session.commit()
    session.expire_all()
    assert session.get_one(type(run), run.id).state is State.QUEUED
    assert time.monotonic() - begun < 10


def test_workers_that_live_are_counted(redis: Redis) -> None:
    assert jobs.workers_alive() == 0
    jobs.sign_of_life("one", 10)
    jobs.sign_of_life("two", 10)
    jobs.sign_of_life("one", 10)
    assert jobs.workers_alive() == 2
    jobs.sign_off("one")
    assert jobs.workers_alive() == 1
    assert jobs.workers() == {"two": {}}


def test_workers_are_known_by_what_they_last_said_of_themselves(redis: Redis) -> None:
    jobs.sign_of_life("one", 10, threads=2)
    jobs.sign_of_life("one", 10, threads=4, machine="box")
    redis.set(f"{jobs._SIGN_OF_LIFE}of-another-version", "alive")
    assert jobs.workers() == {"of-another-version": {}, "one": {"threads": 4, "machine": "box"}}


def test_a_job_of_a_newer_version_with_more_ids_is_understood(
    session: Session, run_jobs: Callable[[], list[str]]
) -> None:
    jobs.send("run", run_id=RUN, cohort_id=UUID(int=3))
    assert run_jobs() == ["run"]
