"""What has been counted: once for each, by whoever ends a run, and not lost while Redis is away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import redis as redis_of_app
from app.db import now
from app.learning import attempts
from app.lessons import Lesson
from app.models import Ending, Run, User, Verdict
from app.running import leases, runs, tally


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "_waiting", tally._Waiting())


def pressed(session: Session, user: User, cell: str = "two") -> Run:
    run = runs.submit(session, user, "counting", cell, {cell: f"y = {now().timestamp()}"})
    session.commit()
    return run


def claimed(session: Session, user: User, cell: str = "two") -> Run:
    run = pressed(session, user, cell)
    held = leases.claim(session, run.id)
    assert held is not None
    session.commit()
    return held


def counted() -> dict[str, float]:
    """Without the histograms."""
    return {
        name: value
        for name, value in tally.read().items()
        if name.split("|")[0] in ("runs", "faults", "verdicts")
    }


def test_every_way_to_end_is_counted_once(session: Session, ada: User, lesson: Lesson) -> None:
    runs.cancel(session, pressed(session, ada))
    session.commit()
    for ending in Ending:
        held = claimed(session, ada)
        leases.record(session, held.id, held.nonce, leases.Result(ending, cell_seconds={"two": 0.2}))
        leases.record(session, held.id, held.nonce, leases.Result(ending))  # not ours any more
        session.commit()
    held = claimed(session, ada)
    leases.record(session, held.id, held.nonce, leases.Result(cancelled=True))
    session.commit()
    assert counted() == {f"runs|run|{ending.value}": 1 for ending in Ending} | {"runs|run|cancelled": 2}


def test_what_is_rolled_back_is_not_counted(session: Session, ada: User, lesson: Lesson) -> None:
    held = claimed(session, ada)
    leases.record(session, held.id, held.nonce, leases.Result())
    session.rollback()
    assert counted() == {}


def test_faults_are_counted_each_and_the_last_ends_the_run(
    session: Session, ada: User, lesson: Lesson, redis: Redis
) -> None:
    run = pressed(session, ada)
    for _ in range(leases.MAX_FAULTS):
        held = leases.claim(session, run.id)
        assert held is not None
        leases.give_back(session, held.id, held.nonce, fault=True)
        session.commit()
    assert counted() == {"faults": leases.MAX_FAULTS, "runs|run|fault": 1}


def test_what_the_sweeper_takes_back_or_ends_is_counted_too(
    session: Session, ada: User, lesson: Lesson
) -> None:
    claimed(session, ada, "one")
    cancelled = claimed(session, ada, "two")
    runs.cancel(session, cancelled)
    session.execute(update(Run).values(lease_until=now() - timedelta(seconds=1)))
    session.commit()
    leases.sweep(session, empty=())
    session.commit()
    assert counted() == {"faults": 1, "runs|run|cancelled": 1}


def test_a_verdict_is_counted_by_its_word(session: Session, ada: User, lesson: Lesson) -> None:
    attempt = attempts.hand_in(session, ada, "double", "def double(x): return x * x")
    session.commit()
    held = leases.claim(session, attempt.run_id)
    assert held is not None
    leases.record(session, held.id, held.nonce, leases.Result())
    attempts.record_verdict(session, held, attempts.Verdict(Verdict.FAILED, "No."))
    session.commit()
    assert counted() == {"runs|grade|ok": 1, "verdicts|failed": 1}


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0.0, "0.05"), (0.05, "0.05"), (0.051, "0.1"), (301, "+Inf")]
)
def test_a_duration_falls_into_its_bucket(redis: Redis, seconds: float, bucket: str) -> None:
    tally.add(wait_run=seconds)
    found = tally.read()
    assert found.pop("wait|run|sum") == pytest.approx(seconds, abs=1e-5)
    assert found == {f"wait|run|{bucket}": 1}


def test_while_redis_is_away_it_waits_and_is_counted_later(
    redis: Redis, change_settings: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = redis.connection_pool.connection_kwargs["path"]
    change_settings(redis_url=f"unix://{tmp_path}/nobody.sock")
    redis_of_app.client.cache_clear()
    tally.add("faults", "runs|run|ok", wait_run=1.0)
    tally.add("faults")
    change_settings(redis_url=f"unix://{there}")
    redis_of_app.client.cache_clear()
    assert tally.read() == {}
    tally.add("faults")  # soon after, nobody tries again
    assert tally.read() == {}
    monkeypatch.setattr(tally._waiting, "_quiet_until", 0.0)
    tally.add("faults")
    assert counted() == {"faults": 4, "runs|run|ok": 1}
    assert tally.read()["wait|run|1.0"] == 1
