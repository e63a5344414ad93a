"""How the installation is, in numbers: from the database and Redis, the same whichever web process is asked.

`now()` is cheap and never fails: what does not answer is said to be down. What came lately is found by ids,
which grow with time.
"""

from __future__ import annotations

import shutil
import threading
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar
from uuid import UUID

from redis import RedisError
from sqlalchemy import Double, Engine, Select, String, func, select, type_coerce
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from app import db, jobs
from app.config import ROOT, settings
from app.db import engine, first_id, transaction
from app.models import Attempt, Run, RunKind, State
from app.post import letters
from app.redis import client
from app.running import runs, tally, watch

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
MINUTES = 60  # of the last hour, each with its own count
MOST_TROUBLED = 20  # runs that are listed

# What a worker of another version may leave out of its sign of life; see `workers.vitals`.
_SILENT: dict[str, Any] = dict.fromkeys(
    (
        *("machine", "threads", "busy", "memory", "memory_available", "disk_free"),
        *("runner", "layers", "pool_spare", "pool_alive", "pool_waiting", "examiner", "ungradable"),
    )
)

T = TypeVar("T")


@dataclass(frozen=True)
class Now:
    """Of this moment. What nobody could say is None, or missing."""

    database: str = ""  # kind and version
    parts: dict[str, bool] = field(default_factory=dict)  # whether each is there
    runs: dict[str, int] = field(default_factory=dict)  # by state
    oldest_seconds: float | None = None  # how long the run has waited that came first; 0 if none waits
    messages: int | None = None
    counted: dict[str, float] = field(default_factory=dict)  # see `tally`
    workers: list[dict[str, Any]] = field(default_factory=list)  # as each said; None: it did not
    redis: dict[str, Any] = field(default_factory=dict)  # used_memory, maxmemory, maxmemory_policy, …
    mail_lost: int = 0  # letters given up lately, at most 20 counted
    mail_trouble: str = ""  # what the server said to the last
    disk_free: int | None = None
    disk_size: int | None = None


def now() -> Now:
    """Asks everybody."""
    found = _of_database() | _of_redis()
    workers, database = found["workers"], bool(found["runs"] is not None)
    parts = {"database": database, "redis": bool(found["redis"]), "worker": bool(workers)}
    for part in ("runner", "examiner"):  # that each worker has one of
        parts[part] = bool(workers) and all(one.get(part) for one in workers)
    return Now(**found | {"runs": found["runs"] or {}}, parts=parts, **_of_disk())


def _of_database() -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        with transaction() as session:
            counts = session.execute(select(Run.state, func.count()).group_by(Run.state)).all()
            oldest = session.scalar(select(func.min(Run.queued_at)).where(Run.state == State.QUEUED))
            lost = letters.given_up(session, DAY)
        by_state = {state.value: 0 for state in State} | {state.value: count for state, count in counts}
        waited = (db.now() - oldest).total_seconds() if oldest else 0.0
        return {
            "runs": by_state,
            "oldest_seconds": max(0.0, waited),
            "database": database(),
            "mail_lost": len(lost),
            "mail_trouble": lost[0].trouble if lost else "",
        }

    return _or(ask, {"runs": None, "oldest_seconds": None, "database": ""})


def _of_redis() -> dict[str, Any]:
    def ask() -> dict[str, Any]:
        info: dict[str, Any] = client().info("memory")  # type: ignore[assignment]
        version: dict[str, Any] = client().info("server")  # type: ignore[assignment]
        names = ("used_memory", "maxmemory", "maxmemory_policy")
        known = {name: info.get(name) for name in names} | {"version": version.get("redis_version")}
        workers = [_SILENT | {"machine": one.machine} | dict(one.said) for one in jobs.workers()]
        return {
            "redis": known,
            "workers": workers,
            "messages": jobs.waiting(*jobs.QUEUES),
            "counted": tally.read(),
        }

    return _or(ask, {"redis": {}, "workers": [], "messages": None, "counted": {}})


def _of_disk() -> dict[str, Any]:
    try:
        usage = shutil.disk_usage(settings().data_dir)
    except OSError:
        return {}
    return {"disk_free": usage.free, "disk_size": usage.total}


def _or(ask: Callable[[], T], otherwise: T) -> T:
    try:
        return ask()
    except (SQLAlchemyError, RedisError, OSError):
        return otherwise


def database() -> str:
    """Its kind and version, once it has been asked anything."""
    dialect = engine().dialect
    kind = {"sqlite": "SQLite", "postgresql": "Postgres"}.get(dialect.name, dialect.name)
    return f"{kind} {'.'.join(map(str, dialect.server_version_info or ()))}".strip()


@lru_cache
def version() -> str:
    """Of Unembed."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


# ---- the last hour and day


@dataclass(frozen=True)
class Quantiles:
    """Of durations, in seconds; None of none."""

    median: float | None = None
    most: float | None = None  # 95 in 100 are below


@dataclass(frozen=True)
class Span:
    """What was pressed within some time."""

    runs: int
    endings: dict[str, int]  # of those that are over
    verdicts: dict[str, int]
    faults: int
    waits: Quantiles  # from the press until a worker had it
    judged: Quantiles  # from the press until the verdict was recorded


@dataclass(frozen=True)
class Troubled:
    """A run in which something of ours went wrong; its id is in the logs."""

    id: UUID
    at: datetime
    cell: str
    faults: int
    state: State


_ENDINGS = {State.FAILED.value: watch.FAULT}  # a run's state is its ending, where the code has none


def span(session: Session, length: timedelta) -> Span:
    """All that was pressed since so long ago. The database counts: a busy day is long."""
    first = first_id(db.now() - length)
    since = Run.id >= first
    # one word for both, and no index on it: SQLite would go through all that ever ran
    how = func.coalesce(type_coerce(Run.ending, String), type_coerce(Run.state, String))
    counted = select(how, func.count(), func.sum(Run.faults)).where(since).group_by(how)
    rows = session.execute(counted).all()
    words = select(Attempt.verdict, func.count()).where(Attempt.id >= first).group_by(Attempt.verdict)
    waits = select(_Seconds(Run.queued_at, Run.started_at).label("value"))
    judged = select(_Seconds(Run.queued_at, Run.finished_at).label("value"))
    has_ended = Run.ending.is_not(None)
    return Span(
        runs=sum(count for _, count, _ in rows),
        endings={_ENDINGS.get(word, word): count for word, count, _ in rows if word not in runs.WAITING},
        verdicts={word.value: count for word, count in session.execute(words) if word},
        faults=sum(faults for *_, faults in rows),
        waits=_quantiles(session, waits.where(since, Run.started_at.is_not(None))),
        judged=_quantiles(session, judged.where(since, has_ended, Run.kind == RunKind.GRADE)),
    )


def day() -> Span:
    """The last day, mostly as it was a moment ago: of a busy one SQLite takes some tenths of a second."""
    return _day.of(engine())


class _Day:
    """Counted again when a hundred times as long has passed as the counting took."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[Engine, Span] | None = None
        self._until = 0.0

    def of(self, database: Engine) -> Span:
        with self._lock:
            if self._known is None or self._known[0] is not database or time.monotonic() > self._until:
                begun = time.monotonic()
                with transaction() as session:
                    self._known = database, span(session, DAY)
                over = time.monotonic()
                self._until = over + 100 * (over - begun)
            return self._known[1]


_day = _Day()


def minutes(session: Session) -> list[int]:
    """How many runs were pressed in each of the last MINUTES, the oldest first."""
    moment, counts = db.now(), [0] * MINUTES
    pressed = session.scalars(select(Run.queued_at).where(Run.id >= first_id(moment - MINUTES * MINUTE)))
    for at in pressed:
        counts[-1 - min(MINUTES - 1, max(0, (moment - at) // MINUTE))] += 1
    return counts


def troubled(session: Session) -> list[Troubled]:
    """The newest runs of the last day that failed through our fault, at least once."""
    columns = (Run.id, Run.queued_at, Run.cell, Run.faults, Run.state)
    mine = select(*columns).where(Run.id >= first_id(db.now() - DAY), Run.faults > 0)
    return [Troubled(*row) for row in session.execute(mine.order_by(Run.id.desc()).limit(MOST_TROUBLED))]


class _Seconds(FunctionElement[float]):
    """Seconds between two moments, as each kind of database says it."""

    type = Double()
    inherit_cache = True


@compiles(_Seconds, "sqlite")
def _seconds_on_sqlite(element: _Seconds, compiler: Any, **options: Any) -> str:
    begun, over = (compiler.process(clause, **options) for clause in element.clauses)
    return f"((julianday({over}) - julianday({begun})) * 86400.0)"


@compiles(_Seconds)
def _seconds_elsewhere(element: _Seconds, compiler: Any, **options: Any) -> str:
    begun, over = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(EXTRACT(EPOCH FROM ({over} - {begun})) AS DOUBLE PRECISION)"


def _quantiles(session: Session, values: Select[float]) -> Quantiles:
    """Of a query for `value`s."""
    given = values.subquery()
    rank = func.row_number().over(order_by=given.c.value)
    ranked = select(given.c.value, rank.label("rank"), func.count().over().label("count")).subquery()
    at = {share: ranked.c.count * share // 100 + 1 for share in (50, 95)}
    wanted = select(ranked.c.value).where(ranked.c.rank.in_(at.values())).order_by(ranked.c.rank)
    found = list(session.scalars(wanted))
    return Quantiles(found[0], found[-1]) if found else Quantiles()
