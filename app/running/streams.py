"""Following a learner's stream of events: touches Redis alone, however long it lasts."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from redis import RedisError

from app.redis import LONGEST_WAIT, listeners
from app.running import events
from app.running.events import PER_TRY, Event, Finished, Queued, Replaced, Shown, Started, Text

log = logging.getLogger(__name__)

WAIT = LONGEST_WAIT / 3  # seconds that one look at the stream may take
PATIENCE = 5  # looks in vain, after which the browser comes back and the database is asked again
BATCH = 200  # entries; what a program prints faster than pages can show comes in one piece

_Entry = tuple[str, dict[str, str]]
_WRITTEN = re.compile(r"(\d{1,15}-\d{1,10})((?: [0-9a-f-]{36}:\d{1,12})*)")


@dataclass
class Told:
    """How far a page has been told: the stream's entry, and the number of the last event of each run that is
    going. Written in the id of each message, so that a page which comes back brings it along.
    """

    entry: str = "0-0"
    numbers: dict[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, *written: str) -> Told:
        """The first of these that says something, else the stream's beginning."""
        found = next(filter(None, map(_WRITTEN.fullmatch, written)), None)
        if found is None:
            return cls()
        pairs = (word.split(":") for word in found[2].split())
        return cls(found[1], {run: int(number) for run, number in pairs})

    def __str__(self) -> str:
        return " ".join([self.entry, *(f"{run}:{number}" for run, number in self.numbers.items())])

    def news(self, event: Event) -> Iterator[Event]:
        """The event, unless as much or more of its run has been told: those who tell are several, and one may
        be late. Before the first output of a try whose beginning got lost, that beginning.
        """
        before = self.numbers.get(event.run, -1)
        if event.seq <= before:
            return
        self.numbers[event.run] = event.seq
        if isinstance(event, Text | Shown | Replaced) and event.seq // PER_TRY > before // PER_TRY:
            yield Started(event.run, event.cell, event.seq)
        if isinstance(event, Finished):
            del self.numbers[event.run]
        yield event


async def follow(key: str, told: Told, live: set[str]) -> AsyncIterator[tuple[list[Event], bool]]:
    """(what happened, whether that was all), until no run is live or nothing happens. Keeps `told` current.

    `live` are the ids of the runs that were going when the listener came; runs queued later join them. Those
    before the oldest (their ids are ordered by time) are over: the stream may begin earlier, and skips them.
    """
    if not live:
        yield [], True
        return
    vain, oldest = 0, min(live)
    while live and vain < PATIENCE:
        entries = await _read(key, told.entry)
        if entries is None:
            return
        if not entries:
            vain += 1
            continue
        vain = 0
        told.entry = entries[-1][0]
        found = [event for event in map(_decoded, entries) if event and _concerns(event, live, oldest)]
        batch = [news for event in found for news in told.news(event)]
        yield list(joined(batch)), not live


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


def joined(batch: Iterable[Event]) -> Iterable[Event]:
    """Neighbouring pieces of printed text in one: a page takes 2000 lines at once better than one by one. And
    of what changes in place only how it is at the end.
    """
    for alike, group in groupby(_newest(batch), key=_text_of):
        pieces = list(group)
        if alike and len(pieces) > 1:
            first, *_ = (piece for piece in pieces if isinstance(piece, Text))
            text = "".join(piece.text for piece in pieces if isinstance(piece, Text))
            yield replace(first, text=text, seq=pieces[-1].seq)
        else:
            yield from pieces


def _newest(batch: Iterable[Event]) -> Iterable[Event]:
    """What changes in place as it is at the end; at once so, if it first appears in this batch. A page looks
    for the places of all that comes together before it changes the first.
    """
    events = list(batch)
    last = {event.id: event for event in events if isinstance(event, Replaced)}
    new = {event.id for event in events if isinstance(event, Shown)}
    begun = {event.run for event in events if isinstance(event, Started)}  # nothing has a place there yet
    for event in events:
        if isinstance(event, Replaced) and (
            event is not last[event.id] or event.id in new or event.run in begun
        ):
            continue
        if isinstance(event, Shown) and (now := last.get(event.id)):
            event = replace(event, kind=now.kind, output=now.output)
        yield event


def _text_of(event: Event) -> object:
    return (event.run, event.stream) if isinstance(event, Text) else None
