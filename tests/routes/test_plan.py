"""The pages of a plan: the mentors' and the learners'."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from app.db import now, transaction
from app.models import Cohort, User
from app.teaching import deadlines, plan
from tests.routes.acting import Browser, Things


@pytest.fixture
def here(things: Things, cohort: Cohort) -> str:
    return f"/mentor/cohorts/{cohort.id}/plan"


def test_a_mentor_plans_and_learners_see_it_where_they_work(
    here: str, mo_browser: Browser, ada_browser: Browser
) -> None:
    day = now().date() + timedelta(3)
    mo_browser.post(here, item="lesson:counting", day=str(day), at="")
    assert "Counting" in mo_browser.get(here).text
    assert "due in 3 days" in ada_browser.get("/lessons/counting").text
    assert "due in 3 days" in ada_browser.get("/path").text
    assert "due in 3 days" in ada_browser.get("/plan").text


def test_who_is_in_no_cohort_meets_no_plan(here: str, zoe: User, browser: Callable[..., Browser]) -> None:
    for url in ("/path", "/lessons/counting"):
        page = browser(zoe).get(url).text
        assert 'class="due"' not in page
        assert "Your plan" not in page


def test_a_proposal_is_edited_before_anything_is_planned(
    here: str, mo_browser: Browser, cohort: Cohort
) -> None:
    with transaction() as session:
        row = session.get_one(Cohort, cohort.id)
        row.starts_on, row.ends_on = date(2026, 12, 1), date(2026, 12, 31)
    page = mo_browser.get(f"{here}?part=lesson&first=start&last=proofs").text
    assert 'name="day-lesson:counting" value="2026-12-31"' in page
    fields = {"proposal": "yes", "take-lesson:counting": "yes", "day-lesson:counting": "2026-12-20"}
    mo_browser.post(here, **fields)
    with transaction() as session:
        planned = plan.of(session, session.get_one(Cohort, cohort.id))
    assert date(2026, 12, 20) in [one.day for one in planned]


def test_what_is_wrong_is_said_and_changes_nothing(here: str, mo_browser: Browser) -> None:
    for fields in (
        {"item": "lesson:counting", "day": "soon"},
        {"item": "lesson:counting", "day": "2026-12-01", "at": "noon"},
        {"item": "", "day": "2026-12-01"},
        {"proposal": "yes"},
    ):
        assert mo_browser.post(here, **fields).status_code == 422
    assert mo_browser.get(f"{here}?part=everything").status_code == 422
    assert mo_browser.post(f"{here}/rules", time_zone="UTC", ai_policy="perhaps").status_code == 422


def test_reasons_are_for_mentors_only(
    here: str, mo_browser: Browser, ada_browser: Browser, ada: User, cohort: Cohort
) -> None:
    fields = {"item": "node:start", "day": "2027-01-20", "learner": str(ada.id), "reason": "a sick child"}
    assert mo_browser.post(f"{here}/extensions", **fields).status_code == 303
    assert "a sick child" in mo_browser.get(here).text
    for url in ("/plan", "/path", "/notices", "/account", "/plan.ics"):
        page = ada_browser.get(url).text
        assert "a sick child" not in page, url
    with transaction() as session:
        assert deadlines.of_learner(session, ada)[0].due.date() == date(2027, 1, 20)
