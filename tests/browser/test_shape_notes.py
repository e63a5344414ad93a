"""Shapes in grey at the ends of the lines: there after a run, gone where a line changes, and switchable."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.acting import LESSON, cell, run, write

CODE = "import torch\nx = torch.zeros(2, 3)\ny = x.T"


def test_shapes_stand_at_the_ends_of_their_lines_until_they_change(page: Page) -> None:
    page.goto(LESSON)
    write(page, "surprise", CODE)
    output = run(page, "surprise")
    notes = cell(page, "surprise").locator(".cm-shapes")
    expect(notes).to_have_text(["x [2, 3]", "y [3, 2]"])
    page.reload()
    cell(page, "surprise").scroll_into_view_if_needed()
    expect(notes).to_have_text(["x [2, 3]", "y [3, 2]"])
    cell(page, "surprise").locator(".cm-line").nth(2).click()
    page.keyboard.press("End")
    page.keyboard.type(" ")
    expect(notes).to_have_text(["x [2, 3]"])
    output.locator(".shape-notes summary").click()
    output.locator("[data-shapes]").uncheck()
    expect(notes).to_have_count(0)
