"""The milestones of the first two steps, as a learner does them: digits read, a transformer written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from app.lessons import course
from tests.browser.acting import cell, hand_in, run, solution

MNIST, WHOLE = "/lessons/mnist", "/lessons/whole-model"
COMPLETE = "Complete. You have passed its milestone"


def test_a_network_that_reads_digits_completes_the_first_step(
    page: Page, axe: Callable[[Page], None], shoot: Callable[..., Path]
) -> None:
    page.goto(MNIST)
    expect(cell(page, "train_on_mnist").locator(".state")).not_to_contain_text("passed")
    verdict = hand_in(page, "train_on_mnist", solution("train_on_mnist"))
    expect(verdict).to_contain_text("Passed")
    axe(page)
    shoot(page, "digits-read")
    page.goto("/path")
    expect(page.locator("#node-prerequisites")).to_contain_text(COMPLETE)
    axe(page)


def test_a_transformer_written_module_by_module_loads_real_weights_and_speaks(
    page: Page, axe: Callable[[Page], None], shoot: Callable[..., Path]
) -> None:
    known = course()
    for exercise in (*known.beneath("transformer"), "transformer", "complete"):
        page.goto(f"/lessons/{known.exercises[exercise].lesson}")
        expect(hand_in(page, exercise, solution(exercise))).to_contain_text("Passed")
    axe(page)
    shoot(page, "a-whole-transformer", whole=True)
    page.goto("/path")
    expect(page.locator("#node-transformers")).to_contain_text(COMPLETE)


def test_who_has_not_written_a_module_yet_takes_ours(page: Page) -> None:
    page.goto(WHOLE)
    first = next(
        block for block in course().lessons["whole-model"].cells() if block.id not in course().exercises
    )
    ours = page.locator("#stands-on").get_by_role("button", name="Use ours", exact=True)
    count = ours.count()
    assert count > 3
    ours.first.click()
    expect(ours).to_have_count(count - 1)
    page.locator("#stands-on").get_by_role("button", name="Use ours for all").click()
    expect(ours).to_have_count(0)
    run(page, first.id)
