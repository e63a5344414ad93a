"""How often something may be done: fixed windows, counted in Redis.

If Redis is gone, this process counts alone: closing would lock out everybody, opening would invite guessing.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from dataclasses import dataclass

from redis import RedisError

from app.guard import TooMany
from app.redis import client

log = logging.getLogger(__name__)


_LONGEST = 254  # characters: of an address


@dataclass(frozen=True)
class Limit:
    """`limit` times in `per_seconds`; `doing` completes “You are … too often.”"""

    name: str
    limit: int
    per_seconds: int
    doing: str


# Of an address there may be a whole class behind one; of an account there is one person.
SIGN_IN = Limit("sign-in", 10, 15 * 60, "trying to sign in")
SIGN_IN_FROM = Limit("sign-in-from", 300, 15 * 60, "trying to sign in")
SIGN_UP = Limit("sign-up", 200, 60 * 60, "making accounts")
NEW_GUEST = Limit("guest", 300, 60 * 60, "starting over as a guest")
JOIN = Limit("join", 300, 15 * 60, "opening invite links")
RESET = Limit("reset", 3, 60 * 60, "asking for a link")
RESET_FROM = Limit("reset-from", 60, 60 * 60, "asking for links")
PASSWORD = Limit("password", 10, 15 * 60, "trying passwords")  # of one who is signed in
EXPORT = Limit("export", 10, 60 * 60, "taking your data along")
CLASS_LIST = Limit("class-list", 20, 60 * 60, "bringing in class lists")
RUN = Limit("run", 120, 60, "running cells")
API = Limit("api", 600, 60, "asking the API")
API_UNKNOWN = Limit("api-unknown", 60, 60, "asking with tokens that are not known")
WRITE = Limit("write", 30, 60, "writing messages")


def check(limit: Limit, *who: str) -> None:
    """Count one more for each of `who` (an address, an account); raises TooMany."""
    wait = max(allow(f"{limit.name}:{_short(one)}", limit.limit, limit.per_seconds) for one in who)
    if wait:
        span = f"{wait} seconds" if wait < 120 else f"{wait // 60} minutes"
        raise TooMany(f"You are {limit.doing} too often. Please try again in {span}.", wait)


def _short(who: str) -> str:
    """As it is counted: whatever somebody sends as their address makes no long key."""
    who = who.lower()
    return who if len(who) <= _LONGEST else hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()


def allow(key: str, limit: int, per_seconds: int) -> int:
    """Count one more for `key`. Returns 0 if that is within the limit, else the seconds to wait."""
    window = int(time.time()) // per_seconds
    name = f"unembed:throttle:{key}:{window}"
    count = _count(name, per_seconds)
    return 0 if count <= limit else (window + 1) * per_seconds - int(time.time())


def _count(name: str, per_seconds: int) -> int:
    try:
        with client().pipeline() as pipe:
            pipe.incr(name)
            pipe.expire(name, per_seconds)
            return int(pipe.execute()[0])
    except RedisError as error:
        log.warning("Redis is gone, throttling in this process alone: %s", error)
        return _alone.count(name)


class _Alone:
    """The counts of one process; forgotten when there are many, so that it can't grow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[str, int] = {}

    def count(self, name: str) -> int:
        with self._lock:
            if len(self._counts) > 10_000:
                self._counts.clear()
            self._counts[name] = self._counts.get(name, 0) + 1
            return self._counts[name]


_alone = _Alone()
