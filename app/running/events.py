"""What happens to a run, as one typed vocabulary: written by the worker, read by the page, over a Redis
stream.

One stream per learner and lesson. Every event names its run and cell and has a number that grows within the
run: a page that has seen number 7 of a run ignores 7 and below, so an event that comes twice does nothing.
The database knows all of this too; a stream that is lost loses nothing but liveliness.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar
from uuid import UUID

from redis import Redis, RedisError
from sqlalchemy.orm import Session

from app import logs
from app.db import on_commit
from app.models import Attempt, Run
from app.redis import client

log = logging.getLogger(__name__)

KEPT_EVENTS = 5000
KEPT_SECONDS = 24 * 3600
KEPT_BYTES = (
    16 << 20
)  # figures ride in the stream; beyond this its past is dropped, and the page asks the database
LARGEST_OUTPUT = 512 << 10  # of one event; a larger output is shown when the run is over
PER_TRY = 1_000_000  # a run that is tried again numbers its events from tries × this
LAST = PER_TRY - 1


@dataclass(frozen=True)
class Event:
    """Something happened to `run`, in `cell`. `seq` grows within the run."""

    name: ClassVar[str]
    run: str
    cell: str
    seq: int


@dataclass(frozen=True)
class Queued(Event):
    """It waits. `place` is 1 for the next in line."""

    name: ClassVar[str] = "queued"
    place: int


@dataclass(frozen=True)
class Started(Event):
    """A worker has it. Whatever an earlier try has shown is void."""

    name: ClassVar[str] = "started"


@dataclass(frozen=True)
class Text(Event):
    """It printed. Joined with what it printed just before on the same stream, this is one output."""

    name: ClassVar[str] = "text"
    stream: str  # "stdout" or "stderr"
    text: str


@dataclass(frozen=True)
class Shown(Event):
    """It showed something other than text.

    `output` is None if that is too large to send: it appears at the end.
    """

    name: ClassVar[str] = "shown"
    id: str  # the output's id in the database, once the run is recorded
    kind: str
    output: dict[str, Any] | None


@dataclass(frozen=True)
class Replaced(Event):
    """What was shown as `id` is another one now. Only the newest of these is kept in the stream."""

    name: ClassVar[str] = "replaced"
    id: str
    kind: str
    output: dict[str, Any] | None  # None as above
    alike: bool  # whether all up to this one were of its kind, and could be sent


@dataclass(frozen=True)
class Verdict(Event):
    """The examiner has judged attempt number `number`. The fields are called as the attempt's are."""

    name: ClassVar[str] = "verdict"
    id: str
    number: int
    verdict: str
    message: str
    details: dict[str, Any]


@dataclass(frozen=True)
class Finished(Event):
    """Over, and recorded: the database has all of it. Always the last."""

    name: ClassVar[str] = "finished"
    state: str
    ending: str | None
    message: str
    seconds: float | None


_KINDS = {kind.name: kind for kind in (Queued, Started, Text, Shown, Replaced, Verdict, Finished)}


def key(user_id: UUID, lesson: str) -> str:
    """The name of a learner's stream for one lesson."""
    return f"unembed:events:{user_id}:{lesson}"


def encode(event: Event) -> dict[str, str]:
    """An event as the fields of a stream entry."""
    return {"event": event.name, "data": json.dumps(asdict(event))}


def decode(fields: Mapping[Any, Any]) -> Event:
    """The event of a stream entry (`str` or `bytes`). Raises KeyError or TypeError on anything else."""
    plain = {_plain(name): _plain(value) for name, value in fields.items()}
    return _KINDS[plain["event"]](**json.loads(plain["data"]))


def _plain(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def publish(redis: Redis, user_id: UUID, lesson: str, event: Event, instead: str = "") -> str:
    """Tell the learner's pages; returns the entry's id in the stream. The entry `instead` of which this one
    comes is deleted: pages that have not read it need not.

    Never raises: if Redis did not hear it, "" is returned, and the database knows anyhow.
    """
    name = key(user_id, lesson)
    try:
        with redis.pipeline(transaction=False) as pipe:
            pipe.xadd(name, encode(event), maxlen=KEPT_EVENTS, approximate=True)  # type: ignore[arg-type]
            if instead:
                pipe.xdel(name, instead)
            pipe.expire(name, KEPT_SECONDS)
            pipe.memory_usage(name)
            entry, *_, size = pipe.execute()
        if isinstance(event, Started) and int(size or 0) > KEPT_BYTES:
            redis.xtrim(name, maxlen=1)
    except RedisError as error:
        logs.say(log, f"an event is not streamed: {error}", logging.WARNING, run=event.run, event=event.name)
        return ""
    return _plain(entry)


def latest_id(redis: Redis, name: str) -> str:
    """The id of the newest entry, `0-0` if there is none: a page that starts there misses nothing that
    follows.

    Raises redis.RedisError.
    """
    newest = redis.xrevrange(name, count=1)
    return newest[0][0] if newest else "0-0"  # type: ignore[index,return-value]


def tell(session: Session, run: Run, event: Event) -> None:
    """Publish once this transaction has committed."""
    user_id, lesson = run.user_id, run.lesson

    def send() -> None:
        publish(client(), user_id, lesson, event)

    on_commit(session, send)


def queued(run: Run, place: int) -> Queued:
    """It waits (again). The number grows as the place shrinks, and is above all that earlier tries sent."""
    return Queued(str(run.id), run.cell, run.tries * PER_TRY + LAST - 1 - place, place)


def verdict(run: Run, attempt: Attempt) -> Verdict:
    """The attempt of this run has been judged; comes just before the last event."""
    word = attempt.verdict.value if attempt.verdict else ""
    seq = run.tries * PER_TRY + LAST - 1
    said = (attempt.number, word, attempt.message, attempt.details)
    return Verdict(str(run.id), run.cell, seq, str(attempt.id), *said)


def finished(run: Run) -> Finished:
    """The last event of a run that is over."""
    ending = run.ending.value if run.ending else None
    return Finished(
        str(run.id), run.cell, run.tries * PER_TRY + LAST, run.state.value, ending, run.message, run.seconds
    )
