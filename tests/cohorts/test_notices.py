"""What somebody is told."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.guard import NotFound
from app.models import User
from app.post import notices


def test_a_notice_is_counted_until_it_is_opened(session: Session, ada: User, ben: User) -> None:
    for href in ("/threads/1", "/threads/1", "/threads/2"):
        notices.tell(session, ada.id, "answer", f"Mo answered at {href}.", href)
    assert (notices.unread(session, ada), notices.unread(session, ben)) == (2, 0)  # said once
    notices.tell(session, ada.id, "answer", "Mo answered again.", "/threads/1")
    newest = notices.of(session, ada)[0]
    with pytest.raises(NotFound):
        notices.open_one(session, ben, newest.id)
    assert notices.open_one(session, ada, newest.id).href == "/threads/1"
    assert [one.href for one in notices.of(session, ada) if one.read_at is None] == ["/threads/2"]
    notices.read_all(session, ada)
    assert notices.unread(session, ada) == 0


def test_a_long_one_is_cut(session: Session, ada: User) -> None:
    notices.tell(session, ada.id, "answer", "x" * 500, "/path")
    assert len(notices.of(session, ada)[0].text) == 300
