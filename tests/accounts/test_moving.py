"""A guest's work moves when they sign in: from every table there is, so that a new one can't be forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from app.db import Base
from app.lessons import Lesson
from app.models import Notice, User, Visit
from app.people import moving
from tests import filled

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def account(zoe: User) -> User:
    return zoe


def used_everything(session: Session, somebody: User, mentor: User) -> None:
    """A row in every table that names people, more than a guest can have."""
    filled._together(session, somebody, mentor)
    filled._meet(session, somebody, mentor)
    filled._at_work(session, somebody)
    filled._in_a_course(session, somebody, mentor)
    session.flush()


def naming(session: Session, user: User) -> Rows:
    """Table.column → the rows that name this person."""
    session.flush()
    return {
        f"{table.name}.{column}": [
            dict(row)
            for row in session.execute(
                select(table).where(table.c[column] == user.id).order_by(table.c.id)
            ).mappings()
        ]
        for table, column in _columns()
    }


def _columns() -> list[tuple[Table, str]]:
    tables = Base.metadata.sorted_tables
    keys = ((table, key) for table in tables for key in table.foreign_keys)
    return [(table, key.parent.name) for table, key in keys if key.column.table.name == "users"]


def _ids(rows: Rows) -> dict[str, list[object]]:
    """Of what does not stay behind."""
    return {
        place: [row["id"] for row in found]
        for place, found in rows.items()
        if found and place.partition(".")[0] not in moving.STAYS
    }


def test_from_every_table(
    session: Session, account: User, stranger: User, boss: User, lesson: Lesson
) -> None:
    used_everything(session, stranger, boss)
    before = naming(session, stranger)
    own = {place for place, found in before.items() if place.endswith(".user_id") and not found}
    assert own == set()  # a new table has its rows in tests/filled.py, and is moved or stays with a reason
    moving.move_work(session, stranger, account)
    assert _ids(naming(session, account)) == _ids(before)
    assert [found for found in naming(session, stranger).values() if found] == []
    assert session.scalar(select(User.id).where(User.id == stranger.id)) is None


def test_nothing_of_the_account_is_touched_where_both_have_used_everything(
    session: Session, account: User, stranger: User, boss: User, lesson: Lesson
) -> None:
    filled._at_work(session, account)
    filled._at_work(session, stranger)
    own, before = naming(session, account), naming(session, stranger)
    moving.move_work(session, stranger, account)
    after = _ids(naming(session, account))
    for place, ids in _ids(own).items():
        assert set(ids) <= set(after[place])
    once = {"drafts.user_id", "choices.user_id", "mailings.user_id", "new_addresses.user_id"}
    for place, ids in _ids(before).items():  # of these there can be but one
        assert (set(ids) <= set(after[place])) == (place not in once), place


def test_what_others_were_told_and_have_seen_of_the_guest_leads_to_the_account(
    session: Session, account: User, stranger: User, boss: User, lesson: Lesson
) -> None:
    told = {"user_id": boss.id, "kind": "reply", "text": "A guest wrote."}
    session.add(Notice(**told, href=f"/mentor/learners/{stranger.id}/brief"))
    session.add_all(Visit(mentor_id=boss.id, learner_id=one.id) for one in (stranger, account))
    session.flush()
    moving.move_work(session, stranger, account)
    assert session.scalars(select(Notice.href)).all() == [f"/mentor/learners/{account.id}/brief"]
    assert session.scalars(select(Visit.learner_id)).all() == [account.id]
