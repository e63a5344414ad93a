"""Following a learner's stream of events: touches Redis alone, however long it lasts."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from itertools import groupby
from typing import Any

from redis import RedisError

from app import events
from app.events import Event, Finished, Queued, Text
from app.redis import LONGEST_WAIT, listeners

log = logging.getLogger(__name__)

WAIT = LONGEST_WAIT / 3  # seconds that one look at the stream may take
PATIENCE = 5  # looks in vain, after which the browser comes back and the database is asked again
BATCH = 200  # entries; what a program prints faster than pages can show comes in one piece

_Entry = tuple[str, dict[str, str]]


async def follow(key: str, last: str, live: set[str]) -> AsyncIterator[tuple[str, list[Event], bool]]:
    """(newest entry's id, what happened, whether that was all), until no run is live or nothing happens.

    `live` are the ids of the runs that were going when the listener came; runs queued later join them. Those
    before the oldest (their ids are ordered by time) are over: the stream may begin earlier, and skips them.
    """
    if not live:
        yield last, [], True
        return
    vain, seen, oldest = 0, dict[str, int](), min(live)
    while live and vain < PATIENCE:
        entries = await _read(key, last)
        if entries is None:
            return
        if not entries:
            vain += 1
            continue
        vain = 0
        last = entries[-1][0]
        found = [event for event in map(_decoded, entries) if event and _concerns(event, live, oldest)]
        batch = [event for event in found if _is_news(event, seen)]
        yield last, list(joined(batch)), not live


async def _read(key: str, last: str) -> list[_Entry] | None:
    """What comes after `last` in a while; None if Redis is gone: the browser comes back, as after any end."""
    try:
        found: Any = await listeners().xread({key: last}, count=BATCH, block=int(WAIT * 1000))
    except RedisError as error:
        log.warning("a page's stream ends, Redis is gone: %s", error)
        return None
    return found[0][1] if found else []


def _decoded(entry: _Entry) -> Event | None:
    try:
        return events.decode(entry[1])
    except (KeyError, TypeError, ValueError):
        return None  # written by another version: the database knows what became of the run


def _concerns(event: Event, live: set[str], oldest: str) -> bool:
    """Whether the event is of a run that is going; keeps `live` up to date."""
    if isinstance(event, Queued) and event.run >= oldest:
        live.add(event.run)
    known = event.run in live
    if isinstance(event, Finished):
        live.discard(event.run)
    return known


def _is_news(event: Event, seen: dict[str, int]) -> bool:
    """Whether nothing later of its run has been told: those who tell it are several, and one may be late."""
    late = event.seq <= seen.get(event.run, -1)
    seen[event.run] = max(event.seq, seen.get(event.run, -1))
    return not late


def joined(batch: Iterable[Event]) -> Iterable[Event]:
    """Neighbouring pieces of printed text in one: a page takes 2000 lines at once better than one by one."""
    for alike, group in groupby(batch, key=_text_of):
        pieces = list(group)
        if alike and len(pieces) > 1:
            first, *_ = (piece for piece in pieces if isinstance(piece, Text))
            text = "".join(piece.text for piece in pieces if isinstance(piece, Text))
            yield replace(first, text=text, seq=pieces[-1].seq)
        else:
            yield from pieces


def _text_of(event: Event) -> object:
    return (event.run, event.stream) if isinstance(event, Text) else None
