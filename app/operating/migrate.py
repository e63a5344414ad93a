"""The database's tables, brought to the shape that the models have.

`python -m app.operating.migrate` does it; with `new "what changes"` it writes the next step.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url

import app.models  # noqa: F401  (fills the metadata)
from app.config import ROOT, settings
from app.db import Base, make_engine

_LOCK_SECONDS = 5  # better to fail than to stand in the way of everybody who waits behind us


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` up to `revision`; a database that is there already does nothing."""
    with _configured(url) as config:
        command.upgrade(config, revision)


def downgrade(url: str, revision: str) -> None:
    """Take the database back to `revision`; `base` empties it."""
    with _configured(url) as config:
        command.downgrade(config, revision)


def revision(url: str) -> set[str]:
    """Which shape the database has; nothing if none of ours."""
    with _connection(url) as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


def is_current(url: str) -> bool:
    """Whether the database has the newest shape."""
    return revision(url) == set(ScriptDirectory.from_config(_config()).get_heads())


def differences(url: str) -> list[object]:
    """What the models have and the database has not, or the other way round; empty is right."""
    with _connection(url) as connection:
        found: list[object] = compare_metadata(MigrationContext.configure(connection), Base.metadata)
        return found


def new(url: str, message: str) -> None:
    """Write a migration for what has changed in the models since the database at `url` was migrated."""
    with _configured(url) as config:
        stamp = datetime.now(UTC).strftime("%Y%m%d%H%M")
        command.revision(config, message, autogenerate=True, rev_id=stamp)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.set_main_option(
        "file_template", "%%(year)d-%%(month).2d-%%(day).2d-%%(hour).2d%%(minute).2d_%%(slug)s"
    )
    config.set_main_option("timezone", "UTC")
    return config


@contextmanager
def _configured(url: str) -> Iterator[Config]:
    config = _config()
    with _connection(url) as connection:
        config.attributes["connection"] = connection
        yield config


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """A connection in one transaction, which waits for locks only briefly."""
    engine = make_engine(url)
    sqlite = make_url(url).get_backend_name() == "sqlite"
    try:
        with engine.connect() as connection:
            (_begin_in_sqlite if sqlite else _begin_in_postgres)(connection)
            yield connection
            if sqlite and (broken := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
                raise RuntimeError(
                    f"the migration would leave rows without what they belong to: {broken[:3]}"
                )
            connection.commit()
    finally:
        engine.dispose()


def _begin_in_sqlite(connection: Connection) -> None:
    # Off, or else dropping the old copy of a table deletes what belongs to its rows; not possible once begun.
    connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
    connection.exec_driver_sql(f"PRAGMA busy_timeout={_LOCK_SECONDS * 1000}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_in_postgres(connection: Connection) -> None:
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_SECONDS}s'")


if __name__ == "__main__":
    if sys.argv[1:2] == ["new"]:
        new(settings().database, sys.argv[2])
    else:
        upgrade(settings().database)
