"""Checks change and attempts are judged again: an admin sees what would change, applies it, takes it back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import PATIENCE, cell, fits, hand_in, sign_in, sign_up
from tests.browser.classroom import DOUBLE, LESSON, Classroom
from tests.browser.conftest import PHONE, WIDE, Visit
from tests.editions.conftest import STRICT
from tests.serve.starting import Site

ONLY_SMALL = "def double(x: int) -> int:\n    return 2 * x if x > 0 else 0\n"
SQUARE = "def double(x: int) -> int:\n    return x * x\n"
LAST = "def mistake_square__double(x):"


@pytest.fixture(scope="module")
def site(classroom: Classroom) -> Site:
    return classroom.site


@pytest.fixture
def stricter(classroom: Classroom) -> Iterator[Callable[[], None]]:
    """Makes the checks of `double` stricter, until the test is over."""
    yield lambda: classroom.rewrite(DOUBLE, LAST, STRICT)
    classroom.rewrite(DOUBLE, STRICT, LAST)


def _state(learner: Page) -> str:
    learner.goto(LESSON)
    return cell(learner, "double").locator(".state").inner_text()


def test_checks_change_and_attempts_are_judged_again(
    visit: Visit, stricter: Callable[[], None], axe: Callable[[Page], None]
) -> None:
    boss, eve, finn = visit(), visit(), visit()
    sign_in(boss, "Boss")
    for learner, name, answer, verdict in (
        (eve, "Eve", SQUARE, "Not yet"),
        (finn, "Finn", ONLY_SMALL, "Passed"),
    ):
        sign_up(learner, name)
        learner.goto(LESSON)
        expect(hand_in(learner, "double", answer)).to_contain_text(verdict)
    stricter()
    boss.goto("/operate/regrades")
    outdated = boss.locator(".rows li").filter(has_text="Twice as much").get_by_role("button")
    for _ in range(20):  # the site looks for changes every few seconds
        if outdated.count():
            break
        boss.wait_for_timeout(500)
        boss.reload()
    axe(boss)
    outdated.click()
    boss.wait_for_url(re.compile("/operate/regrades/[0-9a-f-]{36}"))
    apply = boss.get_by_role("button", name="Apply", exact=True)
    expect(apply).to_be_visible(timeout=PATIENCE)  # its progress renews itself
    line = boss.locator(".rejudged").filter(has_text="Finn")
    expect(line).to_contain_text("passed → failed")
    line.locator("summary").click()
    expect(line).to_contain_text("Right")  # before
    expect(line).to_contain_text("Twice -2 is -4.")  # by the new checks
    axe(boss)
    assert "passed" in _state(finn)  # nothing counts yet
    with boss.expect_download() as download:
        boss.get_by_role("link", name=re.compile("CSV")).click()
    table = Path(download.value.path()).read_text("utf-8-sig")
    assert re.search(r"^Finn,finn@example.org,double,1,passed,failed,", table, re.MULTILINE)

    boss.get_by_label(re.compile("Also take away the")).check()
    apply.click()
    expect(boss.locator("main")).to_contain_text("Applied")
    axe(boss)
    assert "not passed" in _state(finn)
    finn.goto("/notices")
    expect(finn.locator("main")).to_contain_text("was judged again and does not pass by them")
    finn.get_by_role("button", name=re.compile("Twice as much.* has other checks")).click()
    expect(finn.locator("main")).to_contain_text("Twice -2 is -4.")
    expect(finn.locator("main")).to_contain_text("passed")  # what it was before is kept

    boss.get_by_role("button", name="Take it back").click()
    expect(boss.locator("main")).to_contain_text("Taken back")
    assert "not passed" not in _state(finn)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_its_pages_fit_and_are_looked_at(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    boss = visit(viewport, color_scheme=scheme)
    sign_in(boss, "Boss")
    boss.goto("/operate/regrades")
    regrade = boss.locator(".rows").last.get_by_role("link").first.get_attribute("href")
    for name, address in {"regrades": "/operate/regrades", "regrade": str(regrade)}.items():
        boss.goto(address)
        fits(boss, name)
        axe(boss)
        shoot(boss, f"{name}-{viewport['width']}-{scheme}", whole=True)
