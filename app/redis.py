"""The Redis of this process: streams, throttles, signs of life. Jobs go by Celery's own connection."""

from __future__ import annotations

from functools import lru_cache

from redis import Redis

from app.config import settings


@lru_cache
def client() -> Redis:
    """One pooled client a process, safe for threads; answers are `str`."""
    return Redis.from_url(settings().redis, decode_responses=True, socket_connect_timeout=2, socket_timeout=5)
