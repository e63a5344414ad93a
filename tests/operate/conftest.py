"""Who runs the site, and browsers for everybody."""

from __future__ import annotations

import pytest

from app.db import transaction
from app.models import User
from tests.routes.conftest import browser, site  # noqa: F401  (fixtures of these tests, too)


@pytest.fixture
def admin(database: str) -> User:
    with transaction() as session:
        user = User(name="Olga", email="olga@example.org", admin=True)
        session.add(user)
        session.flush()
        return user
