"""What has been counted since this installation began, in Redis, by whoever ends a run.

So it is right over several workers and web processes, costs one question to read, and never goes down when
rows are deleted. While Redis is away, what is to be counted waits here.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Mapping

from redis import RedisError

from app.redis import client

log = logging.getLogger(__name__)

KEY = "unembed:tally"
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)  # seconds: buckets of a histogram
_QUIET_SECONDS = 5.0  # after Redis was not heard, so that not every run waits for it


def add(*names: str, **seconds: float) -> None:
    """One more of each of `names`, and one observation of each duration. Never raises.

    Words of a name stand between `|`; a duration's name has one `_` for each, as in `wait_grade`.
    """
    counted = Counter[str](names)
    for name, value in seconds.items():
        counted += observed(name.replace("_", "|"), value)
    _waiting.put(counted)


def observed(name: str, seconds: float) -> Counter[str]:
    """One observation as what is counted for it: the smallest bucket that it fits into, and the sum."""
    bucket = next((str(bound) for bound in BOUNDS if seconds <= bound), "+Inf")
    return Counter({f"{name}|{bucket}": 1, f"{name}|sum": max(seconds, 1e-6)})  # type: ignore[dict-item]


def read() -> dict[str, float]:
    """Everything counted so far. Raises redis.RedisError."""
    found: Mapping[str, str] = client().hgetall(KEY)  # type: ignore[assignment]
    return {name: float(value) for name, value in found.items()}


class _Waiting:
    """What is not in Redis yet. Safe for threads: what one has taken to send, no other sends."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counter[str] = Counter()
        self._quiet_until = 0.0

    def put(self, counted: Counter[str]) -> None:
        with self._lock:
            self._counted += counted
            if time.monotonic() < self._quiet_until:
                return
            sending, self._counted = self._counted, Counter()
        try:
            _send(sending)
        except RedisError as error:
            log.warning("counts wait, Redis is gone: %s", error)
            with self._lock:
                self._counted += sending
                self._quiet_until = time.monotonic() + _QUIET_SECONDS


def _send(counted: Counter[str]) -> None:
    with client().pipeline(transaction=True) as pipe:
        for name, value in counted.items():
            if name.endswith("|sum"):
                pipe.hincrbyfloat(KEY, name, value)
            else:
                pipe.hincrby(KEY, name, value)
        pipe.execute()


_waiting = _Waiting()
