"""The worker: `python -m workers.worker` takes jobs from the queue until it is told to end (SIGTERM).

Beside the jobs it sweeps: every few seconds it takes back what has no living worker and says that it is alive
itself.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import sys
import threading
import time

from celery.signals import worker_ready, worker_shutting_down
from redis import RedisError

from app import accounts, jobs, leases
from app.config import settings
from app.db import transaction
from workers import heartbeat, tasks

log = logging.getLogger(__name__)

SWEEP_SECONDS = 5.0
_HOUSEKEEPING_SECONDS = 3600.0


class Sweeper(threading.Thread):
    """Repairs, as long as this worker lives. Several workers may sweep at once."""

    def __init__(self, name: str) -> None:
        super().__init__(name="sweeper", daemon=True)
        self._worker, self._over = name, threading.Event()
        self._tidied_at = 0.0

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self.sweep()
            except Exception:  # a database that is away for a moment must not end the repairs
                log.exception("this sweep failed; the next comes in %s seconds", SWEEP_SECONDS)
            self._over.wait(SWEEP_SECONDS)

    def sweep(self) -> None:
        """Once."""
        empty = self._say_alive()
        with transaction() as session:
            touched = leases.sweep(session, queue_empty=empty)
            if time.monotonic() - self._tidied_at > _HOUSEKEEPING_SECONDS:
                accounts.forget_expired(session)
                self._tidied_at = time.monotonic()
        if touched:
            log.warning("%d runs had no living worker or no message", touched)

    def _say_alive(self) -> bool:
        """Returns whether the queue is empty; without Redis nobody can know, and no message would get
        through.
        """
        try:
            jobs.sign_of_life(self._worker, int(3 * SWEEP_SECONDS))
            return jobs.waiting() == 0
        except RedisError as error:
            log.warning("Redis is gone: %s", error)
            return False

    def end(self) -> None:
        self._over.set()
        try:
            jobs.sign_off(self._worker)
        except RedisError:
            log.info("nobody hears that this worker ends")


def main() -> None:
    """Work until SIGTERM. Prints one line of JSON once jobs are taken."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    name = f"{socket.gethostname()}-{os.getpid()}"
    sweeper = Sweeper(name)

    def ready(**_: object) -> None:
        sweeper.start()
        print(json.dumps({"ready": True}), file=sys.__stdout__, flush=True)  # Celery takes sys.stdout

    def shutting_down(**_: object) -> None:
        tasks.SHUTDOWN.set()
        heartbeat.nudge_all()

    worker_ready.connect(ready, weak=False)
    worker_shutting_down.connect(shutting_down, weak=False)
    try:
        jobs.celery.worker_main(_options(name))
    finally:
        sweeper.end()


def _options(name: str) -> list[str]:
    threads = settings().worker_threads
    return [
        "worker",
        "--pool=threads",
        f"--concurrency={threads}",
        f"--hostname={name}",
        "--loglevel=WARNING",
        "--without-gossip",  # workers need not know each other: the rows say who does what
        "--without-mingle",
        "--without-heartbeat",
    ]


if __name__ == "__main__":
    main()
