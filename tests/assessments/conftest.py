"""An assessment of Ada's and Ben's cohort that is open now, and time that passes when a test says so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.db import now
from app.lessons import Lesson
from app.models import Assessment, Cohort, User
from app.teaching import assessments
from app.teaching.assessments import Sheet

EXERCISES = ("double", "largest")
MINUTES = timedelta(minutes=1)


@pytest.fixture
def here(session: Session, cohort: Cohort, lesson: Lesson) -> Cohort:
    return session.get_one(Cohort, cohort.id)


@pytest.fixture
def make(session: Session, here: Cohort, mo: User) -> Callable[..., Assessment]:
    """`make(minutes=30)`: opened an hour ago, closes in three; of `double` and `largest`."""

    def made(**changes: Any) -> Assessment:
        opens, closes = now() - timedelta(hours=1), now() + timedelta(hours=3)
        sheet = {"title": "Mid", "exercises": EXERCISES, "opens_at": opens, "closes_at": closes} | changes
        found = assessments.make(session, mo, here, Sheet(**sheet))
        session.commit()
        return found

    return made


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """`pass_time(timedelta(minutes=5))`: from here on the server's clock is so much further."""
    passed = timedelta()

    def later() -> datetime:
        return now() + passed

    def go_on(span: timedelta) -> None:
        nonlocal passed
        passed += span

    for module in ("teaching.assessments", "teaching.sittings", "learning.attempts", "learning.drafts"):
        monkeypatch.setattr(f"app.{module}.now", later)
    return go_on
