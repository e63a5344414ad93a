"""The dashboard asks the database as often for a large cohort as for a small one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi import FastAPI
from redis import Redis
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from app.db import engine, transaction
from app.main import create_app
from app.models import Standing, User
from tests import seeded
from tests.routes.acting import Browser
from tests.seeded import Seeded

PINNED = (
    10  # the cohort, the stamp, threads and messages, people, two rules (one asks twice), exercises, lessons
)


@contextmanager
def counted(statements: list[str]) -> Iterator[None]:
    def count(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(engine(), "before_cursor_execute", count)
    try:
        yield
    finally:
        event.remove(engine(), "before_cursor_execute", count)


def asked_for(statements: list[str]) -> list[str]:
    """Those for the page itself, once it is known who looks: from the cohort on."""
    first = next(place for place, one in enumerate(statements) if "WHERE cohorts.id =" in one)
    return statements[first:]


@pytest.fixture
def site(database: str, redis: Redis) -> FastAPI:
    return create_app()


def mentor_of(found: Seeded) -> User:
    with transaction() as session:
        return session.get_one(User, found.mentor)


def test_the_number_of_queries_is_pinned_and_does_not_grow(
    site: FastAPI, change_settings: Callable[..., None], new_database: Callable[[Path], str], tmp_path: Path
) -> None:
    for learners in (5, 40):
        url = new_database(tmp_path / f"{learners}.db")
        change_settings(database_url=url)
        engine.cache_clear()
        found = seeded.fill(url, learners=learners, attempts=20 * learners)
        with Session(engine()) as session:
            assert session.scalar(select(func.count(Standing.user_id.distinct()))) == learners
        mo, statements = Browser(site, mentor_of(found)), list[str]()
        with counted(statements):
            page = mo.get(f"/mentor/cohorts/{found.cohort}?open=tensors&all=silent")
        assert page.status_code == 200
        assert page.text.count('<tr id="l-') == learners
        assert len(asked_for(statements)) == PINNED, "\n\n".join(statements)
        engine().dispose()


def test_what_has_not_changed_is_not_sent_again(site: FastAPI, database: str) -> None:
    found = seeded.fill(database, learners=3, attempts=30)
    mo, statements = Browser(site, mentor_of(found)), list[str]()
    page = mo.get(f"/mentor/cohorts/{found.cohort}").text
    (query,) = {line.replace("&amp;", "&") for line in page.split('"') if "seen=" in line}
    again = f"/mentor/cohorts/{found.cohort}{query}"
    with counted(statements):
        answer = mo.get(again, htmx=True)
    assert answer.status_code == 204
    assert len(asked_for(statements)) == 2
    with transaction() as session:
        newest = session.scalars(select(Standing).order_by(Standing.updated_at.desc())).first()
        assert newest is not None
        session.delete(newest)
    assert mo.get(again, htmx=True).status_code == 200
