"""Throttles: so many times in so long, counted in Redis, or in this process while Redis is away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from app import redis as redis_of_app
from app.guard import TooMany
from app.people import throttle
from app.people.throttle import Limit

TWICE = Limit("test", 2, 1000, "knocking")


def test_the_third_time_is_refused_with_the_time_to_wait(redis: Redis) -> None:
    throttle.check(TWICE, "ada@example.org")
    throttle.check(TWICE, "ADA@example.org")
    with pytest.raises(TooMany) as refused:
        throttle.check(TWICE, "ada@example.org")
    assert refused.value.status == 429
    assert 0 < refused.value.wait <= 1000
    assert refused.value.message.startswith("You are knocking too often. Please try again in")


def test_others_are_not_held_back(redis: Redis) -> None:
    for _ in range(2):
        throttle.check(TWICE, "ada")
    throttle.check(TWICE, "ben")


def test_each_of_several_names_counts(redis: Redis) -> None:
    throttle.check(TWICE, "10.0.0.1", "ada")
    throttle.check(TWICE, "10.0.0.1", "ben")
    with pytest.raises(TooMany):
        throttle.check(TWICE, "10.0.0.1", "carol")


def test_the_count_is_forgotten_after_its_window(redis: Redis) -> None:
    assert throttle.allow("soon", 1, 1) == 0
    (key,) = redis.keys("unembed:throttle:soon:*")
    assert 0 < redis.ttl(key) <= 1


def test_without_redis_this_process_counts_alone(
    change_settings: Callable[..., None], tmp_path: Path
) -> None:
    change_settings(redis_url=f"unix://{tmp_path}/nobody.sock")
    redis_of_app.client.cache_clear()
    throttle.check(TWICE, "away")
    throttle.check(TWICE, "away")
    with pytest.raises(TooMany):
        throttle.check(TWICE, "away")


def test_whatever_is_sent_as_an_address_makes_no_long_key(redis: Redis) -> None:
    throttle.check(TWICE, "x" * 1_000_000)
    throttle.check(TWICE, "X" * 1_000_000)
    with pytest.raises(TooMany):
        throttle.check(TWICE, "x" * 1_000_000)
    assert max(len(key) for key in redis.scan_iter()) < 300
