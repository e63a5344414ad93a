"""What learners' programs show and what people write, shown to a mentor: no script runs, no request leaves.

Everything twice: as a worker stores it, and written into the database as if no filter had been there, for the
page has to hold by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from app.db import make_engine
from app.models import User
from app.visitors import SESSION_COOKIE
from tests.browser import hostile
from tests.browser.acting import run, write
from tests.browser.conftest import Visit, Watch
from tests.browser.hostile import Alarm, Stored
from tests.serve.starting import Site

HELD_BACK = (  # what the policy stops where no filter has: pictures, styles, the handler of a link's `popup`
    r"^policy: (img-src|style-src-attr|script-src-attr) blocked",
    r"^(Loading the image|Applying inline style|Executing inline event handler) .*violates",  # said twice
    r"^Failed to load resource: net::ERR_INVALID_URL \(data:image/png",  # an image that is none
)


@pytest.fixture
def database_of_site(site: Site) -> Iterator[Engine]:
    """The running site's own database; who was put into it is gone afterwards."""
    engine = make_engine(f"sqlite:///{site.data_dir / 'unembed.db'}")
    yield engine
    with Session(engine) as session, session.begin():
        session.execute(delete(User).where(User.email.like("%-raw@example.org")))
        session.execute(delete(User).where(User.email.like("%-filtered@example.org")))
    engine.dispose()


@pytest.fixture
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server of another origin: its address, and what it was asked for."""
    with hostile.listener() as found:
        yield found


def test_the_corpus_has_something_of_every_kind() -> None:
    held = hostile.read()
    assert all(len(kinds) == 2 and kinds["tries"].strip() for kinds in held.values())  # one thing, and why
    least = {
        "plotly": 12,
        "html": 6,
        "svg": 5,
        "ansi": 4,
        "markdown": 8,
        "csv": 3,
        "attention": 2,
        "tokens": 2,
        "leaderboard": 2,
        "top_tokens": 1,
        "samples": 1,
        "image": 2,
    }
    for family, number in least.items():
        assert sum(name.startswith(family) for name in held) >= number, family
    assert len(held) >= 40


@pytest.mark.parametrize("filtered", [True, False], ids=["filtered", "raw"])
def test_nothing_runs_and_nothing_leaves(
    site: Site,
    visit: Visit,
    watch: Watch,
    database_of_site: Engine,
    elsewhere: tuple[str, list[str]],
    filtered: bool,
) -> None:
    address, heard = elsewhere
    with Session(database_of_site) as session, session.begin():
        stored = hostile.store(session, address, filtered=filtered)
    for pattern in () if filtered else HELD_BACK:
        watch.expect(pattern)
    mentor, learner = visit(), visit()
    _sign_in(mentor, site, stored.mentors_token)
    _sign_in(learner, site, stored.token)
    with _alarmed(site, mentor) as look:
        look("/mentor")
        look(f"/mentor/learners/{stored.learner}")
        expect(mentor.locator(".message", has_text=hostile.GOOD).first).to_be_visible()
        look(f"/threads/{stored.thread}")
        look(f"/attempts/{stored.attempt}")
        _shows_all(mentor, stored, filtered)
    with _alarmed(site, learner) as look:
        look(f"/lessons/{hostile.LESSON}", touch=False)
        _shows_all(learner, stored, filtered)
        look(f"/threads/{stored.thread}")
        look(f"/runs/{stored.run}", touch=False)
    assert heard == []


def test_a_cell_that_forges_them_all_is_shown_as_it_runs(
    site: Site, page: Page, elsewhere: tuple[str, list[str]]
) -> None:
    address, heard = elsewhere
    with _alarmed(site, page) as look:
        look(f"/lessons/{hostile.LESSON}", touch=False)
        write(page, hostile.CELL, hostile.forging(address))
        output = run(page, hostile.CELL)
        expect(output.locator(".result", has_text=hostile.GOOD)).to_be_visible()
        expect(output.locator(".shown-notice", has_text="layout.images").first).to_be_visible()
    assert heard == []


def test_the_alarm_sounds_where_a_page_is_not_safe(
    site: Site, visit: Visit, watch: Watch, elsewhere: tuple[str, list[str]]
) -> None:
    """The same texts on a page that neither escapes nor has a policy."""
    address, heard = elsewhere
    watch.expect("")
    page, alarm = visit(), Alarm(site.url)
    alarm.over(page)
    texts = hostile.corpus("PRINTS", address).values()
    unsafe = f"<!doctype html><body>{''.join(texts)}<script>alert(1);open('{address}/window')</script>"
    page.route(f"{site.url}/unsafe", lambda route: route.fulfill(body=unsafe, content_type="text/html"))
    page.goto("/unsafe")
    page.wait_for_timeout(300)
    assert alarm.ran(page) == ["a script ran"] or f"{address}/refresh" in alarm.requests
    assert alarm.dialogs == ["1"]
    assert alarm.windows
    assert any("svg.png" in url or "frame" in url for url in alarm.requests)
    assert heard


def _sign_in(page: Page, site: Site, token: str) -> None:
    page.context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": site.url}])


@contextmanager
def _alarmed(site: Site, page: Page) -> Iterator[Callable[..., None]]:
    """`look(address)`: open a page and do there what people do. At the end: was there anything wrong?"""
    alarm = Alarm(site.url)
    alarm.over(page)

    def look(address: str, *, touch: bool = True) -> None:
        page.goto(address)
        if touch:
            _touch_figures(page)
        assert page.url == site.url + address
        assert alarm.ran(page) == [], address

    yield look
    assert alarm.ran(page) == []
    assert (alarm.requests, alarm.dialogs, alarm.windows) == ([], [], [])


SETTLED = """element => element.dataset.ready !== undefined
  || (element.shadowRoot ?? element).textContent.includes("could not be")"""


def _touch_figures(page: Page) -> None:
    """Open every fold, bring every figure and view to the screen, move over it, press its buttons."""
    page.evaluate("() => document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    for figure in page.locator("plotly-figure, .view").all():
        figure.scroll_into_view_if_needed()
        page.wait_for_function(SETTLED, arg=figure.element_handle())
        for place in figure.locator(".nsewdrag").all()[:1]:
            place.hover(force=True)
        for button in figure.locator(".updatemenu-button, .slider-grip-rect").all():
            button.click(force=True)


def _shows_all(page: Page, stored: Stored, filtered: bool) -> None:
    """The harmless outputs stand beside the others, and the page's own scripts still work."""
    expect(page.locator(".shown > .result", has_text=hostile.GOOD)).to_be_visible()
    page.locator(".shown-figure plotly-figure").last.scroll_into_view_if_needed()
    expect(page.locator(".shown-figure plotly-figure").last).to_have_attribute("data-ready", "")
    assert page.locator(".shown > *").count() >= stored.shown
    assert page.locator(".shown a[href]:not([href^='#cell-']), .shown a [href]").count() == 0
    if filtered:
        broken = page.get_by_text("could not be drawn").or_(page.get_by_text("could not be loaded"))
        expect(broken).to_have_count(0)
        expect(page.locator(".shown-notice", has_text="layout.images").first).to_be_visible()
    before = page.locator("html").get_attribute("data-theme")
    page.get_by_role("button", name="Day / night").click()
    assert page.locator("html").get_attribute("data-theme") != before
