"""An assessment from its making to the grades, as a mentor and two learners see it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import update

from app.models import Allowance, Assessment
from tests.browser.acting import PATIENCE, cell, fits, hand_in, sign_in, sign_up, write
from tests.browser.classroom import LESSON, Classroom, make_cohort
from tests.browser.conftest import PHONE, WIDE, Visit, Watch
from tests.serve.starting import Site

SQUARE = "def double(x: int) -> int:\n    return x * x\n"
RIGHT = "def double(x: int) -> int:\n    return x + x\n"


@pytest.fixture(scope="module")
def site(classroom: Classroom) -> Site:
    return classroom.site


def _local(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M")


def _make(mentor: Page, cohort: str, title: str) -> str:
    """An assessment that is open now; returns its id."""
    moment = datetime.now(UTC)
    mentor.goto(f"{cohort}/assessments")
    mentor.get_by_label("Title").fill(title)
    mentor.get_by_label("Opens").fill(_local(moment - timedelta(minutes=5)))
    mentor.get_by_label("Closes").fill(_local(moment + timedelta(hours=2)))
    mentor.get_by_label("Minutes from one’s own start").fill("45")
    mentor.locator("fieldset.pick summary", has_text="Counting").click()
    for title_of in ("Twice as much", "Which is largest?"):
        mentor.get_by_label(title_of, exact=True).check()
    mentor.get_by_role("button", name="Make it, and tell the learners").click()
    mentor.wait_for_url(re.compile("/assessments/[0-9a-f-]{36}"))
    return mentor.url.rpartition("/")[2]


def _closes_in(classroom: Classroom, seconds: float) -> None:
    """What two hours would do."""
    end = datetime.now(UTC) + timedelta(seconds=seconds)
    with classroom.database() as session:
        session.execute(update(Assessment).values(closes_at=end, last_at=end))
        session.execute(update(Allowance).values(minutes=0))


def test_from_making_it_to_the_grades(
    visit: Visit, classroom: Classroom, watch: Watch, axe: Callable[[Page], None]
) -> None:
    watch.expect("403")
    boss, mentor, ada, ben = visit(), visit(), visit(), visit()
    sign_in(boss, "Boss")
    sign_in(mentor, "Mo")
    sign_up(ada, "Ada")
    sign_up(ben, "Ben")
    cohort = make_cohort(boss, "Sitting", mentors=("Mo",), learners=("Ada", "Ben"))
    sat = f"/assessments/{_make(mentor, cohort, 'Midterm')}"
    axe(mentor)

    ada.goto("/path")
    ada.get_by_role("link", name="Midterm").click()
    expect(ada.locator("main")).to_contain_text("The rules")
    axe(ada)
    ada.get_by_role("button", name=re.compile("^Begin")).click()
    expect(ada.get_by_role("timer")).to_contain_text("minutes left")
    axe(ada)
    ben.goto(sat)
    ben.get_by_label("When my time is over").uncheck()
    ben.get_by_role("button", name=re.compile("^Begin")).click()

    exercise = cell(ada, "double")
    expect(exercise.locator(".help")).to_contain_text("part of the assessment “Midterm”")
    expect(exercise.get_by_role("button", name=re.compile("A hint"))).to_have_count(0)
    expect(exercise.get_by_text("I’m stuck")).to_have_count(0)
    lesson = ada.context.new_page()
    lesson.goto(LESSON)
    expect(cell(lesson, "double").locator(".help")).to_contain_text("part of the assessment “Midterm”")
    expect(cell(lesson, "double").get_by_role("button", name=re.compile("A hint"))).to_have_count(0)
    told = hand_in(ada, "double", SQUARE)
    expect(told).to_contain_text("It has not passed.")
    expect(told).not_to_contain_text("squared")

    write(ada, "double", RIGHT)  # neither this nor the form is handed in by her
    cell(ada, "largest").get_by_label("three").check()
    expect(cell(ada, "largest").locator(".saved")).to_have_text("saved")
    ada.reload()
    expect(cell(ada, "largest").get_by_label("three")).to_be_checked()
    write(ben, "double", RIGHT)
    expect(cell(ben, "double").locator(".saved")).to_have_text("saved")

    mentor.reload()
    mentor.get_by_label("Learner", exact=True).select_option("Ada")
    mentor.get_by_role("button", name="Give it").click()
    expect(ada.get_by_role("timer")).to_contain_text("59 minutes left", timeout=PATIENCE)  # by itself

    _closes_in(classroom, 8)
    ada.reload()
    expect(ada.get_by_role("timer")).to_contain_text("s left")
    cell(ada, "double").locator("code-cell .cm-content").click()
    ada.keyboard.press("ControlOrMeta+End")
    while "0 s left" not in f" {ada.get_by_role('timer').inner_text()}" and ada.get_by_role("timer").count():
        ada.keyboard.type("# to the end\n")  # never still for long enough to be saved
        if ada.get_by_role("timer").inner_text() in ("1 s left", "the time is over"):
            break
    expect(ada.locator("main")).to_contain_text("Your time is over", timeout=PATIENCE)  # by itself
    axe(ada)
    both = ada.locator(".rows .badge[data-mark=passed]")
    for _ in range(60):
        ada.reload()
        if both.count() == 2:
            break
        ada.wait_for_timeout(500)
    expect(both).to_have_count(2)
    expect(ada.locator("main")).to_contain_text("The whole verdicts stand with your attempts now")
    ada.locator(".rows").get_by_role("link", name="attempt 1").first.click()
    expect(ada.locator("main")).to_contain_text("You squared it.")  # at last
    ada.goto(sat)
    ada.locator(".rows").get_by_role("link", name="attempt 2").first.click()
    expect(ada.locator("main")).to_contain_text("# to the end")

    ben.goto(sat)
    expect(ben.locator("main")).to_contain_text("not handed in")
    ben.goto(LESSON)
    expect(cell(ben, "double").locator("code-cell")).to_contain_text("x + x")
    mentor.reload()
    expect(mentor.get_by_role("row").filter(has_text="Ada")).to_contain_text("2 of 2")
    expect(mentor.get_by_role("row").filter(has_text="Ben")).to_contain_text("0 of 2")
    axe(mentor)
    mentor.goto(f"{cohort}/grades")
    with mentor.expect_download() as download:
        mentor.get_by_role("button", name="Download CSV").click()
    table = Path(download.value.path()).read_text("utf-8-sig")
    assert re.search(r"^Ada,ada@example.org,double,Twice as much,100,2,", table, re.MULTILINE)
    assert re.search(r"^Ben,ben@example.org,double,Twice as much,,0,", table, re.MULTILINE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [WIDE, PHONE], ids=["wide", "phone"])
def test_its_pages_fit_and_are_looked_at(
    visit: Visit,
    axe: Callable[[Page], None],
    shoot: Callable[..., Path],
    viewport: dict[str, int],
    scheme: str,
) -> None:
    mentor = visit(viewport, color_scheme=scheme)
    sign_in(mentor, "Mo")
    mentor.goto("/mentor")
    cohort = mentor.get_by_role("link", name="Sitting").first.get_attribute("href")
    mentor.goto(f"{cohort}/assessments")
    results = mentor.get_by_role("link", name="Midterm").get_attribute("href")
    for name, address in {
        "assessments": f"{cohort}/assessments",
        "results": str(results),
        "grades": f"{cohort}/grades",
        "plan": f"{cohort}/plan",
    }.items():
        mentor.goto(address)
        fits(mentor, name)
        axe(mentor)
        shoot(mentor, f"assessments-{name}-{viewport['width']}-{scheme}", whole=True)
