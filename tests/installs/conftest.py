"""Who may install models."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.models import User


@pytest.fixture
def boss(session: Session) -> User:
    made = User(name="Boss", email="boss@example.org", admin=True)
    session.add(made)
    session.commit()
    return made
