"""A learner who is stuck, the mentor who answers, and what becomes of attempts, hints and a guest's work."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import LESSON, cell, fits, hand_in, run, sign_up, slipped, solution, write
from tests.browser.conftest import PHONE, WIDE, Visit

EXERCISE = "induction_score"


def test_a_stuck_learner_is_answered_by_the_mentor(visit: Visit, axe: Callable[[Page], None]) -> None:
    mentor, learner = visit(), visit()
    sign_up(mentor, "Mo")  # the first account: learner, mentor and admin in one
    learner.goto(LESSON)
    write(learner, "surprise", "print('scratch', 6 * 7)")
    run(learner, "surprise")  # a guest's work
    sign_up(learner, "Ada")
    learner.goto(LESSON)
    expect(cell(learner, "surprise").locator(".shown")).to_contain_text("scratch 42")
    hand_in(learner, EXERCISE, slipped(EXERCISE, "period + 1", "period"))

    cell(learner, EXERCISE).get_by_text("I’m stuck").click()
    cell(learner, EXERCISE).get_by_label("Where are you stuck?").fill("Why not the *same* token?")
    cell(learner, EXERCISE).get_by_role("button", name="Ask your mentor").click()
    expect(cell(learner, EXERCISE).locator(".thread")).to_contain_text("Waiting for an answer")
    axe(learner)

    mentor.goto("/mentor")
    axe(mentor)
    expect(mentor.locator(".board")).to_contain_text("Ada")
    mentor.get_by_role("link", name=re.compile("Ada.*on")).click()
    expect(mentor.locator("main")).to_contain_text("query - period")
    expect(mentor.locator("main")).not_to_contain_text("scratch 42")
    mentor.get_by_label("Your message").fill("The head already knows *that* one. What followed it?")
    mentor.get_by_role("button", name="Send").click()
    axe(mentor)

    learner.reload()
    thread = cell(learner, EXERCISE).locator(".thread")
    expect(thread).to_contain_text("Answered")
    expect(thread.locator(".answer em")).to_have_text("that")


def test_the_mentor_opens_an_attempt_that_was_handed_in(visit: Visit) -> None:
    mentor, learner = visit(), visit()
    sign_up(learner, "Ben")
    learner.goto(LESSON)
    hand_in(learner, EXERCISE, slipped(EXERCISE, "period + 1", "period - 1"))
    mentor.goto("/sign-in")
    mentor.get_by_label("E-mail").fill("mo@example.org")
    mentor.get_by_label("Password").fill("Mo likes residual streams")
    mentor.get_by_role("button", name="Sign in").click()
    mentor.goto("/mentor")
    mentor.locator(".board").get_by_role("link", name="Ben").first.click()
    mentor.get_by_role("link", name="Attempt 1").first.click()
    expect(mentor.locator("main")).to_contain_text("query - period - 1")
    expect(mentor.locator(".verdict")).to_contain_text("Not yet")
    mentor.get_by_label("Your message").fill("Which token stands there?")
    mentor.get_by_role("button", name="Send").click()
    expect(mentor.locator(".thread")).to_contain_text("Which token stands there?")
    learner.reload()
    expect(cell(learner, EXERCISE).locator(".thread")).to_contain_text("Which token stands there?")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_owner_sees_how_it_goes_and_the_page_renews_itself(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    owner = visit(viewport, color_scheme=scheme)
    owner.goto("/sign-in")
    owner.get_by_label("E-mail").fill("mo@example.org")
    owner.get_by_label("Password").fill("Mo likes residual streams")
    owner.get_by_role("button", name="Sign in").click()
    owner.get_by_role("link", name="Operate").click()
    expect(owner.locator("#state")).to_contain_text("All parts are there")
    expect(owner.locator(".bars rect")).not_to_have_count(0)
    axe(owner)
    fits(owner, "operate")
    shoot(owner, f"operate-{viewport['width']}-{scheme}", whole=True)
    pressed = owner.locator(".facts tr", has_text="pressed").locator("td").first
    before = pressed.inner_text()
    learner = visit()
    learner.goto(LESSON)
    run(learner, "surprise")
    expect(pressed).not_to_have_text(before, timeout=60_000)


def test_attempts_are_kept_and_can_be_restored(page: Page) -> None:
    page.goto(LESSON)
    first = slipped(EXERCISE, "period + 1", "period + 2")
    hand_in(page, EXERCISE, first)
    hand_in(page, EXERCISE, solution(EXERCISE))
    exercise = cell(page, EXERCISE)
    exercise.get_by_text("Your attempts (2)").click()
    exercise.locator("table.attempts tr").last.get_by_role("button", name="Bring back").click()
    expect(page.locator(f"#cell-{EXERCISE} textarea[name=text]")).to_have_value(first)


def test_hints_come_one_at_a_time_and_the_solution_after_an_attempt(page: Page) -> None:
    page.goto(LESSON)
    exercise = cell(page, EXERCISE)
    expect(exercise.get_by_text("The solution opens after an attempt")).to_be_visible()
    for number in (1, 2, 3):
        exercise.get_by_role("button", name=re.compile("hint")).click()
        expect(exercise.locator(".hints li")).to_have_count(number)
    hand_in(page, EXERCISE, slipped(EXERCISE, "period + 1", "period"))
    exercise.get_by_role("button", name=re.compile("solution")).click()
    expect(exercise.locator(f"#solution-{EXERCISE}")).to_contain_text("return query - period + 1")
    expect(exercise.locator(f"#solution-{EXERCISE}")).to_contain_text("return query - period")


def test_somebody_elses_attempt_is_not_found(visit: Visit) -> None:
    owner, stranger = visit(), visit()
    owner.goto(LESSON)
    hand_in(owner, EXERCISE, solution(EXERCISE))
    cell(owner, EXERCISE).get_by_text("Your attempts (1)").click()
    address = cell(owner, EXERCISE).locator("table.attempts a").first.get_attribute("href")
    assert address
    assert stranger.request.get(address, max_redirects=0).status == 303  # to sign in
    stranger.goto(LESSON)
    run(stranger, "surprise")  # now somebody, but somebody else
    assert stranger.request.get(address).status == 404
