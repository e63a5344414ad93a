"""The stream of a learner's page: typed, numbered, bounded, and never the cause of a failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis

from app import redis as redis_of_app
from app.running import events
from app.running.events import Finished, Queued, Shown, Started, Text, Verdict

ADA = UUID(int=1)
RUN = str(UUID(int=2))
ALL = [
    Queued(RUN, "one", 1, 3),
    Started(RUN, "one", 2),
    Text(RUN, "one", 3, "stdout", "é\n"),
    Shown(RUN, "one", 4, str(UUID(int=3)), "result", {"text": "2"}),
    Shown(RUN, "one", 5, str(UUID(int=4)), "figure", None),
    Verdict(RUN, "one", 6, str(UUID(int=5)), 1, "passed", "Well done.", {"mistake": None}),
    Finished(RUN, "one", 7, "done", "ok", "", 0.5),
]


def test_every_event_comes_back_as_it_was_sent(redis: Redis) -> None:
    for event in ALL:
        assert events.publish(redis, ADA, "counting", event)
    entries = redis.xrange(events.key(ADA, "counting"))
    assert [events.decode(fields) for _, fields in entries] == ALL
    assert events.decode({b"event": b"started", b"data": events.encode(ALL[1])["data"].encode()}) == ALL[1]


@pytest.mark.parametrize("fields", [{}, {"event": "?", "data": "{}"}, {"event": "text", "data": "{}"}])
def test_anything_else_is_no_event(fields: dict[str, str]) -> None:
    with pytest.raises((KeyError, TypeError)):
        events.decode(fields)


def test_a_page_that_starts_at_the_latest_id_misses_nothing_that_follows(redis: Redis) -> None:
    name = events.key(ADA, "counting")
    assert events.latest_id(redis, name) == "0-0"
    events.publish(redis, ADA, "counting", ALL[0])
    here = events.latest_id(redis, name)
    events.publish(redis, ADA, "counting", ALL[1])
    ((_, [(_, fields)]),) = redis.xread({name: here})
    assert events.decode(fields) == ALL[1]


def test_a_stream_forgets_itself_after_a_day(redis: Redis) -> None:
    events.publish(redis, ADA, "counting", ALL[0])
    assert 0 < redis.ttl(events.key(ADA, "counting")) <= 24 * 3600


def test_a_heavy_past_is_dropped_when_the_next_run_starts(redis: Redis) -> None:
    heavy = Shown(RUN, "one", 4, RUN, "figure", {"data": "x" * (events.LARGEST_OUTPUT)})
    for _ in range(40):
        events.publish(redis, ADA, "counting", heavy)
    assert redis.xlen(events.key(ADA, "counting")) == 40
    events.publish(redis, ADA, "counting", ALL[1])
    assert redis.xlen(events.key(ADA, "counting")) == 1


def test_without_redis_nothing_is_raised(change_settings: Callable[..., None], tmp_path: Path) -> None:
    change_settings(redis_url=f"unix://{tmp_path}/nobody.sock")
    redis_of_app.client.cache_clear()
    assert not events.publish(redis_of_app.client(), ADA, "counting", ALL[0])
