"""The learner's figure beside ours: in a cell and in a verdict, switched with the keyboard, on any screen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import LESSON, cell, fits, hand_in, run, slipped, solution, write
from tests.browser.conftest import PHONE, WIDE, Visit

COMPARE = """
import torch
x = torch.arange(40.0)
lab.show(lab.beside(
    lab.line({"loss": 1 / (x + 1)}, title="Loss", x_title="step", y_title="nats"),
    lab.line({"loss": 1.2 / (x + 1)}, title="Loss", x_title="step", y_title="nats"),
))
scores = torch.rand(2, 8)
lab.beside(lab.heatmap(scores, title="Scores", heads=True), lab.heatmap(scores ** 2, heads=True))
"""


def drawn(place: Locator, count: int) -> None:
    """Wait until so many figures of the view that is chosen are drawn."""
    expect(place.locator(".view:not([hidden]) plotly-figure[data-ready]")).to_have_count(count)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_views_are_switched_with_the_keyboard(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = visit(viewport, color_scheme=scheme)
    page.goto(LESSON)
    write(page, "surprise", COMPARE)
    output = run(page, "surprise")
    for number, kind in enumerate(("lines", "heat-maps")):
        place = output.locator("beside-figures").nth(number)
        place.scroll_into_view_if_needed()
        drawn(place, 2)
        expect(output.locator(".words").nth(number)).to_contain_text("The largest deviation is")
        place.get_by_role("radio", name="Side by side").focus()
        for view in ("side-by-side", "overlaid", "difference"):
            drawn(place, 2 if view == "side-by-side" else 1)
            fits(page, f"{kind} {view}")
            shoot(page, f"beside-{kind}-{view}-{viewport['width']}-{scheme}")
            page.keyboard.press("ArrowRight")
        expect(place.get_by_role("radio", name="Side by side")).to_be_checked()
    axe(page)


def test_a_verdict_on_a_picture_shows_it_beside_ours(page: Page, shoot: Callable[..., Path]) -> None:
    page.goto(LESSON)
    hand_in(page, "induction_score", solution("induction_score"))
    stretched = slipped("induction_heatmap", "lab.heatmap(scores, title", "lab.heatmap(scores / 2, title")
    verdict = hand_in(page, "induction_heatmap", stretched)
    expect(verdict).to_have_class(re.compile("failed"))
    place = verdict.get_by_role("region", name="Your figure beside ours")
    expect(place).to_contain_text(re.compile(r"The largest deviation is 0\.\d+, in row \d, column \d"))
    place.scroll_into_view_if_needed()
    drawn(place, 2)
    shoot(page, "beside-in-a-verdict")
    passed = hand_in(page, "induction_heatmap", solution("induction_heatmap"))
    expect(passed).to_have_class(re.compile("passed"))
    expect(passed.get_by_role("region", name="Your figure beside ours")).to_contain_text("agree")
    page.reload()
    again = cell(page, "induction_heatmap").locator(".verdict beside-figures")
    again.scroll_into_view_if_needed()
    drawn(again, 2)
