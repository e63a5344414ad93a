"""The Redis of this process: streams, throttles, signs of life. Jobs go by Celery's own connection."""

from __future__ import annotations

import asyncio
from functools import lru_cache
from weakref import WeakKeyDictionary

import redis.asyncio
from redis import Redis

from app.config import settings

LONGEST_WAIT = 15.0  # seconds that a listener waits for an answer before it takes Redis for gone
_MOST_LISTENERS = 10_000  # each holds a connection while it listens


@lru_cache
def client() -> Redis:
    """One pooled client a process, safe for threads; answers are `str`."""
    return Redis.from_url(settings().redis, decode_responses=True, socket_connect_timeout=2, socket_timeout=5)


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = WeakKeyDictionary()


def listeners() -> redis.asyncio.Redis:
    """The same for those who listen for long, without a thread: one an event loop. To connect takes longer
    than most answers, so connections are kept.
    """
    loop = asyncio.get_running_loop()
    if loop not in _of_loops:
        _of_loops[loop] = redis.asyncio.Redis.from_url(
            settings().redis,
            decode_responses=True,
            socket_timeout=LONGEST_WAIT,
            max_connections=_MOST_LISTENERS,
        )
    return _of_loops[loop]
