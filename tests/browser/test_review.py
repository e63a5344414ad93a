"""Stuck, claimed, a word on a line, mended, handed in again, signed off: as learner and mentor see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import LESSON, cell, fits, hand_in, sign_in, sign_up, slipped, solution
from tests.browser.conftest import PHONE, WIDE, Visit, Watch
from tests.serve.starting import Site, start_site

EXERCISE = "induction_score"
MENDED = "# one further than the copy before\n\n" + solution(EXERCISE)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of its own: its people come to it as to a new one, whatever other tests have left."""
    with start_site(tmp_path_factory.mktemp("review")) as started:
        started.wait_until_ready()
        yield started


def _line(text: str, holding: str) -> int:
    """The number of the first line with these words."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if holding in line)


def test_from_stuck_to_signed_off(visit: Visit, axe: Callable[[Page], None]) -> None:
    mentor, learner = visit(), visit()
    sign_up(mentor, "Mo")
    sign_up(learner, "Ada")
    learner.goto(LESSON)
    first = slipped(EXERCISE, "period + 1", "period")
    hand_in(learner, EXERCISE, first)
    exercise = cell(learner, EXERCISE)
    exercise.get_by_text("I’m stuck").click()
    exercise.get_by_label("Where are you stuck?").fill("Why not the *same* token?")
    exercise.get_by_role("button", name="Ask your mentor").click()
    expect(exercise.locator(".thread")).to_contain_text("Waiting for an answer")

    mentor.goto("/mentor/queue")
    axe(mentor)
    mentor.get_by_role("button", name="Next for me").click()
    expect(mentor.locator("h1")).to_contain_text("About “")
    expect(mentor.locator("main")).to_contain_text("return query - period")  # what was on her screen
    axe(mentor)
    learner.reload()
    expect(exercise.locator(".thread")).to_contain_text("Mo is looking at it")

    mentor.get_by_role("link", name="Attempt 1").click()
    number = _line(first, "def place_to_read")
    mentor.get_by_role("link", name=f"Write on line {number}", exact=True).focus()
    mentor.keyboard.press("Enter")
    mentor.get_by_label(f"Your words on line {number}").fill("Which *token* stands there?")
    form = mentor.locator("#form-line")
    form.get_by_label("Ask for changes").check()
    axe(mentor)
    form.get_by_role("button", name="Send to the learner").click()
    remark = mentor.locator(".marked .thread")
    expect(remark).to_contain_text(f"on line {number}")
    axe(mentor)

    learner.reload()
    asked = exercise.locator(".thread[data-changes]")
    expect(asked).to_contain_text("Changes asked for")
    expect(asked.locator(".quoted")).to_contain_text("def place_to_read")
    expect(asked.locator(".answer em")).to_have_text("token")
    axe(learner)
    hand_in(learner, EXERCISE, MENDED)
    moved = exercise.locator(".thread").filter(has=learner.locator(".quoted"))  # without a reload
    expect(moved).to_contain_text(f"on line {number + 2}")
    expect(moved).to_contain_text("handed in attempt 2")
    learner.goto("/requests")
    expect(learner.locator(".asked li")).to_have_count(2)
    axe(learner)

    mentor.goto("/mentor/queue")
    mentor.get_by_role("link", name=re.compile(f"Ada on line {number} of an answer")).click()
    mentor.get_by_role("link", name="attempt 2", exact=True).click()
    line = mentor.locator(f"#line-{number + 2}")
    expect(line).to_have_attribute("data-noted", "")
    expect(mentor.locator(".marked .thread")).to_contain_text(f"on line {number + 2}")
    mentor.locator("summary", has_text="Sign it off").click()
    mentor.get_by_label("A note for the learner").fill("Yes: one *further*.")
    mentor.get_by_role("button", name="Sign off").click()
    expect(mentor.locator(".signed")).to_contain_text("Signed off by Mo")
    axe(mentor)
    learner.goto(LESSON)
    expect(exercise.locator(".state")).to_contain_text("signed off by Mo")


def test_a_mentor_inserts_a_canned_reply_and_tries_the_code_out(
    visit: Visit, axe: Callable[[Page], None]
) -> None:
    mentor = visit()
    sign_in(mentor, "Mo")
    mentor.goto("/mentor/replies")
    mentor.get_by_label("Title").fill("Shapes first")
    mentor.get_by_label("Text (Markdown)").fill("Print the shapes *first*.")
    mentor.get_by_role("button", name="Keep it").click()
    expect(mentor.locator(".rows")).to_contain_text("Shapes first")
    axe(mentor)

    mentor.goto("/mentor/queue")
    mentor.get_by_role("link", name=re.compile("Ada on")).first.click()
    box = mentor.get_by_label("Your message")
    box.fill("Hello Ada.")
    mentor.get_by_text("Canned replies (1)").click()
    mentor.get_by_role("button", name="Shapes first").click()
    expect(box).to_have_value("Hello Ada.\n\nPrint the shapes *first*.")
    expect(mentor).to_have_url(re.compile("/threads/"))

    mentor.get_by_role("link", name="Try the code").click()
    editor = mentor.locator("code-cell .cm-content")
    editor.click()
    mentor.keyboard.press("ControlOrMeta+End")
    mentor.keyboard.insert_text("\nprint('a trial of', 6 * 7)\n")
    mentor.get_by_role("button", name="Run the copy").click()
    expect(mentor.locator(".run .shown")).to_contain_text("a trial of 42", timeout=90_000)
    axe(mentor)
    mentor.goto(LESSON)
    expect(mentor.locator("main")).not_to_contain_text("a trial of 42")


def test_who_answers_what_another_has_keeps_their_words(visit: Visit, watch: Watch) -> None:
    watch.expect("409")
    mo, kim, learner = visit(), visit(), visit()
    sign_in(mo, "Mo")
    sign_up(kim, "Kim")
    sign_in(learner, "Ada")
    mo.goto("/mentor")
    mo.get_by_label("Name").fill("Autumn")
    mo.get_by_role("button", name="Make it").click()
    mo.wait_for_url("**/people")
    for email, role in (
        ("ada@example.org", "learner"),
        ("kim@example.org", "mentor"),
        ("mo@example.org", "mentor"),
    ):
        mo.get_by_label("Somebody with an account").fill(email)
        mo.get_by_label("as a").select_option(role)
        mo.get_by_role("button", name="Put in").click()
        expect(mo.locator(".rows").filter(has_text=email)).to_have_count(1)
    learner.goto(LESSON)
    cell(learner, "surprise").get_by_text("I’m stuck").click()
    cell(learner, "surprise").get_by_label("Where are you stuck?").fill("Why is that?")
    cell(learner, "surprise").get_by_role("button", name="Ask your mentor").click()
    expect(cell(learner, "surprise").locator(".thread")).to_contain_text("Waiting")

    kim.goto("/mentor/queue")
    kim.get_by_role("link", name=re.compile("Ada on the cell surprise")).click()
    mo.goto("/mentor/queue")
    mo.get_by_role("listitem").filter(has_text="the cell surprise").get_by_role(
        "button", name="I’ll take it"
    ).click()
    expect(mo.locator(".thread")).to_contain_text("yours until")
    kim.get_by_label("Your message").fill("I know this one.")
    kim.get_by_role("button", name="Send").click()
    expect(kim.locator(".thread .problem")).to_contain_text("Mo is answering this one")
    expect(kim.get_by_label("Your message")).to_have_value("I know this one.")
    mo.get_by_role("button", name="Release").click()
    expect(mo.locator("main")).to_contain_text("Waiting")
    kim.get_by_role("button", name="Send").click()
    expect(kim.locator(".thread")).to_contain_text("Answered")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_its_pages_fit_and_are_looked_at(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    mentor, learner = visit(viewport, color_scheme=scheme), visit(viewport, color_scheme=scheme)
    sign_in(mentor, "Mo")
    sign_in(learner, "Ada")
    learner.goto("/requests")
    address = learner.get_by_role("link", name=re.compile("^line")).first.get_attribute("href")
    assert address
    mentor.goto(address)
    attempt = mentor.get_by_role("link", name="Attempt 1").get_attribute("href")
    pages = {
        "queue": (mentor, "/mentor/queue"),
        "replies": (mentor, "/mentor/replies"),
        "thread": (mentor, address),
        "attempt": (mentor, f"{attempt}?line=1"),
        "trial": (mentor, f"{attempt}/trial"),
        "requests": (learner, "/requests"),
        "own-attempt": (learner, str(attempt)),
    }
    for name, (page, where) in pages.items():
        page.goto(where)
        expect(page.locator("h1")).to_be_visible()
        fits(page, name)
        axe(page)
        shoot(page, f"review-{name}-{viewport['width']}-{scheme}", whole=True)


def test_what_is_written_stays_until_it_is_sent_once(visit: Visit, watch: Watch) -> None:
    learner = visit()
    sign_in(learner, "Ada")
    learner.goto("/requests")
    learner.locator(".asked a").first.click()
    box = learner.get_by_label("Your message")
    box.fill("I had not sent this.")
    learner.goto("/path")
    learner.go_back()
    expect(box).to_have_value("I had not sent this.")
    expect(learner.locator(".unsent")).to_contain_text("it has not been sent")

    watch.expect("401")
    learner.context.clear_cookies(name="unembed_session")
    learner.get_by_role("button", name="Send").click()
    learner.get_by_role("alert").get_by_role("link", name="Sign in").click()
    learner.get_by_label("E-mail").fill("ada@example.org")
    learner.get_by_label("Password").fill("Ada likes residual streams")
    learner.get_by_role("button", name="Sign in").click()
    expect(box).to_have_value("I had not sent this.")
    learner.get_by_role("button", name="Send").dblclick()
    expect(learner.locator(".message", has_text="I had not sent this.")).to_have_count(1)
    learner.reload()
    expect(learner.locator(".message", has_text="I had not sent this.")).to_have_count(1)
    expect(box).to_have_value("")
