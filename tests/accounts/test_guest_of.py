"""A newcomer holds a token; what they do first makes their guest, however many requests that takes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlalchemy import func, select, update

from app.db import now, transaction
from app.models import User, WebSession
from app.people import accounts

TOKEN = "t" * 43


def _guest_of(_: int) -> UUID:
    with transaction() as session:
        return accounts.guest_of(session, TOKEN).id


def test_eight_requests_at_once_make_one_guest(database: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(_guest_of, range(8)))) == 1
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 1


def test_a_token_that_has_expired_makes_a_new_guest(database: str) -> None:
    old = _guest_of(0)
    with transaction() as session:
        session.execute(update(WebSession).values(expires_at=now()))
    assert _guest_of(0) != old
