"""Every page at a desk and on a phone, by day and by night: accessible, and no wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.routes import manual
from tests.browser.acting import LESSON, fits, hand_in, run, slipped
from tests.browser.conftest import PHONE, WIDE, Visit

PAGES = {
    "front": "/",
    "lesson": LESSON,
    "map": "/path",
    "start": "/start",
    "sign-in": "/sign-in",
    "sign-up": "/sign-up",
    "manual": "/manual",
    **{f"manual {name}": f"/manual/{name}" for name in manual.PAGES},
    "missing": "/no-such-page",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_pages_fit_and_are_accessible(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    watch: object,
    viewport: dict[str, int],
    scheme: str,
) -> None:
    watch.expect("404")  # type: ignore[attr-defined]
    page = visit(viewport, color_scheme=scheme)
    for name, address in PAGES.items():
        page.goto(address)
        axe(page)
        fits(page, name)
        shoot(page, f"{name}-{viewport['width']}-{scheme}", whole=name != "lesson")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_outputs_and_verdicts_fit_and_are_accessible(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = visit(viewport, color_scheme=scheme)
    page.goto(LESSON)
    output = run(page, "bright_heads")
    output.locator("plotly-figure").scroll_into_view_if_needed()
    output.locator("plotly-figure[data-ready]").wait_for()
    shoot(page, f"figure-{viewport['width']}-{scheme}")
    hand_in(page, "induction_score", slipped("induction_score", "period + 1", "period"))
    shoot(page, f"verdict-{viewport['width']}-{scheme}")
    axe(page)
    fits(page, "the lesson with outputs")
