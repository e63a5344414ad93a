"""Before the 1:1, as the two meet it on their pages."""

from __future__ import annotations

import io
import zipfile

from sqlalchemy import select

from app.db import transaction
from app.models import Announcement, CheckIn, User, Visit
from tests.routes.acting import Browser, Things


def test_the_mentor_reads_what_is_new_and_the_learner_never_reads_the_notes(
    ada_browser: Browser, mo_browser: Browser, things: Things, ada: User
) -> None:
    ada_browser.post("/check-in", did="Half of step 1", stuck="Shapes & sizes", coming="")
    with transaction() as session:
        for visit in session.scalars(select(Visit)):
            session.delete(visit)
    page = mo_browser.get(f"/mentor/learners/{ada.id}/brief").text
    for shown in (
        "Half of step 1",
        "Shapes &amp; sizes",
        "Why?",
        "Finish step 1",
        "Shy.",
        "Figures they shared",
    ):
        assert shown in page
    assert f'/runs/{things.run}">write on it' in page  # which she shared
    for where in ("/check-in", "/account", "/time", f"/cohorts/{things.cohort}", "/notices"):
        assert "Shy." not in ada_browser.get(where).text


def test_the_notes_are_not_in_the_learners_export(ada_browser: Browser, things: Things) -> None:
    packed = zipfile.ZipFile(io.BytesIO(ada_browser.get("/account/export").content))
    text = b"".join(packed.read(name) for name in packed.namelist())
    assert b"Finish step 1" in text
    assert b"Shy." not in text


def test_the_page_left_open_for_a_minute_is_seen_and_can_be_taken_back(
    mo_browser: Browser, things: Things, ada: User
) -> None:
    brief = f"/mentor/learners/{ada.id}/brief"
    assert "load delay:60s" in mo_browser.get(brief).text
    part = mo_browser.post(f"{brief}/seen", htmx=True, by="itself")
    assert "as this page was open for a minute" in part.text
    assert "load delay" not in part.text
    assert mo_browser.post(f"{brief}/unseen").headers["location"] == brief


def test_what_a_mentor_has_seen_stays_as_it_is(
    ada_browser: Browser, mo_browser: Browser, things: Things, ada: User
) -> None:
    ada_browser.post("/check-in", did="One")
    mo_browser.post(f"/mentor/learners/{ada.id}/brief/seen")
    ada_browser.post("/check-in", did="Two")
    with transaction() as session:
        assert {one.did for one in session.scalars(select(CheckIn))} == {"One", "Two"}
    page = ada_browser.get("/check-in").text
    assert "One" in page
    assert "Two" in page


def test_an_empty_check_in_is_refused_beside_the_form(ada_browser: Browser, things: Things) -> None:
    answer = ada_browser.post("/check-in", htmx=True, source="form#form-check-in", did=" ")
    assert answer.status_code == 422
    assert answer.headers["hx-retarget"] == "#notice-check-in"


def test_after_a_form_of_the_same_page_the_browser_really_loads_it(
    ada_browser: Browser, things: Things
) -> None:
    """Where only the place on the page differs, a browser would scroll and show what was there before."""
    headers = {"hx-request": "true", "hx-current-url": "http://127.0.0.1:8000/check-in"}
    sent = {"csrf": ada_browser.token, "text": "Step 2"}
    answer = ada_browser.client.post("/goals", data=sent, headers=headers)
    assert answer.headers["hx-redirect"] == "/check-in"


def test_what_is_pinned_stands_on_the_map_of_the_cohort_alone(
    ada_browser: Browser, mo_browser: Browser, browser: object, things: Things, outsider: User
) -> None:
    mo_browser.post(
        f"/mentor/cohorts/{things.cohort}/announcements", body="Bring **cake**.", pinned_until="2099-01-01"
    )
    assert "<strong>cake</strong>" in ada_browser.get("/path").text
    assert "cake" not in browser(outsider).get("/path").text  # type: ignore[operator]
    with transaction() as session:
        said = session.scalars(select(Announcement).where(Announcement.pinned_until.is_not(None))).one()
    mo_browser.post(f"/mentor/cohorts/{things.cohort}/announcements/{said.id}", move="remove")
    assert "cake" not in ada_browser.get("/path").text
