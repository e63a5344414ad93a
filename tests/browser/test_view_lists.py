"""Views that are lists: the leaderboard of heads, top tokens, and the texts in which something fires most."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.acting import LESSON, PATIENCE, fits, run, write
from tests.browser.conftest import PHONE, WIDE, Visit

INDUCTION = """
import torch
from workers import lab
torch.manual_seed(0)
model = lab.load("attn-only-2l")
nonsense = torch.randint(300, 1024, (20,))
tokens = torch.cat([torch.tensor([0]), nonsense, nonsense])
_, cache = model.run_with_cache(tokens)
patterns = torch.stack([cache["pattern", layer][0] for layer in range(2)])
second = torch.arange(21, 41)
scores = {
    "previous token": patterns.diagonal(-1, dim1=-2, dim2=-1).mean(-1),
    "induction": patterns[..., second, second - 19].mean(-1),
}
lab.show(lab.heatmap(scores["induction"], heads=True, title="Induction"))
lab.show(lab.leaderboard(scores, patterns, model.to_str_tokens(tokens), title="Who does it?"))
lab.attention(model.to_str_tokens(tokens), patterns)
"""
LISTS = """
import torch
from workers import lab
lens = torch.zeros(2, 3, 4)
lens[1, 2] = torch.tensor([0.1, 0.2, 0.4, 0.3])
lab.show(lab.top_tokens(lens, ["one", "two", "three", "four"], columns=["x", "y", "z"], k=3, title="Lens"))
lab.show(lab.top_tokens(torch.eye(2), "ab", axis="neuron"))
texts = [["a", "b"], ["c"], ["d", "e", "f"]]
values = [torch.tensor([[0.0, 8.0], [2.0, 0.0]]), torch.tensor([[5.0, 1.0]]), torch.zeros(3, 2)]
lab.show(lab.samples(texts, values, k=2, axis="neuron", names=["early", "late"], title="Samples"))
lab.tokens("xyz", [1, 2, 3])
"""


def shown(page: Page, code: str) -> Locator:
    page.goto(LESSON)
    write(page, "surprise", code)
    return run(page, "surprise")


def row(board: Locator, place: int) -> Locator:
    return board.locator(".heads tbody tr").nth(place)


def checked_head(view: Locator) -> Locator:
    return view.get_by_role("radio", checked=True)


def test_the_induction_head_is_found_and_opened_from_the_leaderboard(page: Page) -> None:
    output = shown(page, INDUCTION)
    board = output.locator("head-leaderboard")
    beside, below = board.locator("attention-view"), output.locator(":scope .shown-figure > attention-view")
    expect(row(board, 0)).to_contain_text(re.compile(r"^1\s*0\.\d"))  # sorted by the first score
    board.get_by_role("button", name="induction").click()
    expect(board.get_by_role("columnheader", name="induction")).to_have_attribute("aria-sort", "descending")
    best = row(board, 0).get_by_role("button")
    expect(best).to_have_accessible_name(re.compile(r"Open head 1\.\d"))
    best.click()
    head = best.inner_text()
    for view in (beside, below):
        expect(checked_head(view)).to_have_accessible_name(f"Head {head}")
    expect(board.locator("output").first).to_contain_text(f"Head {head} is number 1 of 16")
    # at the last token, it reads the one that followed the last token's first copy
    expect(beside.locator("output")).to_contain_text(
        re.compile(r"token 40\) reads most of all .* \(token 21\)")
    )


def test_heads_are_walked_through_and_opened_with_the_keyboard(page: Page) -> None:
    board = shown(page, INDUCTION).locator("head-leaderboard")
    board.locator(".heads tbody button[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(row(board, 1)).to_have_class("chosen")
    second = row(board, 1).get_by_role("button").inner_text()
    expect(checked_head(board)).to_have_accessible_name(f"Head {second}")
    page.keyboard.press("End")
    expect(row(board, 15).get_by_role("button")).to_be_focused()


def test_a_head_of_a_heat_map_opens_and_is_marked_in_the_leaderboard(page: Page) -> None:
    output = shown(page, INDUCTION)
    figure = output.locator("plotly-figure")
    figure.scroll_into_view_if_needed()
    expect(figure).to_have_attribute("data-ready", "")
    box = figure.locator(".nsewdrag").bounding_box()
    assert box
    figure.locator(".nsewdrag").click(position={"x": box["width"] * 6.5 / 8, "y": box["height"] * 0.75})
    expect(output.locator("head-leaderboard .heads tr.chosen button")).to_have_text("1.6")
    for view in output.locator("attention-view").all():
        expect(checked_head(view)).to_have_accessible_name("Head 1.6")


def test_the_same_score_clicked_twice_is_sorted_the_other_way(page: Page) -> None:
    board = shown(page, INDUCTION).locator("head-leaderboard")
    name = board.get_by_role("button", name="induction")
    name.click()
    first = row(board, 0).inner_text()
    name.click()
    expect(board.get_by_role("columnheader", name="induction")).to_have_attribute("aria-sort", "ascending")
    assert row(board, 15).inner_text().split("\t")[1:] == first.split("\t")[1:]


def test_a_lens_is_walked_through_and_lights_up_its_token(page: Page) -> None:
    output = shown(page, LISTS)
    lens, other = output.locator("top-tokens").first, output.locator("token-view")
    last = lens.get_by_role("gridcell").last
    expect(last).to_have_text("three")
    last.hover()
    expect(other.locator(".tokens > span.lit")).to_have_text("z")
    expect(lens.locator("output")).to_contain_text("layer 1 at “z” (token 2):")
    assert lens.locator(".ranking code").all_inner_texts() == ["three", "four", "two"]
    last.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(lens.locator("output")).to_contain_text("layer 0 at “y” (token 1):")
    expect(other.locator("[aria-selected=true]")).to_have_text("y")
    flat = output.locator("top-tokens").nth(1)
    flat.get_by_role("gridcell").first.hover()
    expect(flat.locator("output")).to_have_text("neuron 0, number 1: “a”, 1.")


def test_samples_change_with_the_feature(page: Page) -> None:
    samples = shown(page, LISTS).locator("text-samples")
    expect(samples.locator("li p")).to_have_text(["5 at “c”, text 1", "2 at “b”, text 0"])
    samples.get_by_label("neuron").select_option("late")
    expect(samples.locator("li p")).to_have_text(["8 at “a”, text 0", "1 at “c”, text 1"])
    samples.get_by_role("listbox").first.focus()
    page.keyboard.press("ArrowRight")
    expect(samples.locator("output")).to_have_text("“a” (text 0, token 0): 8.")


def test_without_javascript_lists_are_read(plain: Page) -> None:
    plain.goto(LESSON)
    cell = plain.locator("#cell-surprise")
    cell.locator("textarea[name=text]").fill(INDUCTION + LISTS.replace("\nimport torch", ""))
    cell.get_by_role("button", name="Run").click()
    words = plain.locator(".view .words")
    expect(words.first).to_have_text(
        "Who does it?: 16 heads, the largest previous token first.", timeout=PATIENCE
    )
    expect(plain.locator("top-tokens tr").nth(2)).to_contain_text("three")
    expect(plain.locator("text-samples tr").nth(1)).to_contain_text("5")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_lists_fit_and_are_accessible(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    page = visit(viewport, color_scheme=scheme)
    output = shown(page, INDUCTION + LISTS)
    output.locator("head-leaderboard").scroll_into_view_if_needed()
    expect(output.locator("text-samples")).to_have_attribute("data-ready", "")
    shoot(page, f"leaderboard-{viewport['width']}-{scheme}")
    axe(page)
    fits(page, "the lesson with lists")
