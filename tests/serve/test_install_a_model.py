"""The whole way of a model: pressed for on the page, installed by the worker, loaded by a learner's cell."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.learning import examples
from app.lessons import course
from tests.chaos.browsing import Browser, sections
from tests.installing import tiny
from tests.serve.starting import Site, start_site

NAME = "acme/tiny"
MOST_SECONDS = 400
USE = f"""
from workers import lab
model = lab.load({NAME!r})
model.to_string(model.to_tokens("Anna saw Henry.")[0, 1:])
"""


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_from_the_button_to_a_cell_that_uses_it(tmp_path: Path) -> None:
    hub = tmp_path / "hub"
    tiny.lay_out(hub, NAME, tiny.gpt2())
    offline = {"UNEMBED_HUB_MODELS": NAME, "HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"}
    (tmp_path / "site").mkdir()
    with start_site(tmp_path / "site", **offline) as site:
        site.wait_until_ready()
        browser = Browser(site.url)
        try:
            _install(site, browser)
            _use(site, browser)
        finally:
            browser.close()


def _install(site: Site, browser: Browser) -> None:
    browser.get("/sign-up")
    browser.post("/sign-up", name="Boss", email="boss@example.org", password="long enough for this")
    assert "What would it take?" in browser.get("/models")
    browser.post("/models/ask", model=NAME)
    _until(site, lambda: "Install (" in browser.get("/models").split(NAME, 1)[1])
    browser.post("/models/install", model=NAME)
    _until(site, lambda: "Remove" in browser.get("/models"))


def _use(site: Site, browser: Browser) -> None:
    lesson = course().lessons["induction-heads"]
    cell = examples.first_cell(lesson)
    assert cell is not None
    address = f"/lessons/{lesson.slug}"
    browser.get(address)
    browser.post(f"{address}/cells/{cell.id}/runs", text=USE)
    _until(site, lambda: not sections(browser.get(address))[cell.id].live)
    shown = sections(browser.get(address))[cell.id]
    assert shown.word == "ok", shown.html
    assert "Anna saw Henry." in shown.html


def _until(site: Site, holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + MOST_SECONDS
    while not holds():
        assert time.monotonic() < deadline, site.logs()
        time.sleep(0.3)
