"""What a visitor does on a lesson's page: write into a cell, run it, hand it in, wait for what comes."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from app.lessons import course

LESSON = "/lessons/induction-heads"
PATIENCE = 90_000  # milliseconds: for a run on a machine that does much else
OVER = ".run[data-ending]"


def sign_up(page: Page, name: str) -> None:
    """A new account; of a new site, the first is its admin."""
    page.goto("/sign-up")
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(f"{name.lower()}@example.org")
    page.get_by_label("Password").fill(f"{name} likes residual streams")
    page.get_by_role("button", name="Make the account").click()
    expect(page).not_to_have_url(re.compile("sign-up"))


def sign_in(page: Page, name: str) -> None:
    """Somebody who has an account comes with another browser."""
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(f"{name.lower()}@example.org")
    page.get_by_label("Password").fill(f"{name} likes residual streams")
    page.get_by_role("button", name="Sign in").click()
    expect(page).not_to_have_url(re.compile("sign-in"))


def cell(page: Page, name: str) -> Locator:
    """The whole block of a cell or an exercise."""
    return page.locator(f"#cell-{name}")


def write(page: Page, name: str, text: str) -> None:
    """Paste over the text of an editor."""
    cell(page, name).scroll_into_view_if_needed()  # editors are built when they come near the screen
    cell(page, name).locator("code-cell .cm-content").click()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("text => navigator.clipboard.writeText(text)", text)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("ControlOrMeta+v")


def press_run(page: Page, name: str) -> Locator:
    """Press Run; the returned output may still be coming."""
    cell(page, name).locator("[data-run]").click()
    return cell(page, name).locator(".output")


def run(page: Page, name: str, ending: str = "ok") -> Locator:
    """Run a cell to its end, and return its output."""
    before = cell(page, name).locator(OVER)
    old = before.get_attribute("id") if before.count() else None
    output = press_run(page, name)
    return ended(output, ending, old)


def ended(output: Locator, ending: str = "ok", old: str | None = None) -> Locator:
    """Wait until another run than `old` is over, and hold how it ended."""
    fresh = f"{OVER}:not(#{old})" if old else OVER
    done = output.locator(fresh)
    expect(done).to_be_visible(timeout=PATIENCE)
    expect(done).to_have_attribute("data-ending", ending)
    return output


def hand_in(page: Page, name: str, answer: str | None = None) -> Locator:
    """Hand an exercise in, with `answer` as its text, and return the verdict on it."""
    if answer is not None:
        write(page, name, answer)
    return verdict_after(page, name)


def verdict_after(page: Page, name: str) -> Locator:
    """Press “Hand in” and wait for the verdict that comes of it."""
    output = cell(page, name).locator(".output")
    shown = output.locator(".verdict")
    old = shown.get_attribute("id") if shown.count() else None
    cell(page, name).locator("[data-hand-in]").click()
    verdict = output.locator(f".verdict:not(#{old})" if old else ".verdict")
    expect(verdict).to_be_visible(timeout=PATIENCE)
    return verdict


def place_bet(page: Page, name: str, choice: int | str) -> Locator:
    """Choose an answer by its number, or give a number; then the cell runs."""
    bet = cell(page, name).locator("form.bet")
    if isinstance(choice, int):
        bet.get_by_role("radio").nth(choice).check()
    else:
        bet.locator("[name=value]").fill(choice)
    bet.get_by_role("button", name=re.compile("Place the bet")).click()
    return ended(cell(page, name).locator(".output"))


def solution(exercise: str) -> str:
    """The reference, as a learner could write it."""
    return course().exercises[exercise].solution


def slipped(exercise: str, right: str, wrong: str) -> str:
    """The reference with one slip in it."""
    text = solution(exercise)
    assert right in text
    return text.replace(right, wrong)


def keeps_words(page: Page, name: str) -> None:
    """No button breaks within a short word."""
    broken = page.evaluate("""() => [...document.querySelectorAll("main :is(button, .button)")]
        .flatMap((button) => [...button.childNodes])
        .filter((node) => node.nodeType === Node.TEXT_NODE && /^\\S{1,20}$/.test(node.data.trim()))
        .filter((node) => {
            const range = document.createRange();
            range.selectNodeContents(node);
            return new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size > 1;
        })
        .map((node) => node.data.trim())""")
    assert broken == [], f"{name} breaks {broken}"


def fits(page: Page, name: str) -> None:
    """Nothing of it is wider than the screen."""
    inside, outside = page.evaluate("() => [document.documentElement.scrollWidth, window.innerWidth]")
    assert inside <= outside, f"{name} is {inside} pixels wide on a screen of {outside}"
