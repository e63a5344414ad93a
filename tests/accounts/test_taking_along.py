"""Of every column that names somebody it is decided whether the row is theirs to take along."""

from __future__ import annotations

from app.db import Base
from app.people.taking_along import OTHERS, OWN, PRIVATE, SECRET


def test_it_is_decided_of_every_column_that_names_somebody() -> None:
    """Whoever adds a table that names people as somebody else than its user or author says so here."""
    named = {
        (table.name, key.parent.name)
        for table in Base.metadata.sorted_tables
        if table.name not in PRIVATE
        for key in table.foreign_keys
        if key.column.table.name == "users" and key.ondelete == "CASCADE" and key.parent.name not in OWN
    }
    assert named == OTHERS


def test_no_column_that_opens_a_door_is_written_down() -> None:
    doors = {
        column.name
        for table in Base.metadata.sorted_tables
        for column in table.c
        if any(word in column.name for word in ("token", "secret", "password"))
    }
    assert doors <= SECRET
