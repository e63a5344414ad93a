"""What changes while a cell works: a bar that moves, a curve that grows in place, and what stays of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import LESSON, PATIENCE, cell, ended, fits, press_run, write
from tests.browser.conftest import PHONE, WIDE, Visit

TRAINING = """
import time
print("before")
curve = lab.LiveCurve("Loss of a small model", x_title="step", y_title="nats").level("bigram entropy", 2.3)
for epoch in lab.progress(range(3), "epochs"):
    for step in lab.progress(range(40), "training"):
        curve.add(40 * epoch + step, loss=5 / (1 + epoch + step / 40), validation=6 / (1 + epoch + step / 40))
        time.sleep(0.05)
print("after")
"""


def points(figure: Locator) -> int:
    """How many points the first line of a figure has."""
    return int(figure.evaluate("figure => figure.plot.data[0].x.length"))


def grows(figure: Locator, beyond: int) -> None:
    """Wait until its first line has more points."""
    figure.page.wait_for_function(
        "([figure, points]) => figure.plot.data[0].x.length > points", arg=[figure.element_handle(), beyond]
    )


def begin(page: Page) -> Locator:
    page.goto(LESSON)
    write(page, "surprise", TRAINING)
    output = press_run(page, "surprise")
    expect(output.get_by_role("progressbar", name="training")).to_be_visible(timeout=PATIENCE)
    return output


def test_a_bar_moves_and_a_curve_grows_in_place_and_lines_remain(page: Page) -> None:
    output = begin(page)
    bar = output.get_by_role("progressbar", name="training")
    expect(bar).to_have_attribute("aria-valuetext", re.compile(r"^\d+ of 40 · 1 s left|2 s left$"))
    figure = output.locator("plotly-figure[data-ready]")
    figure.wait_for()
    figure.evaluate("figure => { figure.mark = 'the same'; figure.plot.mark = 'the same'; }")
    grows(figure, points(figure))
    ended(output)
    expect(output.get_by_role("progressbar")).to_have_count(0)
    expect(output.locator(".shown-progress")).to_have_text(
        [re.compile(r"epochs 3 steps in \d+\.\d s"), re.compile(r"training 40 steps in \d+\.\d s")]
    )
    assert points(figure) == 120
    assert figure.evaluate("figure => figure.mark + figure.plot.mark") == "the samethe same"
    expect(output.locator("plotly-figure")).to_have_count(1)
    page.reload()
    output = cell(page, "surprise").locator(".output")
    expect(output.locator(".shown-progress")).to_have_count(2)
    output.locator("plotly-figure").scroll_into_view_if_needed()
    output.locator("plotly-figure[data-ready]").wait_for()
    assert points(output.locator("plotly-figure")) == 120


def test_a_reload_in_the_middle_goes_on_where_it_is(page: Page) -> None:
    begin(page)
    page.wait_for_timeout(1500)
    page.reload()
    output = cell(page, "surprise").locator(".output")
    expect(output.get_by_role("progressbar", name="training")).to_be_visible()
    output.locator("plotly-figure[data-ready]").wait_for()
    ended(output)
    shown = output.locator(".shown > *").evaluate_all("all => all.map(one => one.className)")
    assert shown == ["text stdout", "shown-progress", "shown-progress", "shown-figure", "text stdout"]


def test_what_was_shown_stays_when_the_page_asks_how_it_goes(page: Page) -> None:
    """It does so every twenty seconds: the answer knows the run, not what it has shown up to now."""
    output = begin(page)
    how = "{source: run, target: '#output-surprise', swap: 'outerMorph'}"
    with page.expect_response("**/runs/*"):
        output.locator(".run[data-live]").evaluate(f"run => htmx.ajax('GET', run.dataset.url, {how})")
    page.wait_for_timeout(300)
    expect(output.locator(".run")).to_have_attribute("data-live", "")
    expect(output.locator(".shown")).to_contain_text("before")
    expect(output.locator("plotly-figure")).to_have_count(1)
    expect(ended(output).locator(".shown > *")).to_have_count(5)


def test_zoom_and_an_open_table_stay_while_it_grows(page: Page) -> None:
    output = begin(page)
    figure = output.locator("plotly-figure[data-ready]")
    figure.wait_for()
    figure.get_by_text("As a table").click()
    figure.evaluate("async figure => figure.lib.relayout(figure.plot, {'xaxis.range': [0, 7]})")
    grows(figure, points(figure))
    assert figure.evaluate("figure => figure.plot._fullLayout.xaxis.range") == [0, 7]
    ended(output)
    expect(figure.locator("table").first.locator("tr")).to_have_count(120)
    assert figure.evaluate("figure => figure.plot._fullLayout.xaxis.range") == [0, 7]


def test_a_run_that_is_cancelled_says_where_its_loop_was(page: Page) -> None:
    output = begin(page)
    output.get_by_role("button", name="Cancel").click()
    ended(output, "cancelled")
    expect(output.locator(".shown-progress").nth(1)).to_contain_text(re.compile(r"stopped at \d+ of 40"))


def test_whoever_waits_without_any_output_sees_the_time_pass(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", "import time\ntime.sleep(5)")
    timer = press_run(page, "surprise").locator("run-timer")
    expect(timer).to_have_text(re.compile(r"^[2-4]\.\d s$"), timeout=PATIENCE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_it_looks_right_and_is_accessible(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = visit(viewport, color_scheme=scheme)
    output = begin(page)
    output.locator("plotly-figure[data-ready]").wait_for()
    page.wait_for_timeout(2500)
    output.scroll_into_view_if_needed()
    fits(page, "a lesson at work")
    shoot(page, f"in-place-{viewport['width']}-{scheme}")
    axe(page)
    ended(output)
    shoot(page, f"in-place-after-{viewport['width']}-{scheme}")
    axe(page)


SLIDER = """
import torch
from workers import lab
def at(step):
    pattern = torch.eye(4).roll(step, 1).tril()[None].repeat(2, 1, 1)
    pattern[..., 0] += 1 - pattern.sum(-1)
    figure = lab.line([step, 2 * step, 3 * step], title=f"Line of step {step}")
    return [figure, lab.attention(list("abcd"), pattern, title="Two heads"), 10 * step]
lab.slider([0, 5, 7], at, title="Three steps")
"""


def test_a_slider_moves_all_that_is_below_it_and_keeps_what_was_chosen(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", SLIDER)
    output = press_run(page, "surprise")
    ended(output)
    slider = output.locator("step-slider[data-ready]")
    figure = slider.locator("plotly-figure[data-ready]")
    figure.wait_for()
    slider.get_by_role("radio", name="Head 1").click()
    expect(slider.locator("output").first).to_have_text("step 0")
    bar = slider.get_by_role("slider", name="step to show")
    bar.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(bar).to_have_attribute("aria-valuetext", "step 7")
    expect(slider.locator("span.result")).to_have_text("70")
    page.wait_for_function("figure => figure.plot.data[0].y[2] === 21", arg=figure.element_handle())
    expect(slider.get_by_role("radio", name="Head 1")).to_have_attribute("aria-checked", "true")
    slider.get_by_role("button", name="step before").click()
    expect(slider.locator("output").first).to_have_text("step 5")


@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_slider_fits_the_screen(visit: Visit, viewport: dict[str, int]) -> None:
    page = visit(viewport)
    page.goto(LESSON)
    write(page, "surprise", SLIDER)
    ended(press_run(page, "surprise"))
    page.locator("step-slider[data-ready]").wait_for()
    fits(page, "a slider")
