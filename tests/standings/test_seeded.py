"""The seeded cohort is what the site itself would have kept."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.learning import standings
from app.models import Attempt, Standing
from tests import seeded


def kept(session: Session) -> list[tuple[Any, ...]]:
    columns = [c for c in Standing.__table__.columns if c.name not in ("id", "created_at", "updated_at")]
    return sorted(tuple(row) for row in session.execute(select(*columns)))


def test_it_has_as_many_as_asked_for_and_standings_as_the_site_keeps_them(
    database: str, session: Session
) -> None:
    found = seeded.fill(database, learners=4, attempts=90)
    assert session.scalar(select(func.count()).select_from(Attempt)) == 90 == found.attempts
    written = kept(session)
    for learner in found.learners:
        standings.refresh_all(session, learner)
    assert kept(session) == written
    assert any(row[-2] for row in written)


def test_the_same_seed_gives_the_same(new_database: Any, tmp_path: Any, database: str) -> None:
    from app.db import make_engine, now

    until, urls = now(), [database, new_database(tmp_path / "other.db")]
    for url in urls:
        seeded.fill(url, learners=2, attempts=20, until=until)
    both = []
    for url in urls:
        with Session(make_engine(url)) as session:
            both.append(kept(session))
    assert both[0] == both[1]
