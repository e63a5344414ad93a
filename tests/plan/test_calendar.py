"""The plan as a calendar file, as a download and behind a secret link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time

import pytest

from app.db import transaction
from app.lessons import Lesson
from app.models import Cohort, Part, User
from app.teaching import ics, plan
from app.teaching.deadlines import Deadline
from app.teaching.plan import Item
from tests.routes.acting import Browser
from tests.routes.conftest import browser as browser
from tests.routes.conftest import site as site


@pytest.fixture
def planned(cohort: Cohort, mo: User, lesson: Lesson) -> None:
    with transaction() as session:
        here = session.get_one(Cohort, cohort.id)
        here.time_zone = "Europe/Berlin"
        plan.put(session, mo, here, [Item(Part.LESSON, "counting", date(2032, 7, 1), time(18))])


def test_the_file_says_when_in_universal_time(
    planned: None, ada: User, browser: Callable[..., Browser]
) -> None:
    answer = browser(ada).get("/plan.ics")
    assert answer.headers["content-type"].startswith("text/calendar")
    lines = answer.text.split("\r\n")
    assert "DTEND:20320701T160000Z" in lines
    assert "SUMMARY:Due: Counting (Autumn)" in lines
    assert (lines[0], lines[-2]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")


def test_the_link_needs_no_cookie_and_ends(planned: None, ada: User, browser: Callable[..., Browser]) -> None:
    hers, nobody = browser(ada), browser(None)
    hers.post("/plan/link")
    with transaction() as session:
        first = ics.link(session, ada)
        assert first is not None
        url = f"/calendars/{first.token}.ics"
    assert "Counting" in nobody.get(url).text
    assert url in hers.get("/plan").text
    hers.post("/plan/link")
    assert nobody.get(url).status_code == 404
    with transaction() as session:
        second = ics.link(session, ada)
        assert second is not None
        url = f"/calendars/{second.token}.ics"
    assert nobody.get(url).status_code == 200
    hers.post("/plan/link/end")
    assert nobody.get(url).status_code == 404


def test_it_shows_the_plan_of_its_learner_alone(
    planned: None, zoe: User, browser: Callable[..., Browser]
) -> None:
    assert "VEVENT" not in browser(zoe).get("/plan.ics").text


def test_names_cannot_add_lines_and_lines_are_short(cohort: Cohort, lesson: Lesson) -> None:
    cohort.name = "Ä;,\\\r\nBEGIN:VALARM " + "漢" * 60
    cohort.time_zone = "UTC"
    item = Item(Part.LESSON, "counting", date(2032, 7, 1))
    text = ics.calendar([Deadline(cohort, item, item.moment(cohort), False, None)])
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    whole = text.replace("\r\n ", "").split("\r\n")
    (summary,) = [line for line in whole if line.startswith("SUMMARY")]
    assert summary == "SUMMARY:Due: Counting (Ä\\;\\,\\\\  BEGIN:VALARM " + "漢" * 60 + ")"
