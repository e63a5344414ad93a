"""Whoever comes into a cohort is told first what its mentors will see; and again when it is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from app.db import now, transaction
from app.models import Cohort, User
from tests.routes.acting import Browser, Things

SEES = "also from before, never what you only try"
Made = Callable[..., Browser]


def test_by_a_link(things: Things, zoe: User, browser: Made) -> None:
    assert SEES in browser(zoe).get(f"/join/{things.token}").text
    assert SEES in browser(None).get(f"/join/{things.token}").text


def test_by_an_account_where_a_cohort_is_open(cohort: Cohort, browser: Made) -> None:
    assert SEES not in browser(None).get("/sign-up").text
    with transaction() as session:
        session.get_one(Cohort, cohort.id).open = True
    newcomer = browser(None)
    for page in (newcomer.get("/sign-up"), newcomer.post("/sign-up", name="Zoe", email="none")):
        assert "a learner of <b>Autumn</b>." in page.text
        assert SEES in page.text


def test_where_a_cohort_is_over_its_learners_read_that_its_mentors_go_on_seeing(
    cohort: Cohort, ada: User, mo: User, browser: Made
) -> None:
    hers, page = browser(ada), f"/cohorts/{cohort.id}"
    assert "go on seeing" not in hers.get(page).text
    with transaction() as session:
        session.get_one(Cohort, cohort.id).ends_on = now().date() - timedelta(days=1)
    assert "go on seeing what you hand in and ask" in hers.get(page).text
    assert "go on seeing" not in browser(mo).get(page).text
    assert "That goes on when a cohort is over, until you leave it." in hers.get("/account").text
