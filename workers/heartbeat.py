"""Keeps a claimed run ours while it runs, and hears that it shall stop."""

from __future__ import annotations

import logging
import threading
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from app import logs
from app.db import transaction
from app.running import leases

log = logging.getLogger(__name__)

SECONDS = 1.0  # between two beats: a learner who cancels waits no longer than that


class Stop(StrEnum):
    """Why a run has to end before it is over."""

    CANCELLED = "cancelled"  # the learner wants it
    LOST = "lost"  # somebody else has the run now: nothing we find out counts
    SHUTDOWN = "shutdown"  # this worker is going; the run goes back to the queue
    YIELD = "yield"  # it was in no hurry, and somebody waits who is


class Cancellable(Protocol):
    """The part of a runner's client that stops it, from any thread."""

    def cancel(self) -> None: ...


class Heartbeat:
    """A thread beside the run. `stop` says why the run has to end, as soon as there is a reason."""

    def __init__(self, run_id: UUID, nonce: str, shutdown: threading.Event) -> None:
        self.stop: Stop | None = None
        self._run_id, self._nonce, self._shutdown = run_id, nonce, shutdown
        self._child: Cancellable | None = None
        self._over = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat {run_id}", daemon=True)

    def __enter__(self) -> Heartbeat:
        _alive.add(self)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        _alive.discard(self)
        self._over.set()
        self._wake.set()
        self._thread.join()

    def watch(self, child: Cancellable) -> None:
        """From now on `child` is cancelled when there is a reason to stop; at once if there is one."""
        self._child = child
        if self.stop or self._shutdown.is_set():
            self._wake.set()

    def nudge(self) -> None:
        """Look at once whether there is a reason to stop."""
        self._wake.set()

    def _beat(self) -> None:
        """The claim was the first beat: most runs are over before another is due."""
        logs.from_here(run=self._run_id)  # a thread knows nothing of the one that started it
        while True:
            self._wake.wait(SECONDS)
            self._wake.clear()
            if self._over.is_set():
                return
            self.stop = self.stop or self._reason()
            if self.stop and self._child:
                self._child.cancel()

    def _reason(self) -> Stop | None:
        if self._shutdown.is_set():
            return Stop.SHUTDOWN
        try:
            with transaction() as session:
                wanted = leases.beat(session, self._run_id, self._nonce)
        except SQLAlchemyError as error:  # if this lasts, the lease runs out and the next beat says so
            log.warning("no heartbeat: %s", error)
            return None
        if wanted is None:
            return Stop.LOST
        return Stop.CANCELLED if wanted else None


_alive: set[Heartbeat] = set()


def going() -> int:
    """How many runs this process holds."""
    return len(_alive)


def nudge_all() -> None:
    """Every run of this process looks at once whether it has to stop."""
    for heartbeat in list(_alive):
        heartbeat.nudge()
