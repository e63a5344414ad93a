"""`unembed move`: every row of SQLite arrives on Postgres as it was, or none does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import select, text

from app.config import ROOT, settings
from app.db import Base, make_engine, transaction
from app.models import User
from app.operating import backups, copying, migrate
from app.operating.alone import alone
from app.steps import Failed
from tests.conftest import ON_POSTGRES
from tests.filled import everything, fill
from tests.postgres import new_database

pytestmark = pytest.mark.skipif(ON_POSTGRES, reason="moves away from SQLite")


@pytest.fixture
def target(postgres: str) -> str:
    """The URL of an empty database."""
    return new_database(postgres, "unembed_moved")


@pytest.fixture
def source(database: str) -> str:
    """The URL of a database with everything in it."""
    fill(database)
    return database


def test_every_row_arrives_as_it_was(source: str, target: str) -> None:
    before = everything(source)
    assert all(before.values()), "a table is empty: tests/filled.py forgets it"
    counts = copying.copy(source, target)
    assert everything(target) == everything(source) == before
    assert counts == {name: len(rows) for name, rows in before.items()}
    assert migrate.differences(target) == []


def test_the_command_says_what_it_did_and_what_to_do_now(
    source: str, target: str, change_settings: Callable[..., None]
) -> None:
    done = _command(target)
    assert done.returncode == 0, done.stderr
    assert "attempts: done" in done.stdout
    every = sum(map(len, everything(source).values()))
    assert f"Moved and compared: {every} rows in {len(Base.metadata.tables)} tables." in done.stdout
    assert "UNEMBED_DATABASE_URL" in done.stdout
    change_settings(database_url=target)
    with transaction() as session:
        assert session.scalar(select(User.name).where(User.email == "mo@example.org")) == "Mo"


def test_nothing_is_added_to_what_is_there(source: str, target: str) -> None:
    copying.copy(source, target)
    before = everything(target)
    with pytest.raises(
        Failed, match=r"There are users already in postgresql.*unembed_moved.*: it has to be empty"
    ):
        copying.copy(source, target)
    assert everything(target) == before


def test_what_postgres_does_not_take_is_named_and_nothing_is_kept(source: str, target: str) -> None:
    _execute(source, "UPDATE messages SET body = 'a' || char(0) || 'b'")
    with pytest.raises(Failed, match=r"A row of messages is refused there: .*NUL"):
        copying.copy(source, target)
    assert not any(everything(target).values())


def test_what_changes_on_the_way_is_noticed(
    source: str, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts would agree."""
    backups.move(target)
    _execute(target, "UPDATE messages SET body = body || '.' WHERE body = 'Thanks.'")
    old, new = make_engine(source), make_engine(target)
    with old.connect() as before, new.connect() as after:
        copying.compare(Base.metadata.tables["drafts"], before, after)
        with pytest.raises(Failed, match=r"The row [0-9a-f-]{36} of messages is not the same there"):
            copying.compare(Base.metadata.tables["messages"], before, after)
    old.dispose()
    new.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://ada@db/unembed", r"no address to move to \(should begin with postgresql://"),
        ("postgresql://db:port/unembed", "no address to move to"),
        ("postgresql://127.0.0.1:9/unembed?colour=red", r"cannot be used .*colour"),
        ("sqlite:///elsewhere.db", "Name a database on Postgres"),
        (
            "postgresql://ada:secret@127.0.0.1:9/unembed",
            r"ada:\*\*\*@127.0.0.1:9/unembed cannot be used .*refused",
        ),
    ],
)
def test_an_address_that_does_not_do_is_told(source: str, url: str, said: str) -> None:
    with pytest.raises(Failed, match=said):
        backups.move(url)


def test_what_is_on_postgres_already_stays(target: str, change_settings: Callable[..., None]) -> None:
    change_settings(database_url=target)
    with pytest.raises(Failed, match="on Postgres already"):
        backups.move(target)


def test_an_old_database_is_brought_up_to_date_first(source: str, target: str) -> None:
    migrate.downgrade(source, "-1")
    with pytest.raises(Failed, match="run `unembed migrate` first"):
        copying.copy(source, target)


def test_nobody_moves_while_the_site_runs(source: str, target: str) -> None:
    with alone(settings().data_dir):
        done = _command(target)
    assert done.returncode == 2
    assert "already runs" in done.stderr


def _command(target: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", "move", target]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)


def _execute(url: str, statement: str) -> None:
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
