"""Bringing a class list into a cohort, on the page."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

from sqlalchemy import func, select

from app.db import transaction
from app.models import Cohort, User
from tests.mailbox import Mailbox
from tests.routes.acting import TOKEN, Browser

Made = Callable[..., Browser]
GOOD = "Ann,ann@example.org\nBob,bob@example.org\n"
MIXED = GOOD + "Carol,carol at example.org\n"


def accounts_there() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(User)) or 0


def test_nothing_is_done_by_looking(mo: User, cohort: Cohort, browser: Made) -> None:
    before = accounts_there()
    page = browser(mo).post(f"/mentor/cohorts/{cohort.id}/class-list", text=GOOD).text
    assert page.count("gets an account") == 2
    assert "Bring them in" in page
    assert accounts_there() == before


def test_a_line_that_is_wrong_keeps_all_out_until_one_says_the_good_ones(
    mo: User, cohort: Cohort, browser: Made
) -> None:
    his, at, before = browser(mo), f"/mentor/cohorts/{cohort.id}/class-list", accounts_there()
    page = his.post(at, text=MIXED).text
    assert "1 of 3 lines can’t be used" in page
    assert "does not look like an e-mail address" in page
    assert "Bring in the 2 good ones" in page
    assert MIXED in html.unescape(page)  # to be mended
    assert his.post(f"{at}/people", text=MIXED).status_code == 422
    assert accounts_there() == before
    assert his.post(f"{at}/people", text=MIXED, good="yes").status_code == 200
    assert accounts_there() == before + 2


def test_without_mail_the_links_are_handed_over_and_work(mo: User, cohort: Cohort, browser: Made) -> None:
    page = browser(mo).post(f"/mentor/cohorts/{cohort.id}/class-list/people", text=GOOD).text
    paths = re.findall(r'value="http://127\.0\.0\.1:8000(/reset/[^"]+)"', page)
    assert len(paths) == 2
    ann = browser(None)
    assert "Welcome, Ann." in ann.get(paths[0]).text
    assert ann.post(paths[0], password="a long password").headers["location"] == "/path"
    assert cohort.name in ann.get("/account").text
    assert (
        browser(None).post("/sign-in", email="ann@example.org", password="a long password").status_code == 303
    )


def test_with_mail_each_is_mailed_their_link(
    mailbox: Mailbox, mo: User, cohort: Cohort, browser: Made, run_jobs: Callable[[], list[str]]
) -> None:
    page = browser(mo).post(f"/mentor/cohorts/{cohort.id}/class-list/people", text=GOOD).text
    assert "mailed a link" in page
    assert "/reset/" not in page
    assert run_jobs() == ["mail", "mail"]
    assert [to for to, _ in mailbox.letters] == [["ann@example.org"], ["bob@example.org"]]
    assert "Mo has made an account for you, in the cohort “Autumn”" in mailbox.text(0)
    assert browser(None).post(mailbox.link(0), password="a long password").status_code == 303


def test_a_file_is_read_as_it_is(mo: User, cohort: Cohort, browser: Made) -> None:
    his = browser(mo)
    excel = b"\xef\xbb\xbf" + "Name;E-Mail\r\nAnn Weiß;ann@example.org\r\n".encode()
    to, files = f"/mentor/cohorts/{cohort.id}/class-list", {"file": ("class.csv", excel, "text/csv")}
    answer = his.client.post(to, data={"csrf": TOKEN, "text": ""}, files=files)
    assert answer.status_code == 200
    assert "Ann Weiß" in answer.text
    large = {"file": ("class.csv", b"x" * 300_000, "text/csv")}
    assert his.client.post(to, data={"csrf": TOKEN}, files=large).status_code == 413


def test_who_signs_up_with_an_address_of_the_list_is_told_how_to_go_on(
    mo: User, cohort: Cohort, browser: Made
) -> None:
    browser(mo).post(f"/mentor/cohorts/{cohort.id}/class-list/people", text=GOOD)
    answer = browser(None).post("/sign-up", name="Ann", email="ann@example.org", password="a long password")
    assert "ask there for a new password" in answer.text
