"""`unembed move`: everything in this installation's SQLite, into an empty database on Postgres.

All or nothing: the rows are copied in one transaction, which is kept only if each has been read back as it
was. The old database is not changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

from sqlalchemy import Connection, Row, Table, func, insert, select
from sqlalchemy.exc import DBAPIError, OperationalError

from app import migrate
from app.alone import alone
from app.config import database_address, settings
from app.db import Base, make_engine
from app.steps import Failed, Step

_BATCH = 50  # rows: what a run has shown may take 16 MB each


def main(target: str) -> int:
    """Move, saying how far it is, and what to do then. Raises Failed."""
    source = settings().database
    with alone(settings().data_dir):
        counts = move(source, target)
    print(f"\nMoved and compared: {sum(counts.values())} rows in {len(counts)} tables.")
    print("Now set UNEMBED_DATABASE_URL to that address (`.env` does) and start again.")
    print(f"{source} has not been changed; delete it when you are sure.")
    return 0


def move(source: str, target: str) -> dict[str, int]:
    """Copy every row and compare it. Returns table → rows in it.

    Raises Failed, and then nothing has been kept in the target.
    """
    source, target = _addresses(source, target)
    with _reading(source) as old, _writing(target) as new:
        for table in Base.metadata.sorted_tables:
            if _count(new, table):
                raise Failed(f"There are {table.name} already in that database: name an empty one.")
        counts = {table.name: _move(table, old, new) for table in Base.metadata.sorted_tables}
    return counts


def _addresses(source: str, target: str) -> tuple[str, str]:
    if not source.startswith("sqlite"):
        raise Failed("This installation is on Postgres already: `pg_dump` moves it elsewhere.")
    try:
        target = database_address(target)
    except ValueError as why:
        raise Failed(f"{target} {why}.") from None
    if target.startswith("sqlite"):
        raise Failed("Name a database on Postgres: postgresql://user@host/name.")
    if not migrate.is_current(source):
        raise Failed("The database is not up to date: run `unembed migrate` first.")
    return source, target


@contextmanager
def _reading(url: str) -> Iterator[Connection]:
    """As it stands now: whoever else writes has to wait."""
    engine = make_engine(url)
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
    engine.dispose()


@contextmanager
def _writing(url: str) -> Iterator[Connection]:
    """With all tables; committed at the end."""
    try:
        migrate.upgrade(url)
    except OperationalError as error:
        why = str(error.orig).splitlines()[0]
        raise Failed(f"That database cannot be used ({why}): check the address.") from None
    engine = make_engine(url)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def _move(table: Table, old: Connection, new: Connection) -> int:
    with Step(table.name) as step:
        _copy(table, old, new, step.say)
        step.say("comparing")
        _compare(table, old, new)
    return _count(new, table)


def _copy(table: Table, old: Connection, new: Connection, say: Callable[[str], None]) -> None:
    every, done = _count(old, table), 0
    for rows in old.execute(_in_order(table)).mappings().partitions(_BATCH):
        try:
            new.execute(insert(table), [dict(row) for row in rows])
        except DBAPIError as error:
            raise Failed(f"Postgres does not take a row of {table.name}: {error.orig}") from None
        done += len(rows)
        say(f"{done} of {every} rows")


def _compare(table: Table, old: Connection, new: Connection) -> None:
    """Row by row: counts alone would not tell a text that has changed on the way."""
    pairs: Iterator[tuple[Row[Any] | None, Row[Any] | None]] = zip_longest(
        old.execute(_in_order(table)), new.execute(_in_order(table))
    )
    for before, after in pairs:
        if before != after:
            row = before or after
            assert row is not None
            raise Failed(f"The row {row.id} of {table.name} is not the same there. Nothing has been moved.")


def _in_order(table: Table) -> Any:
    return select(table).order_by(table.c.id).execution_options(yield_per=_BATCH)


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0
