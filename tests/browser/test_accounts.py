"""A site that others reach: a session that ends while one writes, and the pages of accounts and of links."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.config import ROOT
from app.db import make_engine, now
from app.models import Mailing, User, WebSession
from app.post import mailing
from tests.browser.acting import LESSON, cell, fits, write
from tests.browser.conftest import PHONE, WIDE, Watch
from tests.serve.starting import Site, start_site

PUBLIC = {"UNEMBED_PUBLIC_URL": "http://learn.example.org", "UNEMBED_SANDBOX": "auto"}
PASSWORD, TEXT = "a long password", "# a whole evening"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with start_site(tmp_path_factory.mktemp("public"), **PUBLIC) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture
def database(site: Site) -> Iterator[Session]:
    engine = make_engine(f"sqlite:///{site.data_dir / 'unembed.db'}")
    with Session(engine) as session:
        yield session
    engine.dispose()


Window = Callable[..., Page]


@pytest.fixture
def window(browser: Browser, site: Site, watch: Watch) -> Iterator[Window]:
    opened: list[BrowserContext] = []

    def made(viewport: dict[str, int] = WIDE, scheme: str = "light") -> Page:
        context = browser.new_context(viewport=viewport, base_url=site.url, color_scheme=scheme)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        watch.over(context)
        opened.append(context)
        return context.new_page()

    yield made
    for context in opened:
        context.close()


def first_account(site: Site, page: Page) -> None:
    """By the one-time link, as `unembed user link` prints it; or sign in to what an earlier test made."""
    env = {**os.environ, **PUBLIC, "UNEMBED_DATA_DIR": str(site.data_dir)}
    command = [sys.executable, "-m", "app.cli", "user", "link"]
    link = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True).stdout.strip()
    page.goto(f"/first-account?token={link.partition('=')[2]}" if link else "/sign-in")
    if link:
        page.fill("#field-name", "Olga")
    page.fill("#field-email", "olga@example.org")
    page.fill("#field-password", PASSWORD)
    page.click("main button.first")
    page.wait_for_url("**/path")


def test_a_session_that_ends_loses_no_text(
    site: Site, window: Window, watch: Watch, database: Session
) -> None:
    watch.expect("401")
    page = window()
    first_account(site, page)
    page.goto(LESSON)
    write(page, "surprise", f"{TEXT}, saved")
    expect(cell(page, "surprise").locator(".saved")).to_have_text("saved")
    database.execute(update(WebSession).values(expires_at=now()))
    database.commit()
    write(page, "surprise", f"{TEXT}, after it had ended")
    said = cell(page, "surprise").locator(".saved")
    expect(said).to_have_text("not signed in; kept in this browser")
    cell(page, "surprise").locator("[data-run]").click()
    notice = page.locator(".problem", has_text="Sign in to run code")
    expect(notice).to_be_visible()
    notice.get_by_role("link", name="Sign in").click()
    page.fill("#field-email", "olga@example.org")
    page.fill("#field-password", PASSWORD)
    page.click("main button.first")
    page.wait_for_url(f"**{LESSON}")
    expect(cell(page, "surprise").locator("code-cell .cm-content")).to_have_text(
        f"{TEXT}, after it had ended"
    )
    expect(cell(page, "surprise").locator(".saved")).to_have_text("saved")  # and now the server has it


def link_for(database: Session) -> str:
    """One that turns mail off."""
    olga = database.scalars(select(User).where(User.email == "olga@example.org")).one()
    mailing.choose(database, olga, "daily")
    database.commit()
    return f"/mail/off/{database.scalars(select(Mailing.token)).one()}"


@pytest.mark.parametrize(("viewport", "scheme"), [(WIDE, "light"), (PHONE, "dark")], ids=["desk", "phone"])
def test_pages_of_accounts_fit_and_are_accessible(
    site: Site,
    window: Window,
    database: Session,
    axe: Callable[[Page], None],
    shoot: Callable[..., object],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = window(viewport, scheme)
    first_account(site, page)

    def look(name: str) -> None:
        axe(page)
        fits(page, name)
        shoot(page, f"accounts-{name}-{viewport['width']}", whole=True)

    page.goto("/account")
    for summary in page.locator("main summary").all():
        summary.click()
    look("account")
    page.goto("/account/delete")
    look("delete")
    page.goto("/forgot")
    look("forgot")
    page.goto(link_for(database))
    look("mail-off")
    page.goto("/people")
    look("people")
    page.get_by_role("button", name="Password link").first.click()
    page.wait_for_selector("input.link")
    look("link")
    page.locator("input.link").focus()
    chosen = "document.activeElement.selectionEnd - document.activeElement.selectionStart"
    link = page.locator("input.link").input_value()
    assert page.evaluate(chosen) == len(link)  # one key copies it
    page.goto("/mentor")
    page.locator("details:has(#field-name)").evaluate(
        "fold => fold.open = true"
    )  # open where there is none yet
    page.fill("#field-name", f"Autumn {scheme}")
    page.click("text=Make it")
    page.click("text=Bring in a class list")
    page.fill("#field-text", f"Ann;ann-{scheme}@example.org\nBob;bob\n")
    page.click("text=Look at it")
    page.wait_for_selector(".lines")
    look("class-list")
    page.click("text=Bring in the 1 good one")
    page.wait_for_selector(".log input.link")
    look("class-list-links")
    page.goto("/reset/" + page.locator(".log input.link").first.input_value().rpartition("/")[2])
    look("reset")
