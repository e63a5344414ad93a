"""The database: one engine, one kind of session, one transaction a request; jobs leave after commit."""

from __future__ import annotations

import os
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, ClassVar

from sqlalchemy import JSON, Connection, DateTime, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.types import TypeDecorator

from app.config import settings

_LOCK_SECONDS = 30  # how long one writer waits for others; SQLite lets them in as it happens, not in turn
_CONNECT_SECONDS = 5


def uuid7() -> uuid.UUID:
    """A time-ordered id (RFC 9562 §5.7): 48 bits of milliseconds, then random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10))
    value = (
        (milliseconds << 80)
        | (0x7 << 76)
        | ((random >> 68 & 0xFFF) << 64)
        | (0b10 << 62)
        | (random & (1 << 62) - 1)
    )
    return uuid.UUID(int=value)


def first_id(moment: datetime) -> uuid.UUID:
    """Smaller than every id made from this moment on, and larger than those before it: ids are an index of
    time.
    """
    return uuid.UUID(int=(int(moment.timestamp() * 1000) << 80) | (0x7 << 76) | (0b10 << 62))


def now() -> datetime:
    return datetime.now(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """Time zones survive SQLite, which stores none."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Base(DeclarativeBase):
    """Every table has a time-ordered id and knows when its row was made."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=uuid7)
    created_at: Mapped[datetime] = mapped_column(default=now)


@lru_cache
def engine() -> Engine:
    """The engine of this process."""
    return make_engine(settings().database)


def make_engine(url: str) -> Engine:
    """An engine with SQLite set up for several processes: WAL, a busy timeout, foreign keys."""
    # Nobody waits for a connection: a thread that did would be missing to those who hold one. How many there
    # can be is bounded by those who ask: the site's turns (`app.visitors`) and threads, the worker's threads.
    # What they write stays out of their errors, and so out of every log: it is what people wrote.
    if not url.startswith("sqlite"):
        waiting = _not_for_ever(url)
        made = create_engine(
            url, pool_pre_ping=True, max_overflow=-1, hide_parameters=True, connect_args=waiting
        )
    else:
        # IMMEDIATE: who writes waits its turn at the first write instead of failing at the second
        immediate = {"isolation_level": "IMMEDIATE"}
        made = create_engine(url, max_overflow=-1, hide_parameters=True, connect_args=immediate)
        event.listen(made, "connect", _set_up_sqlite)
    event.listen(made, "before_cursor_execute", _without_nul, retval=True)
    return made


def _without_nul(
    connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, _many: bool
) -> tuple[str, Any]:
    """No text has a NUL in it: Postgres refuses one, wherever it came from, and SQLite must not differ.

    Who copies a database says that every value is to stay `as_it_is`.
    """
    if connection.get_execution_options().get("as_it_is") or not _holds_nul(parameters):
        return statement, parameters
    return statement, _cleaned(parameters)


def _holds_nul(parameters: Any) -> bool:
    if isinstance(parameters, str):
        return "\x00" in parameters
    if isinstance(parameters, dict):
        return any(map(_holds_nul, parameters.values()))
    return isinstance(parameters, tuple | list) and any(map(_holds_nul, parameters))


def _cleaned(parameters: Any) -> Any:
    if isinstance(parameters, str):
        return parameters.replace("\x00", "")
    if isinstance(parameters, dict):
        return {name: _cleaned(value) for name, value in parameters.items()}
    if isinstance(parameters, tuple | list):
        return type(parameters)(map(_cleaned, parameters))
    return parameters


_OF_OTHERS = {  # a key that is there already, a row that one pointed to and that is gone: on either database
    *("23505", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_PRIMARYKEY"),
    *("23503", "SQLITE_CONSTRAINT_FOREIGNKEY"),
}


def somebody_was_faster(error: IntegrityError) -> bool:
    """Whether what somebody wrote or deleted at this moment stands in the way; if not, we are wrong."""
    names = (getattr(error.orig, name, None) for name in ("sqlstate", "sqlite_errorname"))
    return not _OF_OTHERS.isdisjoint(names)


def _not_for_ever(url: str) -> dict[str, int]:
    """How long Postgres may say nothing before it counts as gone, where the address itself does not say."""
    patience = {"connect_timeout": _CONNECT_SECONDS, "tcp_user_timeout": _LOCK_SECONDS * 1000}
    return {name: value for name, value in patience.items() if name not in make_url(url).query}


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.execute(f"PRAGMA busy_timeout={_LOCK_SECONDS * 1000}")
    _write_ahead(connection)
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: Any) -> None:
    """Switch to the write-ahead log; two who switch a new file at once do not wait by themselves."""
    deadline = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


@contextmanager
def transaction() -> Iterator[Session]:
    """One session, committed at the end, rolled back if anything goes wrong.

    What cannot wait for the end may commit in between: then a second transaction begins.
    """
    with Session(engine(), expire_on_commit=False) as session:
        yield session
        session.commit()


def request_session() -> Iterator[Session]:
    """The web's session. `Depends(request_session, scope="function")` commits before the answer is sent."""
    with transaction() as session:
        yield session


def on_commit(session: Session, action: Callable[[], None], *, last: bool = False) -> None:
    """Run `action` once this session's outermost transaction has committed; forget it if that rolls back.

    `last`: after all others, as nobody waits for it.
    """
    session.info.setdefault("on_commit_last" if last else "on_commit", []).append(action)


@event.listens_for(Session, "after_commit")
def _run_actions(session: Session) -> None:
    if session.in_nested_transaction():  # fires for savepoints too
        return
    for action in [*session.info.pop("on_commit", []), *session.info.pop("on_commit_last", [])]:
        action()


@event.listens_for(Session, "after_soft_rollback")
def _forget_actions(session: Session, previous: Any) -> None:
    if previous.parent is None:
        session.info.pop("on_commit", None)
        session.info.pop("on_commit_last", None)
