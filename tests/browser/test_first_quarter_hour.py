"""The main job: a newcomer finds an induction head, in a browser, without an account."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser.acting import LESSON, cell, hand_in, place_bet, run, slipped, solution, verdict_after

DRAWN = "plotly-figure[data-ready] .main-svg"
MINUTES_TO_FIRST_FIGURE = 3


def test_a_newcomer_finds_induction_heads_and_exposes_an_impostor(
    page: Page, axe: Callable[[Page], None], shoot: Callable[..., Path]
) -> None:
    begun = time.monotonic()
    page.goto("/")
    _sees_the_loss_fall(page)
    assert time.monotonic() - begun < 60 * MINUTES_TO_FIRST_FIGURE
    _guesses_what_a_head_reads(page)
    page.get_by_role("link", name=re.compile("Begin")).click()
    _types_own_nonsense(page)
    _writes_the_missing_index(page)
    _opens_a_bright_head(page)
    shoot(page, "a-bright-head")
    _bets_and_knocks_heads_out(page)
    _exposes_the_impostor(page)
    axe(page)
    _sees_the_map_light_up(page)
    axe(page)
    shoot(page, "map-lit", whole=True)


def _sees_the_loss_fall(page: Page) -> None:
    output = run(page, "surprise")
    figure = output.locator(DRAWN).first
    figure.scroll_into_view_if_needed()
    expect(figure).to_be_visible()
    nats = [float(n) for n in re.findall(r"^\s*(\d+\.\d) ", output.locator(".shown").inner_text(), re.M)]
    assert len(nats) == 40
    assert sum(nats[:20]) / 20 > 6
    assert sum(nats[21:]) / 19 < 1


def _guesses_what_a_head_reads(page: Page) -> None:
    view = cell(page, "surprise").locator("attention-view")
    view.scroll_into_view_if_needed()
    expect(view.locator(".ask")).to_contain_text("Which token is it reading?")
    view.get_by_role("option").nth(10).click()  # its earlier copy: what most people click
    expect(view.locator(".told")).to_contain_text("You said")
    expect(view.locator("figure canvas")).to_be_visible()


def _types_own_nonsense(page: Page) -> None:
    expect(page).to_have_url(re.compile(LESSON))
    expect(cell(page, "surprise").locator(".run")).to_be_visible()  # what ran on the front page is here
    output = place_bet(page, "your_nonsense", 2)
    expect(output).to_contain_text("attn-only-1l")
    expect(output.locator(".bet.placed")).to_contain_text("70 % sure")


def _writes_the_missing_index(page: Page) -> None:
    verdict = hand_in(
        page, "induction_score", slipped("induction_score", "query - period + 1", "query - period")
    )
    expect(verdict).to_contain_text("previous copy of the token itself")
    expect(verdict.locator(".value").first).to_be_visible()  # the input it failed on
    expect(hand_in(page, "induction_score", solution("induction_score"))).to_contain_text("Passed")


def _opens_a_bright_head(page: Page) -> None:
    expect(hand_in(page, "induction_heatmap", solution("induction_heatmap"))).to_contain_text("Passed")
    output = run(page, "bright_heads")
    figure = output.locator("plotly-figure")
    figure.scroll_into_view_if_needed()
    expect(figure.locator(".plot.linked")).to_be_visible()
    box = figure.locator(".nsewdrag").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 3.5 / 8, box["y"] + box["height"] * 0.75)  # layer 1, head 3
    expect(output.locator("attention-view").get_by_role("radio", name="Head 1.3")).to_be_checked()


def _bets_and_knocks_heads_out(page: Page) -> None:
    one = place_bet(page, "knock_out_one", 2).locator(".shown").inner_text()
    assert _nats(one)[-1] < 2  # redundancy
    everything = place_bet(page, "knock_out_all", "1").locator(".shown").inner_text()
    assert _nats(everything)[-1] > 4
    run(page, "one_back")
    early = place_bet(page, "knock_out_early", 0).locator(".shown").inner_text()
    assert _nats(early)[-1] > 4  # the previous-token head carries it all


def _nats(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"([\d.]+) nats", text)]


def _exposes_the_impostor(page: Page) -> None:
    run(page, "meet_the_impostor")
    prompt = cell(page, "impostor_prompt").get_by_role("textbox").first
    twelve = "said asked sent kept would liked either gold garden soup green purple"
    prompt.fill(f"{twelve} {twelve}")
    expect(verdict_after(page, "impostor_prompt")).to_contain_text("so does the impostor")
    prompt.fill("door queen apple seven river glass door queen apple seven river glass")
    expect(verdict_after(page, "impostor_prompt")).to_contain_text("Passed")


def _sees_the_map_light_up(page: Page) -> None:
    page.get_by_role("link", name="Map", exact=True).click()
    for concept in ("Hooked a head", "Red-teamed a claim"):
        expect(page.locator(".concept.lit", has_text=concept).first).to_be_visible()
