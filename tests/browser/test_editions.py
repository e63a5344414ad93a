"""A class that has pinned the course keeps it while an author changes it; a newer class meets the change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import cell, hand_in, sign_in, sign_up
from tests.browser.classroom import LESSON, QUADRUPLE, Classroom, make_cohort
from tests.browser.conftest import Visit
from tests.serve.starting import Site

RIGHT = "def quadruple(x: int) -> int:\n    return 4 * x\n"
NEW_CHECK = '''def check_minus_one(answer):
    """Nothing below nought."""
    assert answer.quadruple(-1) == 0, "Nothing below nought."


'''
CHANGED = "Four times as much, and less than nothing"


@pytest.fixture(scope="module")
def site(classroom: Classroom) -> Site:
    return classroom.site


def _lesson_with(page: Page, title: str) -> None:
    """Open the lesson until the site has seen what its author has changed."""
    expect(page.locator("#title-quadruple")).to_have_text(title)


def test_a_pinned_class_keeps_its_course_and_a_newer_class_meets_the_change(
    visit: Visit, classroom: Classroom, axe: Callable[[Page], None]
) -> None:
    boss, cleo, dan = visit(), visit(), visit()
    sign_in(boss, "Boss")
    sign_up(cleo, "Cleo")
    sign_up(dan, "Dan")
    pinned = make_cohort(boss, "Old course", learners=("Cleo",))
    make_cohort(boss, "New course", learners=("Dan",))
    boss.goto(f"{pinned}/course")
    boss.get_by_role("button", name="Pin the course as it is now").click()
    expect(boss.locator("main")).to_contain_text("Pinned on")
    expect(boss.locator("main")).to_contain_text("it is the newest course")
    axe(boss)

    classroom.rewrite(QUADRUPLE, '"""Four times as much', f'"""{CHANGED}')
    classroom.rewrite(
        QUADRUPLE,
        "def mistake_once",
        f"{NEW_CHECK}def mistake_once",
    )
    boss.goto(f"{pinned}/course")
    changed = boss.locator("main").get_by_text(CHANGED)
    for _ in range(20):  # the site looks for changes every few seconds
        if changed.count():
            break
        boss.wait_for_timeout(500)
        boss.reload()
    expect(boss.locator("main")).to_contain_text(re.compile(f"{CHANGED}\\s+question, checks"))
    axe(boss)

    cleo.goto(LESSON)
    _lesson_with(cleo, "Four times as much")
    expect(cleo.locator("main")).to_contain_text("your class Old course has pinned")
    dan.goto(LESSON)
    _lesson_with(dan, CHANGED)
    for learner, verdict in ((cleo, "Passed"), (dan, "Not yet")):
        cell(learner, "quadruple").get_by_role("button", name="Use ours").click()
        expect(cell(learner, "quadruple").locator(".foundations")).to_contain_text("(ours)")
        expect(hand_in(learner, "quadruple", RIGHT)).to_contain_text(verdict)

    boss.get_by_role("button", name="Move to the newest").click()
    expect(boss.locator("main")).to_contain_text("it is the newest course")
    cleo.goto(LESSON)
    _lesson_with(cleo, CHANGED)
    expect(cell(cleo, "quadruple").locator(".state")).to_contain_text("passed")  # that stays
    cleo.goto("/notices")
    expect(cleo.locator("main")).to_contain_text("has moved to its newest edition")
