"""The worker as a process of its own: jobs over the real queue, and what happens when something is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from kombu.asynchronous import Hub
from redis import Redis
from sqlalchemy.orm import Session

from app import jobs
from app import redis as redis_of_app
from app.config import ROOT, settings
from app.lessons import Lesson
from app.models import Run, State, User
from app.operating.embedded import start_redis, stop_redis
from app.processes import spawn, stop
from app.running import leases, runs
from workers import vitals
from workers.pool import PromptPool
from workers.worker import STALLED_SWEEPS, Sweeper

Change = Callable[..., None]
StartWorker = Callable[[], subprocess.Popen[bytes]]


@pytest.fixture
def start_worker(
    session: Session, lesson: Lesson, machines: None, change_settings: Change, tmp_path: Path
) -> Iterator[StartWorker]:
    """Starts a worker and returns once it takes jobs."""
    change_settings(lease_seconds=3)
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        log = tmp_path / f"worker{len(started)}.log"
        with log.open("wb") as output:
            command = [sys.executable, "-m", "workers.worker"]
            worker = spawn(command, cwd=ROOT, env=os.environ, output=output, errors=output)
        started.append(worker)
        eventually(lambda: '{"ready": true}' in log.read_text() or worker.poll() is not None)
        assert worker.poll() is None, log.read_text()
        return worker

    yield start
    stop(started, 10)


def eventually(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_in(session: Session, run: Run, state: State) -> Callable[[], bool]:
    def look() -> bool:
        session.rollback()
        session.refresh(run)
        return run.state is state

    return look


def press(session: Session, user: User, text: str = "x = 1") -> Run:
    run = runs.submit(session, user, "counting", "one", {"one": text})
    session.commit()
    return run


def test_jobs_come_over_the_queue_and_the_worker_says_that_it_is_alive(
    session: Session, ada: User, start_worker: StartWorker, redis: Redis
) -> None:
    run = press(session, ada)
    assert jobs.waiting() == 1
    worker = start_worker()
    eventually(is_in(session, run, State.DONE))
    eventually(lambda: jobs.workers_alive() == 1)
    (said,) = (worker.said for worker in jobs.workers())
    assert (said["runner"], said["examiner"], said["ungradable"]) == (True, True, [])
    assert said["threads"] == settings().runs_at_once
    assert 0 < said["memory_available"] < said["memory"]
    assert said["pool_alive"] >= said["pool_spare"]
    worker.terminate()
    assert worker.wait(10) == 0
    assert jobs.workers_alive() == 0


def test_a_worker_with_a_gpu_takes_from_both_queues_and_gives_the_gpu_to_those_who_need_it(
    session: Session,
    ada: User,
    ben: User,
    start_worker: StartWorker,
    change_settings: Change,
    tmp_path: Path,
    redis: Redis,
) -> None:
    """The runner has none: the run that wants one finds it away, and is kept."""
    change_settings(device="cuda", worker_threads=2)
    wants, toy = press(session, ada), press(session, ben)
    wants.queue = jobs.GPU
    session.commit()
    leases.resend(wants)
    start_worker()
    eventually(is_in(session, toy, State.DONE))
    eventually(is_in(session, wants, State.RUNNING))
    eventually(lambda: bool(jobs.workers()))
    (alive,) = jobs.workers()
    assert alive.queues == ("gpu", "cpu")
    assert alive.said["device"] == "cuda"
    assert alive.room_mb
    assert "attn-only-2l" in alive.models


def test_a_run_survives_the_kill_of_its_worker(
    session: Session, ada: User, start_worker: StartWorker
) -> None:
    first = start_worker()
    run = press(session, ada, "import time; time.sleep(2)")
    eventually(is_in(session, run, State.RUNNING))
    os.killpg(first.pid, signal.SIGKILL)
    start_worker()
    eventually(is_in(session, run, State.DONE))
    assert (run.tries, run.faults) == (2, 1)


def test_a_worker_told_to_end_gives_its_run_back_at_once(
    session: Session, ada: User, start_worker: StartWorker
) -> None:
    worker = start_worker()
    run = press(session, ada, "import time; time.sleep(30)")
    eventually(is_in(session, run, State.RUNNING))
    worker.terminate()
    worker.wait(5)
    assert is_in(session, run, State.QUEUED)()
    assert run.faults == 0


def test_a_worker_goes_on_after_redis_was_killed_and_came_back(
    session: Session,
    ada: User,
    start_worker: StartWorker,
    change_settings: Change,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("r")
    server = start_redis(folder, folder)
    try:
        change_settings(redis_url=f"unix://{folder}/redis.sock")
        redis_of_app.client.cache_clear()
        start_worker()
        before = press(session, ada)
        eventually(is_in(session, before, State.DONE))
        server.kill()
        server.wait()
        during = press(session, ada, "x = 2")  # no message can leave
        server = start_redis(folder, folder)
        eventually(is_in(session, during, State.DONE))
        after = press(session, ada, "x = 3")
        eventually(is_in(session, after, State.DONE))
    finally:
        stop_redis(server)


def test_a_message_that_was_lost_is_replaced(
    session: Session, ada: User, start_worker: StartWorker, redis: Redis
) -> None:
    run = press(session, ada)
    redis.delete(jobs.CPU)
    start_worker()
    eventually(is_in(session, run, State.DONE))
    assert run.faults == 0


def test_a_thread_that_is_done_turns_the_loop_that_looks_for_messages() -> None:
    hub, pool = Hub(), PromptPool(1)
    pool.register_with_event_loop(hub)
    pool.apply_async(lambda *_: None)
    eventually(lambda: len(hub._ready) == 1)
    pool.on_stop()
    hub.close()


def test_a_worker_that_takes_nothing_though_messages_wait_ends_to_be_started_again(
    session: Session, redis: Redis, change_settings: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals: list[int] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: signals.append(number))
    sweeper = Sweeper("deaf")
    redis.rpush(jobs.CPU, "a message")
    for _ in range(STALLED_SWEEPS - 1):
        sweeper.sweep()
    assert not sweeper.stalled
    sweeper.sweep()
    assert sweeper.stalled
    assert signals == [signal.SIGTERM]


def test_a_worker_without_runner_and_examiner_says_so(change_settings: Change, tmp_path: Path) -> None:
    change_settings(runner_socket=tmp_path / "nobody.sock", examiner_socket=tmp_path / "nobody.sock")
    said = vitals.found()
    assert (said["runner"], said["examiner"], said["busy"]) == (False, False, 0)


def test_a_worker_never_imports_torch_and_the_site_never_the_workers() -> None:
    script = "import json, sys, {0}; print(json.dumps([name in sys.modules for name in {1!r}]))"

    def loaded(module: str, *names: str) -> list[bool]:
        command = [sys.executable, "-c", script.format(module, names)]
        found: list[bool] = json.loads(subprocess.check_output(command, cwd=ROOT))
        return found

    assert loaded("workers.worker", "torch", "transformer_lens", "fastapi", "celery") == [
        False,
        False,
        False,
        True,
    ]
    nouns = (
        "app.running.runs, app.running.leases, app.learning.attempts, app.learning.progress, "
        "app.people.accounts, app.mentoring.threads, app.operating.migrate"
    )
    assert loaded(nouns, "torch", "workers", "fastapi", "jinja2") == [False, False, False, False]
