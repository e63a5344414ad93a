"""The worker: `python -m workers.worker` takes jobs from the queue until it is told to end (SIGTERM).

Beside the jobs it sweeps: every few seconds it says that it lives, and takes back what no living worker has.
"""

from __future__ import annotations

import logging
import os
import secrets
import signal
import sys
import threading
import time
import warnings
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import setup_logging, worker_ready, worker_shutting_down
from celery.worker import state
from redis import RedisError
from sqlalchemy.orm import Session

from app import jobs, logs, machine
from app.config import settings
from app.db import transaction
from app.learning import worktime
from app.people import accounts
from app.post import letters, mail, mailing
from app.running import leases, placement, room, runs
from app.teaching import assessments, editions
from workers import heartbeat, post, tasks, vitals  # noqa: F401  (post: its job is known by that)
from workers.installs import Installer
from workers.pool import PromptPool
from workers.regrader import Regrader

log = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
STALLED_SWEEPS = 3  # sweeps in which nothing is taken though something waits
GPU_GRACE_SECONDS = 30.0  # without a worker with a GPU, until what waits for one goes elsewhere
_HOUSEKEEPING_SECONDS = 3600.0
_COUNTING_SECONDS = 60.0  # how old the sums of learners' time may be


class Sweeper(threading.Thread):
    """Repairs, as long as this worker lives. Several workers may sweep at once."""

    def __init__(self, name: str) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._worker, self._over = name, threading.Event()
        self._tidied_at = self._counted_at = 0.0
        self._taken, self._still = 0, 0
        self._gpu_seen_at = time.monotonic()
        self.stalled = False

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self.sweep()
            except Exception:  # a database that is away for a moment must not end the repairs
                log.exception("this sweep failed; the next comes in %s seconds", SWEEP_SECONDS)
            self._over.wait(SWEEP_SECONDS)

    def sweep(self) -> None:
        """Once."""
        waiting, others = self._say_alive()
        self._look_for_stall(sum(waiting.get(queue, 0) for queue in settings().queues))
        with transaction() as session:
            moved = self._place_anew(session, others)
            editions.pin_due(session)
            touched = leases.sweep(session, empty=[queue for queue, count in waiting.items() if not count])
            if mail.ready():
                mailing.sweep(session)
                letters.sweep(session)
            if time.monotonic() - self._tidied_at > _HOUSEKEEPING_SECONDS:
                accounts.forget_expired(session)
                runs.forget_old_outputs(session)
                editions.forget(session)
                self._tidied_at = time.monotonic()
        with transaction() as session:
            assessments.sweep(session)
        self._count_time()
        if touched:
            log.warning("%d runs had no living worker or no message", touched)
        if moved:
            log.warning("%d runs wait in another queue now, as a GPU came or went", moved)

    def _count_time(self) -> None:
        """Each learner in a transaction of their own: nobody who writes shall wait for all of them."""
        if time.monotonic() - self._counted_at < _COUNTING_SECONDS:
            return
        with transaction() as session:
            behind = worktime.behind(session)
        for learner in behind:
            with transaction() as session:
                worktime.count(session, learner)
        self._counted_at = time.monotonic()

    def _say_alive(self) -> tuple[dict[str, int], list[jobs.Worker]]:
        """How many messages wait in each queue, and who lives; nothing if Redis is gone: nobody can know."""
        try:
            about = vitals.found() | about_this_machine()
            jobs.sign_of_life(self._worker, int(3 * SWEEP_SECONDS), **about)
            return {queue: jobs.waiting(queue) for queue in jobs.QUEUES}, jobs.workers()
        except RedisError as error:
            log.warning("Redis is gone: %s", error)
            return {}, []

    def _place_anew(self, session: Session, workers: list[jobs.Worker]) -> int:
        """A worker with a GPU that is only started again is waited for; without one all go elsewhere."""
        if not workers or any(jobs.GPU in worker.queues for worker in workers):
            self._gpu_seen_at = time.monotonic()
        elif time.monotonic() - self._gpu_seen_at < GPU_GRACE_SECONDS:
            return 0
        return placement.replace(session, workers)

    def _look_for_stall(self, waiting: int) -> None:
        """End if messages wait, threads are free, and none is taken: after Redis was away, a consumer may be
        deaf.

        Whoever started this worker starts another.
        """
        taken = sum(state.total_count.values())
        free = len(state.reserved_requests) < settings().runs_at_once
        self._still = self._still + 1 if waiting and free and taken == self._taken else 0
        self._taken = taken
        if self._still >= STALLED_SWEEPS:
            log.error("messages wait and are not taken; this worker ends, to be started again")
            self.stalled = True
            os.kill(os.getpid(), signal.SIGTERM)

    def end(self) -> None:
        self._over.set()
        try:
            jobs.sign_off(self._worker)
        except RedisError:
            log.info("nobody hears that this worker ends")


def about_this_machine() -> dict[str, Any]:
    """What those who place runs have to know of it."""
    return {
        "machine": machine.name(),
        "device": settings().device,
        "queues": settings().queues,
        "room_mb": tasks.ROOM.total_mb,
        "free_mb": tasks.ROOM.free_mb,
        "models": [one.name for one in room.loaded()],
    }


def main() -> int:
    """Work until SIGTERM; after a second one, what runs is not waited for.

    Prints one line of JSON once jobs are taken. Returns 1 if it ended by itself.
    """
    logs.set_up("worker")
    warnings.filterwarnings("ignore", category=SecurityWarning)  # learners' code runs elsewhere, not here
    name = f"{machine.name()}-{secrets.token_hex(3)}"  # in containers, process ids are not unlike
    sweeper, installer, regrader = Sweeper(name), Installer(), Regrader()
    asked = threading.Event()

    def ready(**_: object) -> None:
        sweeper.start()
        installer.start()
        regrader.start()
        logs.ready(log)

    def shutting_down(**_: object) -> None:
        hurry = asked.is_set()
        asked.set()
        _stop_runs_after(0 if hurry else settings().drain_seconds)

    setup_logging.connect(_leave_logs_alone, weak=False)
    worker_ready.connect(ready, weak=False)
    worker_shutting_down.connect(shutting_down, weak=False)
    try:
        _celery_worker(name).start()
    finally:
        _stop_runs()  # also where Celery ended for reasons of its own: no run should wait for its lease
        sweeper.end()
        installer.end()
        regrader.end()
    return 0 if asked.is_set() and not sweeper.stalled else 1


def _leave_logs_alone(**_: object) -> None:
    """Whoever listens to this signal sees to the logs; else Celery would, in its own way."""


def _stop_runs_after(seconds: float) -> None:
    """Celery takes no more, and waits for those that run."""
    timer = threading.Timer(seconds, _stop_runs)
    timer.daemon = True
    timer.start()


def _stop_runs() -> None:
    """Every run of this process goes back to the queue."""
    tasks.SHUTDOWN.set()
    heartbeat.nudge_all()


def _celery_worker(name: str) -> Any:
    return jobs.celery.Worker(
        hostname=name,
        pool_cls=PromptPool,
        concurrency=settings().runs_at_once,
        queues=list(settings().queues),
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,  # workers need not know each other: the rows say who does what
        without_mingle=True,
        without_heartbeat=True,
    )


if __name__ == "__main__":
    sys.exit(main())
