"""Without JavaScript: lessons are read, forms send code, and the result refreshes until it is done."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.acting import LESSON, PATIENCE, solution


def test_a_lesson_is_readable_and_its_code_runs(plain: Page) -> None:
    plain.goto(LESSON)
    expect(plain.locator("math").first).to_be_visible()
    cell = plain.locator("#cell-surprise")
    cell.locator("textarea[name=text]").fill("import time\ntime.sleep(2)\nprint('done', 6 * 7)")
    cell.get_by_role("button", name="Run").click()
    expect(plain).to_have_url(re.compile("/runs/"))
    expect(plain.locator("main")).to_contain_text("done 42", timeout=PATIENCE)  # it refreshes by itself


def test_an_exercise_can_be_handed_in(plain: Page) -> None:
    plain.goto(LESSON)
    exercise = plain.locator("#cell-induction_score")
    exercise.locator("textarea[name=text]").fill(solution("induction_score"))
    exercise.get_by_role("button", name="Hand in").click()
    expect(plain.locator(".verdict")).to_contain_text("Passed", timeout=PATIENCE)
