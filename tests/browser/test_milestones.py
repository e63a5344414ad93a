"""The milestones of the first two steps, as a learner does them: digits read, a transformer written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from app.lessons import course
from tests.browser.acting import cell, hand_in, run, solution
from tests.browser.conftest import Visit, Watch

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
    page: Page, visit: Visit, watch: Watch, axe: Callable[[Page], None], shoot: Callable[..., Path]
) -> None:
    known = course()
    for exercise in known.beneath("transformer"):
        page.goto(f"/lessons/{known.exercises[exercise].lesson}")
        expect(hand_in(page, exercise, solution(exercise))).to_contain_text("Passed")
    page.goto(WHOLE)
    _check_it_turns_green(page)
    expect(hand_in(page, "complete", solution("complete"))).to_contain_text("Passed")
    axe(page)
    shoot(page, "a-whole-transformer", whole=True)
    _check_its_sentence_can_be_shared(page, visit(), watch)
    page.goto("/path")
    expect(page.locator("#node-transformers")).to_contain_text(COMPLETE)


def _check_it_turns_green(page: Page) -> None:
    """Drawing, list and checklist follow the verdict, without the page being asked for again."""
    module = page.locator("#drawing svg.wide g.module", has_text="transformer")
    tick = page.locator("#checklist .item[data-by=exercise]").first
    expect(module).to_have_attribute("data-colour", "open")
    expect(tick).not_to_have_attribute("data-done", "")
    expect(hand_in(page, "transformer", solution("transformer"))).to_contain_text("Passed")
    expect(module).to_have_attribute("data-colour", "yours")
    expect(page.locator("#modules li[data-colour=open]")).to_have_count(0)
    expect(tick).to_have_attribute("data-done", "")


def _check_its_sentence_can_be_shared(page: Page, stranger: Page, watch: Watch) -> None:
    """By a link, whoever follows it; until it is taken back."""
    output = run(page, "your_sentence")
    said = output.locator(".shown").inner_text().split("\n")[0]
    assert said.startswith("When Anna and Hugo went to the mill,")
    output.get_by_text("Share this result").click()
    output.get_by_role("button", name="link").click()
    link = output.locator(".share.made a").first.get_attribute("href")
    stranger.goto(str(link))
    expect(stranger.locator(".shown")).to_have_text(said)
    expect(stranger.locator(".own-modules")).to_contain_text("The whole attention layer")
    page.goto("/account")
    page.locator("section", has=page.locator("#shared")).get_by_role("button").click()
    expect(page.get_by_text("The link leads nowhere now")).to_be_visible()
    watch.expect("404")
    stranger.reload()
    expect(stranger.locator("main")).not_to_contain_text(said)


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
