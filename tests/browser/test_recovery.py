"""A page that is left open while everything behind it dies shows in the end what came of it, by itself."""

from __future__ import annotations

import os
import signal

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import LESSON, PATIENCE, cell, press_run, solution, write
from tests.browser.conftest import Watch
from tests.serve.starting import Site

LOST = "Failed to load resource|ERR_|NetworkError|network error|Failed to fetch"
LONG = 3 * PATIENCE  # milliseconds: what died has to start, and a lease to run out
WORK = "import time\nfor i in range({}):\n    print('line', i)\n    time.sleep(1)"


def kill(site: Site, *parts: str) -> None:
    found = site.parts()
    for part in parts:
        os.kill(found[part], signal.SIGKILL)


def begin(page: Page, seconds: int) -> Locator:
    """Run something in the first cell, mark the page, and wait until it has printed."""
    page.goto(LESSON)
    write(page, "surprise", WORK.format(seconds))
    page.evaluate("window.neverLeft = true")
    output = press_run(page, "surprise")
    expect(output.locator(".shown")).to_contain_text("line 1", timeout=PATIENCE)
    return output


def ends_well(page: Page, output: Locator, seconds: int) -> None:
    """All lines, once, on the very page that was opened."""
    done = output.locator(".run[data-ending=ok]")
    expect(done).to_be_visible(timeout=LONG)
    lines = done.locator(".shown").inner_text().split("\n")
    assert [line for line in lines if line] == [f"line {i}" for i in range(seconds)]
    assert page.evaluate("window.neverLeft") is True


@pytest.mark.timeout(900)
def test_a_page_left_open_while_everything_dies_recovers(page: Page, site: Site, watch: Watch) -> None:
    watch.expect(LOST)
    output = begin(page, 6)
    kill(site, "runner", "redis", "worker", "site")
    ends_well(page, output, 6)


@pytest.mark.timeout(900)
def test_a_verdict_comes_to_a_page_whose_site_and_worker_died(page: Page, site: Site, watch: Watch) -> None:
    watch.expect(LOST)
    name = "repeated_tokens"
    page.goto(LESSON)
    page.evaluate("window.neverLeft = true")
    write(page, name, f"import time\ntime.sleep(4)\n{solution(name)}")
    cell(page, name).locator("[data-hand-in]").click()
    expect(cell(page, name).locator(".output .run")).to_be_visible(timeout=PATIENCE)
    kill(site, "worker", "site")
    expect(cell(page, name).locator(".output .verdict.passed")).to_be_visible(timeout=LONG)
    assert page.evaluate("window.neverLeft") is True
