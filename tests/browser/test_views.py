"""Views of activations: linked by their tokens, walked with the keyboard, saved as pictures and data."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Download, Locator, Page, expect

from tests.browser.acting import LESSON, PATIENCE, ended, fits, run, write
from tests.browser.conftest import PHONE, WIDE, Visit

VIEWS = """
import torch
from workers import lab
model = lab.load("attn-only-2l")
tokens = model.to_tokens("The fox saw Simon Crane.\\nThe owl saw Simon Crane")[0]
words = model.to_str_tokens(tokens)
loss, cache = model.run_with_cache(tokens, return_type="loss", loss_per_token=True)
lab.show(lab.log_probs(model, tokens))
signed = torch.arange(len(words)) - 5
columns = {"signed": signed, "=squares": signed**2}
lab.show(lab.tokens(words, columns, title="Two <b>columns</b>", unit="nats"))
lab.show(lab.heatmap(cache["pattern", 1][0, 0], x=words, y=words, title="One head"))
lab.show(lab.line(signed, title="A line", x_title="position"))
lab.attention(words, cache["pattern", 1][0], title="Second layer")
"""
TOKEN = 4  # of the text: “ saw”


def shown(page: Page, code: str = VIEWS) -> Locator:
    """The outputs of a cell with this text."""
    page.goto(LESSON)
    write(page, "surprise", code)
    output = run(page, "surprise")
    for figure in output.locator("plotly-figure").all():
        figure.scroll_into_view_if_needed()
        expect(figure).to_have_attribute("data-ready", "")
    return output


def token(view: Locator, index: int) -> Locator:
    return view.locator(".tokens > [role=option]").nth(index)


def test_a_token_that_is_pointed_at_lights_up_in_every_view_and_plot(page: Page) -> None:
    output = shown(page)
    guesses, columns = output.locator("token-view").all()
    attention, lights = output.locator("attention-view"), output.locator(".token-light:visible")
    guesses.scroll_into_view_if_needed()
    token(guesses, TOKEN).hover()
    for view in (columns, attention):
        expect(token(view, TOKEN)).to_have_class(re.compile(r"\blit\b"))
    expect(columns.locator("output")).to_have_text("“ saw” (token 4): signed −1 nats.")
    expect(lights).to_have_count(3)  # both axes of the heat map, and the line's positions
    guesses.locator(".title").hover()
    expect(lights).to_have_count(0)
    expect(token(columns, TOKEN)).not_to_have_class(re.compile(r"\blit\b"))


def test_a_place_in_a_plot_lights_up_its_token(page: Page) -> None:
    output = shown(page)
    columns = output.locator("token-view").nth(1)
    output.locator("plotly-figure").first.locator(".nsewdrag").hover(position={"x": 5, "y": 5})
    expect(token(columns, 0)).to_have_class(re.compile(r"\blit\b"))


def test_arrow_keys_choose_a_token_and_the_attention_view_reads_from_it(page: Page) -> None:
    output = shown(page)
    guesses = output.locator("token-view").first
    guesses.get_by_role("listbox").focus()
    page.keyboard.press("Home")
    expect(guesses.locator("output")).to_contain_text("Nothing came before it")
    for _ in range(TOKEN):
        page.keyboard.press("ArrowRight")
    expect(token(guesses, TOKEN)).to_have_attribute("aria-selected", "true")
    expect(guesses.locator("output")).to_contain_text(
        re.compile(
            r"“ saw” \(token 4\): probability \d+ %\. Among the predictions it was number \d+ of 1,024"
        )
    )
    assert guesses.locator(".ranking li").count() == 5
    attention = output.locator("attention-view")
    expect(token(attention, TOKEN)).to_have_attribute("aria-selected", "true")
    expect(attention.locator("output")).to_contain_text("at “ saw” (token 4) reads")


def test_another_column_is_chosen_from_the_list(page: Page) -> None:
    columns = shown(page).locator("token-view").nth(1)
    expect(columns.locator(".title")).to_have_text("Two <b>columns</b>")
    expect(columns.locator(".overview")).to_contain_text("lowest at “<|endoftext|>” (token 0): −5 nats")
    columns.get_by_label("value").select_option("=squares")
    expect(columns.locator(".overview")).to_contain_text("lowest at “ Simon” (token 5): 0 nats")
    columns.get_by_text("As a table").click()
    expect(columns.locator(".numbers tr")).to_have_count(columns.locator(".tokens > span").count() + 1)


def saved(view: Locator, kind: str) -> Download:
    view.get_by_text("Save", exact=True).click()
    with view.page.expect_download() as started:
        view.get_by_role("button", name=kind).click()
    return started.value


def test_views_are_saved_as_pictures_and_as_data(page: Page) -> None:
    output = shown(page)
    columns = output.locator("token-view").nth(1)
    sheet = saved(columns, "CSV")
    assert sheet.suggested_filename == "two-b-columns-b.csv"
    lines = sheet.path().read_text("utf-8-sig").splitlines()
    assert lines[0] == "position,token,signed,'=squares"  # no formula, where a spreadsheet opens it
    assert lines[TOKEN + 1] == "4, saw,-1,1"
    data = json.loads(saved(columns, "JSON").path().read_text())
    assert (data["tokens"][TOKEN], data["data"][TOKEN]) == (" saw", -1)
    for view in (*output.locator("token-view").all(), output.locator("attention-view")):
        assert saved(view, "PNG").path().read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
        drawing = saved(view, "SVG").path()
        fresh = page.context.new_page()
        fresh.goto(f"file://{drawing.rename(drawing.with_suffix('.svg'))}")
        assert fresh.locator("text", has_text="Crane").or_(fresh.locator("text", has_text="saw")).count()
        fresh.close()
    with saved(output.locator("attention-view"), "CSV").path().open(encoding="utf-8-sig", newline="") as file:
        weights = list(csv.reader(file))
    count = output.locator("attention-view .tokens > span").count()
    assert len(weights) == 1 + count * (count + 1) // 2


def test_the_menu_closes_with_escape_and_gives_the_focus_back(page: Page) -> None:
    view = shown(page).locator("token-view").first
    view.get_by_text("Save", exact=True).press("Enter")
    expect(view.get_by_role("button", name="Data (CSV)")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(view.get_by_role("button", name="Data (CSV)")).to_be_hidden()
    expect(view.get_by_text("Save", exact=True)).to_be_focused()


def test_a_neuron_is_found_among_thousands(page: Page) -> None:
    view = shown(page, NEURONS).locator("token-view")
    token(view, 2).click()
    view.get_by_role("button", name="Strongest at the token").click()
    expect(view.get_by_label("layer")).to_have_value("1")
    expect(view.get_by_label("neuron")).to_have_value("77")
    expect(view.locator("output")).to_have_text("“c” (token 2): layer 1, neuron 77 9.")
    view.get_by_label("neuron").fill("76")
    page.keyboard.press("Enter")
    expect(view.locator("output")).to_contain_text("neuron 76 0.")


def test_a_tap_on_a_phone_chooses_a_token(phone: Page) -> None:
    output = shown(phone)
    guesses = output.locator("token-view").first
    token(guesses, TOKEN).tap()
    expect(guesses.locator("output")).to_contain_text("“ saw” (token 4)")
    expect(token(output.locator("attention-view"), TOKEN)).to_have_attribute("aria-selected", "true")


def test_before_a_guess_nothing_gives_it_away(page: Page) -> None:
    view = shown(page, GUESS).locator("attention-view")
    expect(view.locator(".ask")).to_be_visible()
    for name in ("Save", "As a table"):
        expect(view.get_by_text(name, exact=True)).to_be_hidden()
    token(view, 1).click()
    expect(view.locator(".told")).to_contain_text("That is the one: it puts 100 %")
    for name in ("Save", "As a table"):
        expect(view.get_by_text(name, exact=True)).to_be_visible()


GUESS = """
import torch
from workers import lab
lab.attention("abc", torch.eye(3)[[0, 0, 1]][None], guess=(0, 2))
"""
NEURONS = """
import torch
from workers import lab
activations = torch.zeros(4, 2, 300)
activations[2, 1, 77] = 9
lab.neurons("abcd", activations)
"""


def test_a_view_that_is_shown_again_changes_in_place_and_keeps_what_was_chosen(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", GROWING)
    page.locator("#cell-surprise [data-run]").click()
    view = page.locator("token-view[data-ready]")
    view.wait_for(timeout=PATIENCE)
    view.evaluate("view => { view.mine = true; }")
    view.get_by_label("value").select_option("b")
    token(view, 1).click()
    expect(view.locator("output")).to_contain_text("b 9", timeout=PATIENCE)
    ended(page.locator("#cell-surprise .output"))
    page.wait_for_function(
        "view => !view.querySelector('script') && !view.renewed", arg=view.element_handle()
    )
    expect(view.locator("output")).to_contain_text("b 9")  # as the database has it
    assert view.evaluate("view => view.mine")


GROWING = """
import time
from workers import lab
for step in range(10):
    lab.show(lab.tokens("xy", {"a": [0, 0], "b": [0, step]}), key="growing")
    time.sleep(0.5)
"""


def test_without_javascript_the_words_and_numbers_are_read(plain: Page) -> None:
    plain.goto(LESSON)
    cell = plain.locator("#cell-surprise")
    cell.locator("textarea[name=text]").fill(VIEWS)
    cell.get_by_role("button", name="Run").click()
    rows = plain.locator("token-view").first.locator("tr")
    expect(rows.nth(TOKEN + 1)).to_contain_text(re.compile(r"4\s* saw"), timeout=PATIENCE)
    expect(rows.first).to_contain_text("expected")
    expect(plain.locator("token-view .words").nth(1)).to_contain_text("Two <b>columns</b>")
    expect(plain.locator("attention-view .words")).to_contain_text("Second layer: 8 heads over")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_views_fit_and_are_accessible(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = visit(viewport, color_scheme=scheme)
    output = shown(page)
    output.locator("token-view").first.scroll_into_view_if_needed()
    output.locator("token-view").nth(1).get_by_text("As a table").click()
    output.locator("token-view").first.get_by_text("Save", exact=True).click()
    shoot(page, f"views-{viewport['width']}-{scheme}")
    axe(page)
    fits(page, "the lesson with views")
