"""The memory that one machine has for runs: what is taken, what is left, and who has waited for it too long.

A worker keeps this for itself; the line of those who wait is the database's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

from app.config import settings
from app.running import catalogue
from app.running.catalogue import Model
from app.running.line import Waiting

PATIENCE = 20.0  # seconds for which smaller runs may go before one that stands first and does not fit yet
_REMEMBERED = 100


def total_mb() -> int:
    """Memory for runs on this machine: without what the loaded models take, which all runs share.

    As much as the operator's word about threads asks for, and always enough for one ordinary run.
    """
    shared = sum(model.memory_mb or 0 for model in loaded())
    least = (settings().worker_threads or 1) * settings().memory_mb
    return max(settings().memory_for_runs_mb - shared, least)


def loaded() -> list[Model]:
    """The models that a runner of this machine holds."""
    return [one for one in catalogue.models() if one.shipped or catalogue.installed(one.name) is not None]


class Room:
    """Safe for threads. `total` says how many MB there are, `clock` how many seconds have passed."""

    def __init__(
        self, total: Callable[[], int] = total_mb, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._total, self._clock = total, clock
        self._taken: dict[UUID, int] = {}
        self._passed: dict[UUID, float] = {}  # who stood first and did not fit, and since when
        self._owed: list[str] = []  # queues of messages that came when there was no room
        self._lock = threading.Lock()

    @property
    def total_mb(self) -> int:
        return self._total()

    @property
    def free_mb(self) -> int:
        return self._total() - sum(self._taken.copy().values())

    @contextmanager
    def choosing(self) -> Iterator[None]:
        """One thread at a time looks what is free, and takes it; and nothing is given back meanwhile."""
        with self._lock:
            yield

    def take(self, run_id: UUID, memory_mb: int) -> None:
        """For this run, while `choosing`."""
        self._taken[run_id] = memory_mb
        self._passed.pop(run_id, None)

    def owe(self, queue: str, waiting: int) -> None:
        """A message of this queue came, and so many wait whom it could not help, while `choosing`."""
        if self._owed.count(queue) < waiting:
            self._owed.append(queue)

    def give_back(self, run_id: UUID) -> list[str]:
        """It is over. Returns queues to which a message is to be sent again, each as often: there is room."""
        with self._lock:
            self._taken.pop(run_id, None)
            owed, self._owed = self._owed, []
            return owed

    def keeps_others_out(self, first: Waiting | None) -> bool:
        """Whether the first of a line does not fit, and has waited so long that nobody else may come."""
        if first is None or first.memory_mb <= self.free_mb:
            return False
        if len(self._passed) > _REMEMBERED:  # most of them were cancelled, or went elsewhere
            del self._passed[next(iter(self._passed))]
        return self._clock() - self._passed.setdefault(first.id, self._clock()) >= PATIENCE
