"""`unembed backup`, `restore` and `move`: all that people have made, into a file, out of it, and to Postgres.

A backup is one SQLite file, whatever the site runs on. All else in the data folder can be made again.
"""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NoReturn

from alembic.util import CommandError
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError

from app.config import database_address, settings
from app.operating import copying, migrate
from app.operating.alone import alone
from app.steps import Failed

_STDIN = Path("-")
_NAME, _PATTERN = "unembed-%Y%m%d-%H%M%S.db", "unembed-????????-??????.db"


def backup(file: Path | None, keep: int | None = None) -> None:
    """Write everything into `file`, while the site runs; by default into one with today's date.

    With `keep` only so many of these stay, the newest. Raises Failed; then there is no such file.
    """
    folder = settings().data_dir / "backups"
    made = file or folder / datetime.now(UTC).strftime(_NAME)
    if made.exists():
        raise Failed(f"{made} is there already: name another file.")
    try:
        counts = _written(made)
    except OSError as error:
        raise Failed(f"{made} cannot be written ({error.strerror}): name another place.") from None
    print(f"\n{made}: {sum(counts.values())} rows, {made.stat().st_size / 1e6:.1f} MB, compared.")
    for old in sorted(made.parent.glob(_PATTERN))[: -keep if keep else 0]:
        old.unlink()
        print(f"{old} has been deleted: {keep} are kept.")


def again_and_again(seconds: float, keep: int | None) -> NoReturn:
    """`backup`, and once more so many seconds after each, until a signal comes. Raises Failed at the first
    that cannot be made: whoever watches over this process hears of it.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # in the middle of one, its half file is removed
    while True:
        backup(None, keep)
        time.sleep(seconds)


def restore(file: Path) -> None:
    """Everything out of `file` into this installation's database, which has to be empty. Raises Failed."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    with alone(settings().data_dir), _brought_up_to_date(file) as url:
        counts = copying.copy(url, settings().database)
    print(f"\nRestored and compared: {sum(counts.values())} rows in {len(counts)} tables. Start Unembed now.")


def move(target: str) -> None:
    """Everything from SQLite into an empty database on Postgres, and what to do then. Raises Failed."""
    source = settings().database
    if not source.startswith("sqlite"):
        raise Failed("This installation is on Postgres already: `unembed backup` and `restore` move it.")
    try:
        make_url(target := database_address(target))
    except (ValueError, ArgumentError) as why:
        raise Failed(f"{target} is no address to move to ({why}).") from None
    if target.startswith("sqlite"):
        raise Failed("Name a database on Postgres: postgresql://user@host/name.")
    with alone(settings().data_dir):
        counts = copying.copy(source, target)
    print(f"\nMoved and compared: {sum(counts.values())} rows in {len(counts)} tables.")
    print("Now set UNEMBED_DATABASE_URL to that address (`.env` does) and start again.")
    print(f"{source} has not been changed; delete it when you are sure.")


def _written(made: Path) -> dict[str, int]:
    """Under another name until it is whole; readable by its owner alone, for it holds passwords' hashes."""
    made.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=made.parent, prefix=f"{made.name}-")
    os.close(handle)
    try:
        counts = copying.copy(settings().database, f"sqlite:///{name}")
        _in_one_file(Path(name))
        os.rename(name, made)
    finally:
        for left in (name, f"{name}-wal", f"{name}-shm"):
            with suppress(FileNotFoundError):
                os.unlink(left)
    return counts


def _in_one_file(file: Path) -> None:
    """Without a log beside it, and on the disk before it gets its name."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    with file.open("rb") as written:
        os.fsync(written.fileno())


@contextmanager
def _brought_up_to_date(file: Path) -> Iterator[str]:
    """The URL of a copy that has today's tables: a backup outlives versions of Unembed."""
    what = "What came in" if file == _STDIN else str(file)
    with tempfile.TemporaryDirectory(dir=settings().data_dir) as folder:
        url = f"sqlite:///{_copied(file, Path(folder) / 'backup.db')}"
        try:
            if not migrate.revision(url):
                raise Failed(f"{what} is no backup of Unembed.")
            migrate.upgrade(url)
        except CommandError:
            raise Failed(f"{what} was made by a newer Unembed: install that one, or newer.") from None
        except DatabaseError:
            raise Failed(f"{what} is no backup of Unembed, or damaged.") from None
        yield url


def _opened(file: Path) -> BinaryIO:
    return sys.stdin.buffer if file == _STDIN else file.open("rb")


def _copied(file: Path, copy: Path) -> Path:
    try:
        with _opened(file) as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target)
    except FileNotFoundError:
        raise Failed(f"There is no file {file}.") from None
    except OSError as error:
        raise Failed(f"{file} cannot be copied into {copy.parent} ({error.strerror}).") from None
    return copy
