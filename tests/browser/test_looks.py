"""Every page at a desk and on a phone, by day and by night: accessible, and no wider than the screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from app.routes import manual
from tests.browser.acting import LESSON, fits, hand_in, run, slipped, write
from tests.browser.conftest import PHONE, WIDE, Visit

WORDY = """
import torch
from workers import lab
words, layers = ["<|endoftext|>", "the", "fox", "owl"], ["after block 0", "after block 1"]
lab.heatmap(torch.ones(2, 4), x=words, y=layers, title="How long is the vector that each part has added?")
"""
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


def test_the_words_of_a_figure_fit_on_a_phone(visit: Visit) -> None:
    """A long title takes two lines; words at an axis are cut where they can still be told apart."""
    page = visit(PHONE)
    page.goto(LESSON)
    write(page, "surprise", WORDY)
    figure = run(page, "surprise").locator("plotly-figure[data-ready]")
    title = figure.locator(".gtitle")
    expect(title.locator("tspan.line")).to_have_count(2)
    assert _ends(figure)[0] <= _ends(title)[0] < _ends(title)[1] <= _ends(figure)[1]
    assert figure.locator(".xtick text").all_text_contents() == ["<|endof…", "the", "fox", "owl"]
    assert figure.locator(".ytick text").all_text_contents() == ["after block 0", "after block 1"]


def _ends(shown: Locator) -> tuple[float, float]:
    """Where it begins and ends from left to right, in pixels."""
    box = shown.bounding_box()
    assert box
    return box["x"], box["x"] + box["width"]


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
