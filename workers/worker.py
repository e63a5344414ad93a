"""The worker: `python -m workers.worker` takes jobs from the queue until it is told to end (SIGTERM).

Beside the jobs it sweeps: every few seconds it says that it lives, and takes back what no living worker has.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import time
import warnings
from typing import Any

from celery.platforms import SecurityWarning
from celery.signals import worker_ready, worker_shutting_down
from celery.worker import state
from redis import RedisError

from app import accounts, jobs, leases, machine, runs
from app.config import settings
from app.db import transaction
from workers import heartbeat, tasks
from workers.installs import Installer
from workers.pool import PromptPool

log = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
STALLED_SWEEPS = 3  # sweeps in which nothing is taken though something waits
_HOUSEKEEPING_SECONDS = 3600.0


class Sweeper(threading.Thread):
    """Repairs, as long as this worker lives. Several workers may sweep at once."""

    def __init__(self, name: str) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._worker, self._over = name, threading.Event()
        self._tidied_at = 0.0
        self._taken, self._still = 0, 0
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
        waiting = self._say_alive()
        self._look_for_stall(waiting or 0)
        with transaction() as session:
            touched = leases.sweep(session, queue_empty=waiting == 0)
            if time.monotonic() - self._tidied_at > _HOUSEKEEPING_SECONDS:
                accounts.forget_expired(session)
                runs.forget_old_outputs(session)
                self._tidied_at = time.monotonic()
        if touched:
            log.warning("%d runs had no living worker or no message", touched)

    def _say_alive(self) -> int | None:
        """Returns how many messages wait; None if nobody can know, for Redis is gone."""
        try:
            jobs.sign_of_life(self._worker, int(3 * SWEEP_SECONDS))
            return jobs.waiting()
        except RedisError as error:
            log.warning("Redis is gone: %s", error)
            return None

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


def main() -> int:
    """Work until SIGTERM. Prints one line of JSON once jobs are taken. Returns 1 if it ended by itself."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    warnings.filterwarnings("ignore", category=SecurityWarning)  # learners' code runs elsewhere, not here
    name = f"{machine.name()}-{os.getpid()}"
    sweeper, installer = Sweeper(name), Installer()
    asked = threading.Event()

    def ready(**_: object) -> None:
        sweeper.start()
        installer.start()
        print(json.dumps({"ready": True}), flush=True)

    def shutting_down(**_: object) -> None:
        asked.set()
        _stop_runs()

    worker_ready.connect(ready, weak=False)
    worker_shutting_down.connect(shutting_down, weak=False)
    try:
        _celery_worker(name).start()
    finally:
        _stop_runs()  # also where Celery ended for reasons of its own: no run should wait for its lease
        sweeper.end()
        installer.end()
    return 0 if asked.is_set() and not sweeper.stalled else 1


def _stop_runs() -> None:
    """Every run of this process goes back to the queue."""
    tasks.SHUTDOWN.set()
    heartbeat.nudge_all()


def _celery_worker(name: str) -> Any:
    return jobs.celery.Worker(
        hostname=name,
        pool_cls=PromptPool,
        concurrency=settings().runs_at_once,
        loglevel="WARNING",
        quiet=True,
        without_gossip=True,  # workers need not know each other: the rows say who does what
        without_mingle=True,
        without_heartbeat=True,
    )


if __name__ == "__main__":
    sys.exit(main())
