"""What no database can hold is left out on its way there, wherever it came from."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import User


def test_no_nul_is_kept_nor_asked_for(session: Session, ada: User) -> None:
    session.get_one(User, ada.id).goal = "See\x00 inside"
    session.commit()
    session.expire_all()
    assert session.scalar(select(User.goal).where(User.id == ada.id)) == "See inside"
    assert session.scalar(select(User.id).where(User.email == "ada\x00@example.org")) == ada.id
