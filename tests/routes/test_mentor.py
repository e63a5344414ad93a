"""The mentor's desk: who is where, and nothing of what stays private."""

from __future__ import annotations

import re

from app.models import User
from tests.routes.acting import Browser, Things


def test_the_dashboard_has_a_line_a_learner_and_a_cell_a_lesson(
    mo_browser: Browser, things: Things, ada: User, ben: User
) -> None:
    assert f"/mentor/cohorts/{things.cohort}" in mo_browser.get("/mentor").text
    board = mo_browser.get(f"/mentor/cohorts/{things.cohort}").text
    assert "data-asking" in line_of(board, ada)
    assert "0/3 ?<i>1</i>" in line_of(board, ada)
    assert line_of(board, ben).endswith("<td></td></tr>")


def test_a_lesson_opens_into_its_exercises_with_their_attempts(
    mo_browser: Browser, things: Things, ada: User
) -> None:
    board = mo_browser.get(f"/mentor/cohorts/{things.cohort}?open=counting").text
    line = line_of(board, ada)
    assert re.findall(r"data-mark=(\w+)", line) == ["failed"]
    assert line.count("data-asking") == 1
    assert 'data-e=double aria-label="not passed yet, attempts: 1">✗ 1</td>' in line
    assert f"/mentor/cohorts/{things.cohort}/exercises/double" in board


def line_of(board: str, learner: User) -> str:
    """The line of the table that is about this learner."""
    (line,) = re.findall(rf'<tr id="l-{learner.id}">.*?</tr>', board, re.S)
    return str(line)


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
