"""Runs as a learner meets them: streamed, cancelled, interrupted, outdated, wrong."""

from __future__ import annotations

import os
import re
import signal

from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import LESSON, PATIENCE, cell, ended, press_run, run, write
from tests.browser.conftest import Watch
from tests.serve.starting import Site

COUNTS = "import time\nfor i in range({}):\n    print('line', i)\n    time.sleep({})"
FOREVER = "print('off it goes')\nwhile True:\n    pass"
POWERS = """
import plotly.graph_objects as go
figure = go.Figure(go.Scatter(x=[1e-8, 1e8], y=[1, 2]))
figure.update_layout(title="<b>loud</b> and <i>soft</i>", xaxis_type="log", xaxis_exponentformat="power")
"""
LOST = "Failed to load resource|ERR_|NetworkError|network error|Failed to fetch"


def _lines(output: Locator) -> list[str]:
    return re.findall(r"line \d+", output.locator(".shown").inner_text())


def _begin(page: Page, text: str, first: str) -> Locator:
    """Run `text` in the first cell, and wait until it has printed `first`."""
    page.goto(LESSON)
    write(page, "surprise", text)
    output = press_run(page, "surprise")
    expect(output.locator(".shown")).to_contain_text(first, timeout=PATIENCE)
    return output


def test_text_is_shown_as_it_is_printed_while_a_timer_runs(page: Page) -> None:
    output = _begin(page, COUNTS.format(8, 0.9), "line 1")
    expect(output.locator("run-timer")).to_be_visible()
    assert len(_lines(output)) < 8
    assert _lines(ended(output)) == [f"line {i}" for i in range(8)]


def test_ctrl_enter_runs(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", "6 * 7")
    page.keyboard.press("ControlOrMeta+Enter")
    expect(ended(cell(page, "surprise").locator(".output")).locator(".result")).to_have_text("42")


def test_cancel_stops_an_endless_loop(page: Page) -> None:
    output = _begin(page, FOREVER, "off it goes")
    output.get_by_role("button", name="Cancel").click()
    ended(output, "cancelled")
    expect(output).to_contain_text("off it goes")


def test_a_reload_in_the_middle_loses_and_doubles_nothing(page: Page) -> None:
    _begin(page, COUNTS.format(6, 0.8), "line 1")
    page.reload()
    output = ended(cell(page, "surprise").locator(".output"))
    assert _lines(output) == [f"line {i}" for i in range(6)]


def test_a_lost_connection_in_the_middle_loses_and_doubles_nothing(page: Page, watch: Watch) -> None:
    watch.expect(LOST)
    output = _begin(page, COUNTS.format(8, 0.8), "line 1")
    page.context.set_offline(True)
    page.wait_for_timeout(1500)
    page.context.set_offline(False)
    assert _lines(ended(output)) == [f"line {i}" for i in range(8)]


def test_a_restarted_server_in_the_middle_loses_and_doubles_nothing(
    page: Page, site: Site, watch: Watch
) -> None:
    watch.expect(LOST)
    output = _begin(page, COUNTS.format(12, 1), "line 1")
    os.kill(site.parts()["site"], signal.SIGKILL)
    assert _lines(ended(output)) == [f"line {i}" for i in range(12)]


def test_a_closed_page_keeps_what_was_typed(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", "kept = 'typed a moment ago'")
    page.goto("/path")
    page.goto(LESSON)
    expect(cell(page, "surprise").locator("textarea[name=text]")).to_have_value("kept = 'typed a moment ago'")


def _keep_in_browser(page: Page, watch: Watch, text: str) -> None:
    """Type into the first cell what the server does not get, and leave."""
    watch.expect(LOST)
    page.goto(LESSON)
    page.route("**/draft", lambda route: route.abort())
    write(page, "surprise", text)
    expect(cell(page, "surprise").locator(".saved")).to_contain_text("kept in this browser")
    page.goto("/path")
    page.unroute("**/draft")


def test_what_the_server_never_got_comes_back_from_this_browser(page: Page, watch: Watch) -> None:
    _keep_in_browser(page, watch, "kept = 'in this browser'")
    page.goto(LESSON)
    expect(cell(page, "surprise").locator("textarea[name=text]")).to_have_value("kept = 'in this browser'")
    expect(cell(page, "surprise").locator(".saved")).to_have_text("saved")


def test_a_text_kept_here_does_not_take_the_place_of_a_newer_one(page: Page, watch: Watch) -> None:
    _keep_in_browser(page, watch, "kept = 'in this browser'")
    script = (
        "([url, text]) => fetch(url, {method: 'POST', body: new URLSearchParams({text, csrf: "
        "document.querySelector('meta[name=csrf-token]').content})}).then(answer => answer.status)"
    )
    assert page.evaluate(script, [f"{LESSON}/cells/surprise/draft", "newer = 'elsewhere'"]) == 204
    page.goto(LESSON)
    text = cell(page, "surprise").locator("textarea[name=text]")
    expect(text).to_have_value("newer = 'elsewhere'")
    cell(page, "surprise").get_by_role("button", name="Bring mine back").click()
    expect(text).to_have_value("kept = 'in this browser'")


def test_output_whose_cells_above_changed_stays_greyed(page: Page) -> None:
    page.goto(LESSON)
    run(page, "look_inside")
    write(page, "surprise", "print('something else')")
    run(page, "surprise")
    page.reload()
    old = cell(page, "look_inside").locator(".run")
    expect(old).to_have_class(re.compile("stale"))
    expect(old).to_contain_text(re.compile("since this ran. Run it again"))
    expect(old).to_contain_text("attn-only-1l")


def test_a_syntax_error_shows_the_line(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", "a = 1\nb = = 2")
    output = run(page, "surprise", "error")
    expect(output).to_contain_text("SyntaxError")
    expect(output).to_contain_text("In line 2")


def test_a_matplotlib_plot_appears_as_an_image(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()")
    image = run(page, "surprise").locator(".shown-image img")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.naturalWidth") > 100


def test_marks_and_powers_in_a_figures_texts_are_drawn_as_such(page: Page) -> None:
    """Plotly does it with inline styles; a policy that blocked them would complain, which fails the test."""
    page.goto(LESSON)
    write(page, "surprise", POWERS)
    plot = run(page, "surprise").locator("plotly-figure .plot")
    expect(plot.locator("tspan", has_text="loud")).to_have_css("font-weight", "700")
    expect(plot.locator("tspan", has_text="soft")).to_have_css("font-style", "italic")
    small, large = (plot.locator(".xtick tspan, .xtick text").filter(has_text=text) for text in ("−8", "10"))
    assert _letters(small.last) < 0.8 * _letters(large.first)


def _letters(text: Locator) -> float:
    """How large they are, in pixels."""
    return float(text.evaluate("node => parseFloat(getComputedStyle(node).fontSize)"))


def test_a_figure_too_large_gets_a_clear_answer(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", "import numpy, plotly.express as px\npx.imshow(numpy.random.rand(1500, 1500))")
    expect(run(page, "surprise").locator(".shown")).to_contain_text(re.compile("too large|MB", re.I))


def test_a_cell_over_64_kb_is_refused_and_not_lost(page: Page, watch: Watch) -> None:
    watch.expect("413")
    page.goto(LESSON)
    text = "# long\n" + "x = 1\n" * 12_000
    write(page, "surprise", text)
    press_run(page, "surprise")
    expect(cell(page, "surprise")).to_contain_text(re.compile("64 KB|65,?536|too long", re.I))
    page.reload()
    assert len(cell(page, "surprise").locator("textarea[name=text]").input_value()) >= len(text.strip())


def test_learners_html_is_shown_as_text(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", "print('<img src=x onerror=alert(1)><b>bold</b>')")
    output = run(page, "surprise")
    expect(output.locator(".shown")).to_contain_text("<b>bold</b>")
    expect(output.locator("img, b")).to_have_count(0)
