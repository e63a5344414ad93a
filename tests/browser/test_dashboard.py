"""A mentor looks at the dashboard while learners go on: it renews itself, and they stay where they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.db import make_engine, now
from app.models import Standing, User
from app.people.accounts import open_session
from app.visitors import SESSION_COOKIE
from tests import seeded
from tests.browser.conftest import WIDE, Watch
from tests.serve.starting import start_site

WHERE = """() => ({
    table: [heat.scrollLeft, heat.scrollTop], page: scrollY, focus: document.activeElement.closest("tr").id,
    cell: document.activeElement.cellIndex, first: document.querySelector("#heat tbody th").innerText,
})"""


@dataclass(frozen=True)
class Board:
    """The site's address, its database, the cohort, and its mentor's key."""

    url: str
    engine: Engine
    cohort: UUID
    key: str


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with start_site(tmp_path_factory.mktemp("dashboard")) as site:
        site.wait_until_ready()
        url = f"sqlite:///{site.data_dir / 'unembed.db'}"
        made, engine = seeded.fill(url, learners=40, attempts=1200), make_engine(url)
        with Session(engine) as session, session.begin():
            key = open_session(session, session.get_one(User, made.mentor))
        yield Board(site.url, engine, made.cohort, key)
        engine.dispose()


@pytest.fixture
def page(browser: Browser, board: Board, watch: Watch) -> Iterator[Page]:
    context = browser.new_context(viewport=WIDE, base_url=board.url)
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": SESSION_COOKIE, "value": board.key, "url": board.url}])
    watch.over(context)
    yield context.new_page()
    context.close()


def test_what_learners_do_appears_and_the_mentor_stays_where_they_were(page: Page, board: Board) -> None:
    page.goto(f"/mentor/cohorts/{board.cohort}")
    page.locator("#lesson-tensors").click()
    expect(page.locator("#lesson-tensors")).to_have_attribute("aria-expanded", "true")
    page.locator("#sort-name").click()
    expect(page.locator("th[aria-sort='ascending'] #sort-name")).to_be_focused()
    assert page.url.endswith("?sort=name&open=tensors")
    page.evaluate("heat.scrollTo(200, 300)")
    page.locator("#heat").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowRight", "ArrowDown", "ArrowDown"):
        page.keyboard.press(key)
    before = page.evaluate(WHERE)
    learner, passed = _pass_one(board)
    cell = page.locator(f"#l-{learner} .sum")
    assert cell.inner_text() == str(passed)
    expect(cell).to_have_text(str(passed + 1), timeout=60_000)
    assert page.evaluate(WHERE) == before
    expect(page.locator("#lesson-tensors")).to_have_attribute("aria-expanded", "true")
    page.reload()
    expect(page.locator("#lesson-tensors")).to_have_attribute("aria-expanded", "true")


def _pass_one(board: Board) -> tuple[UUID, int]:
    """Somebody passes an exercise: who, and how many they had passed before."""
    with Session(board.engine) as session, session.begin():
        one = session.scalars(select(Standing).where(Standing.passed_at.is_(None))).first()
        assert one is not None
        theirs = select(Standing).where(Standing.user_id == one.user_id, Standing.passed_at.is_not(None))
        count = len(session.scalars(theirs).all())
        one.passed_at, one.streak, one.updated_at = now(), 0, now() + timedelta(seconds=1)
        return one.user_id, count


def test_a_cell_opens_the_learner_at_its_lesson(page: Page, board: Board) -> None:
    page.goto(f"/mentor/cohorts/{board.cohort}?sort=name")
    page.locator("#heat td[data-l='tensors']").first.click()
    page.wait_for_url("**/mentor/learners/*?lesson=tensors#timeline")
    expect(page.locator("#timeline")).to_contain_text("Tensors")
    page.go_back()
    page.locator("#heat").focus()
    page.keyboard.press("ArrowDown")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mentor/learners/*")
