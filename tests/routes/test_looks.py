"""Whoever runs the site may look at everybody's work, and the audit log says that they did."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import delete, select

from app.db import transaction
from app.models import Deed, User
from tests.routes.acting import Browser, Program, Things
from tests.routes.test_who_may import API, MORE, TABLE

# pages that have “{”, are shown to an admin, and have nobody's work on them, or say by another line that it
# was taken
NO_WORK = {
    *("show_shared", "show_invite", "show_reset", "show_new_address", "show_mail_off", "show_calendar"),
    *("show_people", "show_class_list", "show_edition", "show_assessments"),
    *("show_plan", "show_bulletin", "edit_bulletin", "show_mistake"),
    *("show_grades", "take_grades", "take_results"),
    *("show_regrade", "take_regrade"),  # a job of whoever runs the site, and its beginning is noted
}
NO_WORK_OF_API = {"show_cohort", "list_grades"}


def looks() -> list[tuple[str, str]]:
    """Whose, or of which cohort, the log says; and forgets it."""
    with transaction() as session:
        lines = session.scalars(select(Deed).where(Deed.kind == "looked")).all()
        found = [(line.data["about"], line.data["cohort"]) for line in lines]
        session.execute(delete(Deed))
    return found


def pages_of_somebody() -> list[str]:
    known = TABLE | MORE
    return [
        name
        for name, (method, url, _, statuses) in known.items()
        if method == "GET" and "{" in url and statuses[6] == 200 and name not in NO_WORK
    ]


@pytest.mark.parametrize("page", pages_of_somebody())
def test_an_admins_look_at_a_page_is_noted_and_a_mentors_is_not(
    page: str, things: Things, ada: User, ben: User, mo: User, boss: User, browser: Callable[..., Browser]
) -> None:
    _, url, _, _ = (TABLE | MORE)[page]
    url = url.format(**vars(things), ada=ada.id, ben=ben.id)
    assert browser(mo).get(url).status_code == 200
    assert looks() == []
    theirs = browser(boss)
    assert theirs.get(url).status_code == theirs.get(url).status_code == 200
    assert looks() in ([("Ada", "")], [("", "Autumn")])


@pytest.mark.parametrize(
    "operation",
    [
        name
        for name, (method, url, _, statuses) in API.items()
        if method == "GET" and "{" in url and statuses[6] == 200 and name not in NO_WORK_OF_API
    ],
)
def test_so_is_a_look_by_the_api(
    operation: str, things: Things, ada: User, boss: User, site: FastAPI
) -> None:
    _, url, _, _ = API[operation]
    Program(site, boss).get(url.format(**vars(things), ada=ada.id))
    assert looks() in ([("Ada", "")], [("", "Autumn")])


def test_who_mentors_a_cohort_and_runs_the_site_looks_as_its_mentor(
    things: Things, ada: User, mo: User, browser: Callable[..., Browser]
) -> None:
    with transaction() as session:
        session.get_one(User, mo.id).admin = True
    for url in (f"/attempts/{things.attempt}", f"/mentor/cohorts/{things.cohort}"):
        assert browser(mo).get(url).status_code == 200
    assert looks() == []
