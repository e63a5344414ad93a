"""The mentor's desk: who is where, and nothing of what stays private."""

from __future__ import annotations

import re

from app.models import User
from tests.routes.acting import Browser, Things


def test_the_board_has_a_row_a_learner_and_a_column_an_exercise(
    mo_browser: Browser, things: Things, ada: User, ben: User
) -> None:
    assert f"/mentor/cohorts/{things.cohort}" in mo_browser.get("/mentor").text
    board = mo_browser.get(f"/mentor/cohorts/{things.cohort}").text
    (row,) = re.findall(r"<tr>\s*<th scope=\"row\"><a[^>]*>Ada</a>.*?</tr>", board, re.S)
    assert re.findall(r'data-mark="(\w+)"', row) == ["failed", "not_tried", "not_tried"]
    assert row.count("data-asking") == 1
    assert ">Ben</a>" in board


def test_a_learners_page_lists_what_was_handed_in_and_asked(
    mo_browser: Browser, things: Things, ada: User
) -> None:
    page = mo_browser.get(f"/mentor/learners/{ada.id}").text
    assert f"/attempts/{things.attempt}" in page
    assert "Why?" in page
    assert str(things.run) not in page  # a scratch run


def test_a_mentor_sees_an_attempt_with_its_verdict_and_outputs(mo_browser: Browser, things: Things) -> None:
    page = mo_browser.get(f"/attempts/{things.attempt}").text
    for shown in ("of Ada", "You squared it.", "plotly-figure", "hello"):
        assert shown in page
    assert "Bring this back" not in page


def test_a_guest_who_has_done_nothing_is_not_listed(mo_browser: Browser, stranger: User) -> None:
    assert "Guest" not in mo_browser.get("/mentor").text
