"""A milestone is passed, its learner explains it where it was passed, and the mentor reads it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.acting import PATIENCE, cell, sign_in, sign_up
from tests.browser.classroom import LESSON, Classroom, make_cohort
from tests.browser.conftest import Visit
from tests.serve.starting import Site

WORDS = "I compared all three. Three is more than two and more than one."


@pytest.fixture(scope="module")
def site(classroom: Classroom) -> Site:
    return classroom.site


def test_it_is_asked_where_the_milestone_was_passed(visit: Visit, axe: Callable[[Page], None]) -> None:
    boss, mentor, gil = visit(), visit(), visit()
    sign_in(boss, "Boss")
    sign_in(mentor, "Mo")
    sign_up(gil, "Gil")
    make_cohort(boss, "Explaining", mentors=("Mo",), learners=("Gil",))
    gil.goto(LESSON)
    exercise = cell(gil, "largest")
    exercise.get_by_label("three").check()
    exercise.get_by_role("button", name="Hand in").click()
    asked = exercise.get_by_label("Explain it in two sentences")
    expect(asked).to_be_visible(timeout=PATIENCE)  # with the verdict, without another page
    asked.fill(WORDS)
    exercise.get_by_role("button", name="Keep").click()
    expect(gil.get_by_text("Your explanation is kept.")).to_be_visible()
    exercise.get_by_text("Your explanation", exact=True).click()
    expect(asked).to_have_value(WORDS)

    mentor.goto("/mentor")
    mentor.get_by_role("link", name="Explaining").first.click()
    mentor.get_by_role("link", name="Gil", exact=True).first.click()
    expect(mentor.locator("main")).to_contain_text(WORDS)
    axe(mentor)
