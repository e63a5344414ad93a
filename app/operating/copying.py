"""All rows of one database into another, empty one, of either kind; and proof that all of them arrived.

All or nothing: they are copied in one transaction, which is kept only if each has been read back as it was.
The other database is not changed, and may be in use: what is copied is its state at one moment.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Engine, Row, Table, func, insert, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app.db import Base, make_engine
from app.operating import migrate
from app.steps import Failed, Step

_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_MEND = "Name another database, or put that one aside."
_BATCH = 50  # rows: what a run has shown may take 16 MB each


def copy(source: str, target: str) -> dict[str, int]:
    """Copy every row and compare it. Returns table → rows in it.

    Raises Failed, and then nothing has been kept in the target.
    """
    with _reading(source) as old, _writing(target) as new:
        people_first = sorted(Base.metadata.sorted_tables, key=lambda table: table.name != "users")
        for table in people_first:
            if _count(new, table):
                raise Failed(
                    f"There are {table.name} already in {_shown(target)}: it has to be empty. {_MEND}"
                )
        return {table.name: _table(table, old, new) for table in Base.metadata.sorted_tables}


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """As it stands now, whatever others write meanwhile."""
    with _answering(url):
        if not migrate.is_current(url):
            raise Failed("The database is not up to date: run `unembed migrate` first.")
    with _engine(url) as engine, engine.connect() as connection:
        sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql("BEGIN" if sqlite else _ONE_MOMENT)
        yield connection


@contextmanager
def _writing(url: str) -> Iterator[Connection]:
    """With all tables; committed at the end."""
    with _answering(url):
        migrate.upgrade(url)
    with _engine(url) as engine, engine.execution_options(as_it_is=True).begin() as connection:
        yield connection


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _answering(url: str) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise Failed(f"{_shown(url)} cannot be used ({str(error.orig).splitlines()[0]}).") from None


def _shown(url: str) -> str:
    return make_url(url).render_as_string(hide_password=True)


def _table(table: Table, old: Connection, new: Connection) -> int:
    with Step(table.name) as step:
        _copy(table, old, new, step.say)
        step.say("comparing")
        compare(table, old, new)
    return _count(new, table)


def _copy(table: Table, old: Connection, new: Connection, say: Callable[[str], None]) -> None:
    every, done = _count(old, table), 0
    for rows in old.execute(_in_order(table)).mappings().partitions(_BATCH):
        try:
            new.execute(insert(table), [dict(row) for row in rows])
        except DBAPIError as error:
            raise Failed(f"A row of {table.name} is refused there: {error.orig}") from None
        done += len(rows)
        say(f"{done} of {every} rows")


def compare(table: Table, old: Connection, new: Connection) -> None:
    """Row by row: counts alone would not tell a text that has changed on the way. Raises Failed."""
    pairs: Iterator[tuple[Row[Any] | None, Row[Any] | None]] = zip_longest(
        old.execute(_in_order(table)), new.execute(_in_order(table))
    )
    for before, after in pairs:
        if before != after:
            row = before or after
            assert row is not None
            raise Failed(f"The row {row.id} of {table.name} is not the same there.")


def _in_order(table: Table) -> Any:
    return select(table).order_by(table.c.id).execution_options(yield_per=_BATCH)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
