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

from app import jobs
from app.db import on_commit
from app.lessons import Lesson
from app.models import State, User
from app.running import runs

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
    assert [worker.name for worker in jobs.workers()] == ["two"]


def test_a_sign_of_life_tells_of_the_machine_and_of_whatever_else_there_is(redis: Redis) -> None:
    jobs.sign_of_life("two", 10, room_mb=4000, queues=["gpu", "cpu"], models=["gpt2"], mood="good")
    jobs.sign_of_life("one", 10)
    first, second = jobs.workers()
    assert (first.name, first.room_mb, first.queues, first.models) == ("one", None, ("cpu",), frozenset())
    assert (second.room_mb, second.queues, second.models) == (4000, ("gpu", "cpu"), {"gpt2"})
    assert second.said["mood"] == "good"


def test_a_worker_whose_sign_is_old_or_of_another_version_harms_nobody(redis: Redis) -> None:
    jobs.sign_of_life("gone", 1)
    redis.delete("unembed:worker:gone")
    jobs.sign_of_life("old", 10)
    redis.set("unembed:worker:old", "alive")
    assert [(worker.name, worker.said) for worker in jobs.workers()] == [("old", {})]
    assert redis.smembers("unembed:workers") == {"old"}


def test_each_queue_has_its_messages_and_can_be_forgotten(redis: Redis) -> None:
    jobs.send("run", jobs.GPU, run_id=RUN)
    jobs.send("run", run_id=RUN)
    assert (jobs.waiting(), jobs.waiting(jobs.GPU), jobs.waiting(*jobs.QUEUES)) == (1, 1, 2)
    jobs.forget(jobs.GPU)
    assert jobs.waiting(*jobs.QUEUES) == 1


def test_who_takes_from_both_queues_looks_into_the_gpus_first() -> None:
    cycle = jobs.GpuFirst()
    cycle.update({"cpu", "gpu"})
    assert cycle.consume(2) == ["gpu", "cpu"]
    cycle.rotate("gpu")
    assert cycle.consume(2) == ["gpu", "cpu"]


def test_a_job_of_a_newer_version_with_more_ids_is_understood(
    session: Session, run_jobs: Callable[[], list[str]]
) -> None:
    jobs.send("run", run_id=RUN, cohort_id=UUID(int=3))
    assert run_jobs() == ["run"]
