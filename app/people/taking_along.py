"""Everything of somebody's, as one zip: each table's rows as JSON, and their lessons as notebooks.

Which rows are theirs is read off the schema, so that no table is forgotten: those that name them as their
user or author, and what hangs on such rows and would be deleted with them.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import IO, Any
from uuid import UUID

from sqlalchemy import Column, ColumnElement, ForeignKey, Table, and_, or_, select
from sqlalchemy.orm import Session

from app import jupyter
from app.config import settings
from app.db import Base, now
from app.lessons import Lesson, course
from app.models import Attempt, Draft, Run, User
from app.running.runs import TRIAL

OWN = ("user_id", "author_id", "owner_id")  # columns that say whose a row is
ABOUT = {("deeds", "about_id")}  # … and that it concerns them, which they may know
WRITTEN = {("messages", "author_id"), ("announcements", "author_id")}  # … and theirs, though it outlives them
# Columns that name somebody whose the row is not, though it goes with them. (A row that would stay without
# them, `SET NULL`, is theirs only if it is `WRITTEN`.)
OTHERS = {
    ("notes", "about_id"),  # a mentor's private notes are that mentor's
    *(("visits", name) for name in ("mentor_id", "learner_id")),
    *(("own_mentors", name) for name in ("mentor_id", "learner_id")),
}
WITHHELD = {  # columns of theirs that are not theirs to know (yet)
    *(("sitting_attempts", name) for name in ("message", "details")),  # once released, they are the attempt's
    ("extensions", "reason"),  # for mentors
}
PRIVATE = {"letters"}  # tables that are nobody's to take along; letters wait for a minute
SECRET = {"password_hash", "token_hash", "token", "nonce"}  # what opens a door is not written down
_IN_MEMORY = 8 << 20  # bytes of the zip, before it goes to a file
_AT_A_TIME = 200  # rows


def pack(session: Session, user: User) -> IO[bytes]:
    """The zip, at its beginning; closing it removes it."""
    file = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  (whoever sends it closes it)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("README.txt", _about(user))
        for lesson in _touched(session, user):
            packed.writestr(f"lessons/{lesson.slug}.ipynb", jupyter.notebook(session, user, lesson))
        for table in _tables():
            condition = theirs(table, user.id)
            if condition is not None:
                _write(session, packed, table, condition)
    file.seek(0)
    return file


def _touched(session: Session, user: User) -> list[Lesson]:
    """The lessons in which they typed, ran or handed in something, in the order of the course."""
    tables = (Draft, Run, Attempt)
    there = set[str]().union(
        *(session.scalars(select(t.lesson).where(t.user_id == user.id).distinct()) for t in tables)
    )
    return [lesson for slug, lesson in course().lessons.items() if slug in there]


def named(user: User) -> str:
    """The file's name."""
    first = re.sub(r"\W", "", "guest" if user.guest else user.name.split()[0].lower()) or "account"
    return f"unembed-{first}-{now().date()}.zip"


def theirs(table: Table, user_id: UUID) -> ColumnElement[bool] | None:
    """The condition that a row is theirs; None for tables of which no row can be."""
    if table.name in PRIVATE:
        return None
    if table.name == "users":
        return table.c.id == user_id
    conditions: list[ColumnElement[bool]] = [
        key.parent == user_id
        for key in table.foreign_keys
        if key.column.table.name == "users" and _is_own(key)
    ]
    for parent, column in _parents(table):
        above = theirs(parent, user_id)
        if above is not None:
            conditions.append(column.in_(select(parent.c.id).where(above)))
    return and_(or_(*conditions), *_only(table)) if conditions else None


def _only(table: Table) -> list[ColumnElement[bool]]:
    """What else has to be so: a trial of somebody else's code is no work of theirs, and a verdict that nobody
    has applied does not count.
    """
    if table.name == "runs":
        return [~table.c.cell.startswith(TRIAL)]
    return [table.c.applied_at.is_not(None)] if table.name == "rejudgements" else []


def _is_own(key: ForeignKey) -> bool:
    place, goes = (key.parent.table.name, key.parent.name), key.ondelete == "CASCADE"
    return place in ABOUT | WRITTEN or (goes and key.parent.name in OWN and place not in OTHERS)


def _parents(table: Table) -> list[tuple[Table, Column[Any]]]:
    """The tables on whose rows this one's hang: they would go with them."""
    keys = [key for key in table.foreign_keys if key.ondelete == "CASCADE"]
    others = [key for key in keys if key.column.table.name not in ("users", table.name)]
    return [(key.column.table, key.parent) for key in others]


@lru_cache
def _tables() -> list[Table]:
    return list(Base.metadata.sorted_tables)


def _write(session: Session, packed: zipfile.ZipFile, table: Table, condition: ColumnElement[bool]) -> None:
    """A list of objects, one row a line; no file where there is none."""
    rows = _rows(session, table, condition)
    first = next(rows, None)
    if first is None:
        return
    with packed.open(f"data/{table.name}.json", "w", force_zip64=True) as file:
        file.write(b"[\n" + _json(first))
        for row in rows:
            file.write(b",\n" + _json(row))
        file.write(b"\n]\n")


def _rows(session: Session, table: Table, condition: ColumnElement[bool]) -> Iterator[dict[str, Any]]:
    columns = [
        column
        for column in table.c
        if column.name not in SECRET and (table.name, column.name) not in WITHHELD
    ]
    found = session.execute(select(*columns).where(condition).order_by(table.c.id))
    for some in found.mappings().partitions(_AT_A_TIME):
        yield from (dict(row) for row in some)


def _json(row: dict[str, Any]) -> bytes:
    return json.dumps(row, default=_plain, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


def _about(user: User) -> str:
    return f"""Everything that {settings().url} keeps of {user.name}, as of {now():%Y-%m-%d %H:%M} UTC.

lessons/   each lesson with your code, as a notebook for Jupyter
data/      every row of yours, one file a table: what you typed (drafts), ran (runs, outputs), handed in
           (attempts), asked and were answered (threads, messages), and what you did (activity)

Times are UTC. Passwords and what else opens a door are left out. Outputs of old runs are not kept for ever
by the site, so they may be missing; texts and verdicts never are.
"""
