"""Every page there is, with a cohort's work and long words on it, at a desk by day and on a phone by night.

It opens, it is accessible, it is no wider than the screen, and its dates are for people. A route that is
neither here nor excused fails the test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import make_engine, now
from app.lessons import course
from app.main import create_app
from app.mentoring import threads
from app.models import (
    Assessment,
    Attempt,
    Cohort,
    NewAddress,
    Output,
    Regrade,
    RegradeState,
    Run,
    Thread,
    User,
)
from app.people import addresses
from app.people.accounts import open_session
from app.visitors import SESSION_COOKIE
from tests import seeded
from tests.browser.acting import fits, keeps_words
from tests.browser.conftest import PHONE, WIDE, Watch
from tests.browser.long_words import lengthen
from tests.routes.acting import every_route
from tests.serve.starting import Site, start_site

NO_PAGE = {  # route: what it is instead, or where its page is looked at
    "lesson_events": "a stream",
    "show_output": "data",
    "show_manual": "test_looks",
    "show_figure": "a picture",
    "show_view": "a picture",
    "healthz": "data",
    "readyz": "data",
    "metrics": "data",
    "first_account": "leads to the sign-in",
    "show_shared": "tests/routes/test_shares",
    "show_invite": "test_cohorts",
    "show_solution": "test_people",
    "show_result": "leads to the start",
    "show_run": "a learner's own",
    "show_frontier": "only of exercises that measure; tests/routes/test_frontier",
    "take_lab": "a file",
    "take_notebook": "a file",
    "take_script": "a file",
    "download_calendar": "a file",
    "show_calendar": "a file",
    "take_grades": "a file",
    "take_results": "a file",
    "take_regrade": "a file",
    "show_clock": "a part of an assessment's page",
    "show_thread_trial": "only where there is code; tests/browser/test_review",
    "export_account": "a file",
    "show_reset": "test_accounts",
    "show_mail_off": "test_accounts",
}


LEARNERS_OWN = {"show_assessment"}  # not even a mentor's
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")  # as machines write it: people read “7 December 2026”
DATA = {"show_api"}  # where machines are written about


@dataclass(frozen=True)
class Cast:
    """The site, what stands in addresses, and the keys of an admin who mentors, and of a learner."""

    site: Site
    known: dict[str, object]
    mentor: str
    learner: str


@pytest.fixture(scope="module")
def cast(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cast]:
    with start_site(tmp_path_factory.mktemp("every-page")) as site:
        site.wait_until_ready()
        url = f"sqlite:///{site.data_dir / 'unembed.db'}"
        made = seeded.fill(url, learners=12, attempts=600)
        engine = make_engine(url)
        with Session(engine) as session, session.begin():
            known = _known(session, made)
            mentor, learner = (session.get_one(User, known[name]) for name in ("mentor_id", "learner_id"))
            mentor.admin, mentor.email = True, "mentor@example.org"
            thread = threads.visible(session, learner, session.get_one(Thread, known["thread_id"]).id)
            lengthen(session, session.get_one(Cohort, made.cohort), mentor, learner, thread)
            keys = (open_session(session, mentor), open_session(session, learner))
        engine.dispose()
        yield Cast(site, known, *keys)


def _known(session: Session, made: seeded.Seeded) -> dict[str, object]:
    """Parts of addresses: of a learner who has handed in and asked."""
    thread = session.scalars(select(Thread)).first()
    assert thread
    theirs = select(Attempt).where(Attempt.user_id == thread.user_id)
    attempt = next(one for one in session.scalars(theirs) if not course().exercises[one.exercise].is_form)
    assert attempt
    output = select(Output.id).join(Run, Run.id == Output.run_id).where(Run.user_id == thread.user_id)
    assessment, regrade = _assessment(made, attempt), _regrade(attempt)
    session.add_all([assessment, regrade])
    session.flush()
    return {
        "assessment_id": assessment.id,
        "regrade_id": regrade.id,
        "lesson": attempt.lesson,
        "exercise": attempt.exercise,
        "cell": attempt.exercise,
        "node": next(
            node.id for node in course().path.nodes if attempt.lesson in {x.slug for x in node.lessons}
        ),
        "attempt_id": attempt.id,
        "run_id": attempt.run_id,
        "output_id": session.scalar(output),
        "thread_id": thread.id,
        "learner_id": thread.user_id,
        "cohort_id": made.cohort,
        "mentor_id": made.mentor,
        "token": _new_address(session, thread.user_id),
    }


def _new_address(session: Session, learner: UUID) -> str:
    """Of a learner who has asked for another one: the token of its link."""
    wanted = NewAddress(user_id=learner, email="ada@new.example", token_hash="", expires_at=now())
    session.add(wanted)
    return addresses.link(session, wanted).rpartition("/")[2]


def _assessment(made: seeded.Seeded, attempt: Attempt) -> Assessment:
    """One that is open to whoever is in no hurry."""
    begun, over = now() - timedelta(hours=1), now() + timedelta(hours=1)
    return Assessment(
        cohort_id=made.cohort,
        title="The first week",
        about="All of it, *alone*.",
        exercises=[attempt.exercise],
        opens_at=begun,
        closes_at=over,
        last_at=over,
        minutes=30,
    )


def _regrade(attempt: Attempt) -> Regrade:
    return Regrade(
        exercise=attempt.exercise,
        title="An exercise",
        latest=True,
        by_newest=False,
        made_by="Mo",
        state=RegradeState.READY,
    )


@pytest.fixture(params=[(WIDE, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def window(
    request: pytest.FixtureRequest, browser: Browser, cast: Cast, watch: Watch
) -> Iterator[Callable[[str], BrowserContext]]:
    """`window(key)`: a browser window of whoever has this key."""
    viewport, scheme = request.param
    opened = []

    def made(key: str) -> BrowserContext:
        context = browser.new_context(viewport=viewport, base_url=cast.site.url, color_scheme=scheme)
        context.set_default_timeout(20_000)
        context.add_cookies([{"name": SESSION_COOKIE, "value": key, "url": cast.site.url}])
        watch.over(context)
        opened.append(context)
        return context

    yield made
    for context in opened:
        context.close()


def every_address(known: dict[str, object]) -> dict[str, str]:
    """Name of the route → address, for every route that has a page."""
    pages = {}
    for route in every_route(create_app()):
        if "GET" in route.methods and route.name not in NO_PAGE:
            pages[route.name] = route.path_format.format_map(known)
    return pages


def test_excuses_are_for_routes_that_are_there() -> None:
    assert NO_PAGE.keys() <= {route.name for route in every_route(create_app())}


@pytest.mark.parametrize("who", ["mentor", "learner"])
def test_pages_open_fit_and_are_accessible(
    who: str,
    cast: Cast,
    window: Callable[[str], BrowserContext],
    watch: Watch,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
) -> None:
    watch.expect("status of 40[34]")
    page = window(getattr(cast, who)).new_page()
    faults = []
    for name, address in every_address(cast.known).items():
        answer = page.goto(address)
        assert answer
        if answer.status in (403, 404) and (who == "learner" or name in LEARNERS_OWN):
            continue  # tests/routes/test_who_may says which these are
        try:
            assert answer.status == 200, answer.status
            axe(page)
            fits(page, name)
            keeps_words(page, name)
            assert name in DATA or not (dates := DATE.findall(page.locator("main").inner_text())), dates
        except AssertionError as fault:
            faults.append(f"{name} {address}: {fault}")
        shoot(page, f"every-{who}-{name}-{page.viewport_size['width']}", whole=True)  # type: ignore[index]
    assert faults == [], "\n".join(faults)
