"""A real Chromium on a real Unembed: `unembed serve` on a free port, with a data folder of its own.

Each test gets a fresh visitor. What the browser complains about (errors, policy violations) fails the test.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser.acting import sign_up
from tests.browser.classroom import Classroom
from tests.browser.finding import find_browser
from tests.conftest import SMALL_COURSE
from tests.serve.starting import Site, start_site

SCREENSHOTS = Path(__file__).parent / "screenshots"
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
_QUIET = [  # a browser that minds its own business
    *("--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-default-apps"),
]
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", event =>
  console.error(`policy: ${event.effectiveDirective} blocked ${event.blockedURI} ${event.sample}`))
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All tests here drive the browser, and starting it all takes a while."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests. Without one they are skipped, or fail where `CI` is set."""
    program = find_browser()
    if program is None:
        sentence = (
            "no browser: no Chromium or Chrome is installed, and neither Playwright's nor Debian's can be had"
        )
        (pytest.fail if os.environ.get("CI") else pytest.skip)(sentence)
    arguments = [*_QUIET, "--no-sandbox"] if os.getuid() == 0 else _QUIET
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The whole platform, as `make serve` starts it; `site.url` and `site.data_dir`."""
    with start_site(tmp_path_factory.mktemp("site")) as started:
        started.wait_until_ready()
        yield started


@pytest.fixture(scope="session")
def classroom(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Classroom]:
    """Another site, for whole classes: Boss, its admin, and the mentor Mo are there already."""
    folder = tmp_path_factory.mktemp("classroom")
    shutil.copytree(SMALL_COURSE, folder / "course", ignore=shutil.ignore_patterns("__pycache__"))
    with start_site(folder, UNEMBED_COURSE_DIR=str(folder / "course")) as started:
        started.wait_until_ready()
        for name in ("Boss", "Mo"):
            with contextlib.closing(browser.new_context(base_url=started.url)) as context:
                sign_up(context.new_page(), name)
        yield Classroom(started, folder / "course")


class Watch:
    """Collects what a page complains about."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        self._expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """A complaint matching `pattern` belongs to the test: a 422 that it asks for, say."""
        self._expected.append(pattern)

    def over(self, context: BrowserContext) -> None:
        """Listen to every page of a browser window."""
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.complaints.append(f"uncaught: {error.error}"))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location.get('url', '')})")

    @property
    def unexpected(self) -> list[str]:
        return [said for said in self.complaints if not any(re.search(p, said) for p in self._expected)]


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test at its end if a page complained of anything that was not expected."""
    made = Watch()
    yield made
    assert made.unexpected == []


Visit = Callable[..., Page]


@pytest.fixture
def visit(browser: Browser, site: Site, watch: Watch) -> Iterator[Visit]:
    """`visit()`: the page of somebody who was never here before; of as many as a test calls."""
    contexts = []

    def made(viewport: dict[str, int] = WIDE, **options: Any) -> Page:
        context = browser.new_context(viewport=viewport, base_url=site.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        watch.over(context)
        contexts.append(context)
        return context.new_page()

    yield made
    for context in contexts:
        context.close()


@pytest.fixture
def page(visit: Visit) -> Page:
    """A new visitor at a desk, 1280 pixels wide."""
    return visit()


@pytest.fixture
def phone(visit: Visit) -> Page:
    """A new visitor with a phone, 390 pixels wide."""
    return visit(PHONE, has_touch=True, is_mobile=True)


@pytest.fixture
def plain(visit: Visit) -> Page:
    """A new visitor whose browser runs no JavaScript."""
    return visit(java_script_enabled=False)


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], None]:
    """`axe(page)`: no accessibility violation on what is shown now."""
    source = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()

    def checked(page: Page) -> None:
        page.evaluate(source)  # a script tag would be against the policy
        found = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")["violations"]
        told = [
            {"rule": v["id"], "where": [node["target"] for node in v["nodes"]], "help": v["help"]}
            for v in found
        ]
        assert told == [], json.dumps(told, indent=1)

    return checked


@pytest.fixture
def shoot() -> Callable[[Page, str], Path]:
    """`shoot(page, "map")`: a picture for people to look at, in tests/browser/screenshots."""

    def taken(page: Page, name: str, whole: bool = False) -> Path:
        SCREENSHOTS.mkdir(exist_ok=True)
        path = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=path, full_page=whole)
        return path

    return taken
