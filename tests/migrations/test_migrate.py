"""The migrations make what the models describe, and can be undone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import settings
from app.db import make_engine
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Message, Run, Standing, User, Verdict
from app.operating import migrate
from app.running.runs import submit
from tests.conftest import ON_POSTGRES
from tests.filled import Rows, fill, rows
from tests.standings.acting import SQUARE, judged


def test_the_migrations_make_exactly_what_the_models_describe(database: str) -> None:
    assert migrate.differences(settings().database) == []
    assert migrate.is_current(settings().database)


def test_a_database_with_data_goes_down_and_up_again(session: Session, ada: User, lesson: Lesson) -> None:
    submit(session, ada, lesson.slug, "two", {"two": "y = 3"})
    session.commit()
    migrate.downgrade(settings().database, "base")
    assert not migrate.is_current(settings().database)
    assert inspect(make_engine(settings().database)).get_table_names() == ["alembic_version"]
    migrate.upgrade(settings().database)
    assert migrate.differences(settings().database) == []


def test_each_step_down_and_up_again_keeps_what_it_can(database: str) -> None:
    """All rows, and of each row what the smaller of the two shapes has room for."""
    url = settings().database
    fill(url)
    for revision, below in _steps_down():
        before = rows(url)
        migrate.downgrade(url, below)
        less = rows(url)
        assert _within(before, less) == _within(less, before)
        migrate.upgrade(url, revision)
        again = rows(url)
        assert _within(again, less) == _within(less, again)
        migrate.downgrade(url, below)
    assert rows(url) == {}


def _steps_down() -> list[tuple[str, str]]:
    """From the newest shape to none: (revision, the one below)."""
    known = ScriptDirectory.from_config(migrate._config()).walk_revisions()
    return [(one.revision, str(one.down_revision or "base")) for one in known]


def _within(some: Rows, others: Rows) -> Rows:
    """Of these rows, what those have room for: in tables of both, the columns of both."""
    return {
        table: [
            {name: row[name] for name in other if name in row}
            for row, other in zip(some[table], others[table], strict=True)
        ]
        for table in some.keys() & others.keys()
    }


def test_migrating_twice_changes_nothing(session: Session, ada: User) -> None:
    migrate.upgrade(settings().database)
    assert session.get(User, ada.id) is not None


def test_those_who_migrate_at_once_end_with_one_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with ThreadPoolExecutor(4) as pool:
        for one in [pool.submit(migrate.upgrade, url) for _ in range(4)]:
            one.result()
    assert migrate.is_current(url)


@pytest.mark.skipif(ON_POSTGRES, reason="only SQLite changes a table by rebuilding it")
def test_a_table_that_is_rebuilt_keeps_what_belongs_to_its_rows(
    session: Session, ada: User, lesson: Lesson
) -> None:
    run = submit(session, ada, lesson.slug, "two", {})
    session.commit()
    with migrate._connection(settings().database) as connection:
        operations = Operations(MigrationContext.configure(connection))
        with operations.batch_alter_table("users", recreate="always"):
            pass
    session.expire_all()
    assert session.get(Run, run.id) is not None


def test_a_migration_that_fails_leaves_the_database_as_it_was(database: str) -> None:
    engine = make_engine(settings().database)
    with pytest.raises(DBAPIError):
        _change_by_halves(settings().database)
    assert "half" not in inspect(engine).get_table_names()


def _change_by_halves(url: str) -> None:
    with migrate._connection(url) as connection:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        connection.execute(text("SELECT nothing FROM nowhere"))


def test_attempts_from_before_there_were_standings_are_summed_up(
    session: Session, ada: User, lesson: Lesson
) -> None:
    failed, passed = (Verdict.FAILED, SQUARE), (Verdict.PASSED, None)
    judged(session, ada, "double", failed, failed, passed)
    judged(session, ada, "quadruple", failed, failed)
    columns = [c for c in Standing.__table__.columns if c.name not in ("id", "created_at", "updated_at")]
    kept = session.execute(select(*columns).order_by(Standing.exercise)).all()
    session.rollback()
    migrate.downgrade(settings().database, "202611292120")
    migrate.upgrade(settings().database)
    assert session.execute(select(*columns).order_by(Standing.exercise)).all() == kept
    assert [row.streak for row in kept] == [0, 2]


def test_words_of_a_mentor_who_has_left_are_not_lost_on_the_way_down(
    session: Session, ada: User, lesson: Lesson
) -> None:
    thread = threads.ask(session, ada, lesson.slug, "two", "Why?")
    session.add(Message(thread_id=thread.id, author_id=None, body="Look at x."))
    session.commit()
    migrate.downgrade(settings().database, "202611292200")
    migrate.upgrade(settings().database)
    said = session.execute(select(Message.body, Message.author_id).order_by(Message.created_at, Message.id))
    assert said.all() == [("Why?", ada.id), ("Look at x.", ada.id)]
