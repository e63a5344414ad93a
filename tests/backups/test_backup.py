"""The machine is lost: what people have made comes back from one file, row by row, on either database."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from app.config import ROOT, settings
from app.db import make_engine, transaction
from app.learning import drafts
from app.lessons import Lesson
from app.models import Run, User
from app.operating import backups, migrate
from app.operating.alone import alone
from app.processes import spawn
from app.running.runs import submit
from app.steps import Failed
from tests.conftest import ON_POSTGRES
from tests.filled import Rows, everything, fill, rows

BEFORE_INSTALLS = "202611221817"  # the revision of a database that knew no installed models


@pytest.fixture
def away(tmp_path: Path) -> Path:
    """A folder on another machine."""
    folder = tmp_path / "away"
    folder.mkdir()
    return folder


@pytest.fixture
def lose_the_machine(
    tmp_path: Path, change_settings: Callable[..., None], new_database: Callable[[Path], str]
) -> Callable[[], str]:
    """Everything is gone but what was kept away. Returns the URL of the new machine's database."""

    def lose() -> str:
        shutil.rmtree(settings().data_dir)
        change_settings(data_dir=tmp_path / "new")
        if ON_POSTGRES:
            change_settings(database_url=new_database(tmp_path / "unused"))
        return settings().database

    return lose


def test_everything_comes_back_on_a_machine_that_has_nothing(
    database: str, away: Path, lose_the_machine: Callable[[], str]
) -> None:
    fill(database)
    before = everything(database)
    assert all(before.values()), "a table is empty: tests/filled.py forgets it"
    backups.backup(away / "kept.db")
    new = lose_the_machine()
    backups.restore(away / "kept.db")
    assert everything(new) == before
    assert migrate.differences(new) == []
    assert [path.name for path in away.iterdir()] == ["kept.db"]


def test_a_backup_is_a_whole_file_that_only_its_owner_reads(database: str, away: Path) -> None:
    fill(database)
    backups.backup(away / "kept.db")
    assert (away / "kept.db").stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(f"file:{away / 'kept.db'}?mode=ro&immutable=1", uri=True) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()


def test_people_work_on_while_a_backup_is_made_and_it_holds_one_moment(
    session: Session, ada: User, lesson: Lesson, away: Path
) -> None:
    """Each run has a draft of the same number: in no moment is there more of one than of the other."""
    over = threading.Event()

    def work() -> None:
        number = 0
        while not over.is_set():
            with transaction() as mine:
                drafts.save(mine, ada, lesson.slug, "one", f"x = {number}")
                mine.add(_copy_of(run, number := number + 1))

    run = submit(session, ada, lesson.slug, "one", {"one": "x = 0"})
    session.commit()
    worker = threading.Thread(target=work)
    worker.start()
    try:
        for file in (away / "first.db", away / "second.db"):
            backups.backup(file)
            found = everything(f"sqlite:///{file}")
            assert len(found["runs"]) - 1 == 1 + int(_draft(file).removeprefix("x = "))
    finally:
        over.set()
        worker.join()
    assert len(everything(f"sqlite:///{away / 'first.db'}")["runs"]) > 1


def _copy_of(run: Run, number: int) -> Run:
    names = ("user_id", "kind", "lesson", "cell", "chain", "chain_hash", "fingerprint", "queued_at")
    return Run(**{name: getattr(run, name) for name in names}, seed=number)


def _draft(file: Path) -> str:
    with sqlite3.connect(file) as connection:
        ((text,),) = connection.execute("SELECT text FROM drafts").fetchall()
    connection.close()
    return str(text)


def test_an_old_backup_is_brought_up_to_date(
    database: str, away: Path, lose_the_machine: Callable[[], str]
) -> None:
    fill(database)
    before = rows(database)
    backups.backup(away / "kept.db")
    migrate.downgrade(f"sqlite:///{away / 'kept.db'}", BEFORE_INSTALLS)
    old = (away / "kept.db").read_bytes()
    known = inspect(make_engine(f"sqlite:///{away / 'kept.db'}")).get_multi_columns()
    columns = {name: [column["name"] for column in found] for (_, name), found in known.items()}
    new = lose_the_machine()
    backups.restore(away / "kept.db")
    after = rows(new)
    assert _only(after, columns) == _only(before, columns)
    assert not columns.keys() & {"installs", "shares"}
    assert (after["installs"], after["shares"]) == ([], [])  # what the old one had no tables for
    assert (away / "kept.db").read_bytes() == old


def _only(all_rows: Rows, columns: dict[str, list[str]]) -> Rows:
    """What there was room for before: the columns that the old tables had, too."""
    return {
        name: [{column: row.get(column) for column in columns[name] if column in row} for row in found]
        for name, found in all_rows.items()
        if name in columns
    }


def test_what_is_there_is_never_written_over(database: str, away: Path) -> None:
    fill(database)
    before = everything(database)
    backups.backup(away / "kept.db")
    with pytest.raises(Failed, match=r"There are users already in .*put that one aside"):
        backups.restore(away / "kept.db")
    assert everything(database) == before
    with pytest.raises(Failed, match=r"kept\.db is there already"):
        backups.backup(away / "kept.db")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "There is no file"),
        (b"not a database, but long enough to look at" * 100, "no backup of Unembed, or damaged"),
        (b"", "is no backup of Unembed"),
    ],
)
def test_what_is_no_backup_is_said_to_be_none(
    database: str, away: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (away / "kept.db").write_bytes(content)
    with pytest.raises(Failed, match=said):
        backups.restore(away / "kept.db")


def test_what_comes_in_by_the_standard_input_may_be_no_backup_either(database: str) -> None:
    words = [sys.executable, "-m", "app.cli", "restore", "-"]
    told = subprocess.run(words, cwd=ROOT, env={**os.environ}, input=b"junk", capture_output=True)
    assert told.returncode == 2
    assert b"What came in is no backup of Unembed, or damaged." in told.stderr


def test_one_after_another_is_made_until_it_is_told_to_stop(database: str) -> None:
    folder = settings().data_dir / "backups"
    words = [sys.executable, "-m", "app.cli", "backup", "--keep", "2", "--every", "0.0003"]
    going = spawn(words, cwd=ROOT, env=os.environ, output=subprocess.DEVNULL, errors=subprocess.PIPE)
    deadline, seen = time.monotonic() + 90, set[Path]()
    while len(seen) < 4:
        seen |= set(folder.glob("unembed-????????-??????.db"))
        assert going.poll() is None, going.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    going.terminate()
    assert going.wait(30) == 0
    left = list(folder.iterdir())
    assert 1 <= len(left) <= 3  # it may have been told between the newest and the deletion of the oldest
    assert all(file.suffix == ".db" for file in left)


def test_a_backup_of_a_newer_version_is_said_to_be_one(database: str, away: Path) -> None:
    backups.backup(away / "kept.db")
    with sqlite3.connect(away / "kept.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '209901010000'")
    connection.close()
    with pytest.raises(Failed, match="made by a newer Unembed"):
        backups.restore(away / "kept.db")


def test_a_backup_that_fails_leaves_nothing(
    database: str, away: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise Failed("The row 1 of users is not the same there.")

    monkeypatch.setattr("app.operating.copying.compare", fail)
    with pytest.raises(Failed):
        backups.backup(away / "kept.db")
    assert list(away.iterdir()) == []


def test_where_nothing_can_be_written_that_is_said(database: str) -> None:
    with pytest.raises(Failed, match=r"/proc/kept/unembed\.db cannot be written .*name another place"):
        backups.backup(Path("/proc/kept/unembed.db"))


def test_only_the_newest_with_a_date_are_kept(database: str) -> None:
    folder = settings().data_dir / "backups"
    folder.mkdir()
    dated = [f"unembed-2026010{day}-030000.db" for day in (1, 2, 3)]
    for name in (*dated, "before-the-exam.db"):
        (folder / name).touch()
    backups.backup(None, keep=2)
    left = sorted(path.name for path in folder.iterdir())
    assert left[:2] == ["before-the-exam.db", dated[2]]
    assert len(left) == 3


def test_nobody_restores_under_a_running_site(database: str, away: Path) -> None:
    backups.backup(away / "kept.db")
    with alone(settings().data_dir), pytest.raises(Failed, match="already runs"):
        backups.restore(away / "kept.db")


def test_each_is_one_command(
    database: str, ada: User, away: Path, lose_the_machine: Callable[[], str]
) -> None:
    kept = str(away / "kept.db")
    done = _command("backup", kept)
    assert done.returncode == 0, done.stderr
    assert "kept.db: 1 rows" in done.stdout
    new = lose_the_machine()
    done = _command("restore", kept)
    assert done.returncode == 0, done.stderr
    assert "Restored and compared: 1 rows" in done.stdout
    engine = make_engine(new)
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1
    engine.dispose()
    assert _command("backup", "--keep", "0").returncode == 2


def _command(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app.cli", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
