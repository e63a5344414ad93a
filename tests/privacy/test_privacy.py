"""What the page on privacy says holds: it speaks of every table, and of none that is not there."""

from __future__ import annotations

from collections import Counter

from app.db import Base
from app.people import privacy


def test_every_table_stands_in_the_list_once() -> None:
    """Whoever adds a table says in `app/people/privacy.py`, in plain words, what is in it and who sees it."""
    told = Counter(table for kept in privacy.KEPT for table in kept.tables)
    assert set(told) == set(Base.metadata.tables)
    assert set(told.values()) == {1}


def test_each_kind_says_what_who_and_until_when() -> None:
    for kept in privacy.KEPT:
        until = kept.until.format(**privacy.days())
        assert all((kept.what, kept.who, until))
        assert "{" not in until
