"""The 80 % check: marks on solutions, one in three of them checked by a variant."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from app.db import transaction
from app.learning import understanding
from app.models import User
from tests.routes.acting import Browser, Things
from tests.routes.passing import passes

STEP = "/understanding/start"
DOUBLE = f"{STEP}/double"


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Lets the lot fall so that the first mark is checked, or is not."""

    def fall(on_first: bool) -> None:
        real = understanding._lot

        def lot(user: User, *words: object) -> int:
            return (0 if on_first else 1) if len(words) == 2 and words[0] == "start" else real(user, *words)

        monkeypatch.setattr(understanding, "_lot", lot)

    return fall


def counts(browser: Browser) -> tuple[int, int, int]:
    """Marked, checks that held, checks."""
    page = browser.get(STEP).text
    marked = re.search(r"<b>(\d+) of \d+</b> marked", page)
    held = re.search(r"<b>(\d+) of (\d+)</b> checked", page)
    assert marked
    return int(marked[1]), int(held[1]) if held else 0, int(held[2]) if held else 0


def choices(page: str) -> list[str]:
    return [unescape(value) for value in re.findall(r'name="choice" value="([^"]+)"', page)]


def truth(user: User) -> str:
    with transaction() as session:
        item = understanding.of(session, user, "start").of("double").item
    assert item
    return item.truth


def test_yours_stands_beside_ours_once_you_have_tried(ada_browser: Browser, things: Things) -> None:
    page = ada_browser.get(DOUBLE).text
    assert "One good answer" in page
    assert "I understand this" in page


def test_the_answer_that_passed_is_the_one_compared(ada_browser: Browser, ada: User, things: Things) -> None:
    passes(ada, "double")
    shown = re.sub(r"<[^>]+>", "", ada_browser.get(DOUBLE).text)
    assert "x + x" in shown
    assert "x * x" not in shown


def test_a_solution_that_was_not_tried_is_closed(browser: Callable[..., Browser], ben: User) -> None:
    assert browser(ben).get(DOUBLE).headers["location"] == "/lessons/counting#cell-double"
    assert browser(ben).post(DOUBLE, understood="yes").status_code == 403


def test_a_mark_is_made_and_taken_away(
    ada_browser: Browser, things: Things, checked: Callable[[bool], None]
) -> None:
    checked(False)
    assert ada_browser.post(DOUBLE, understood="yes").headers["location"] == f"{DOUBLE}#mark"
    assert counts(ada_browser) == (1, 0, 0)
    ada_browser.post(DOUBLE, understood="no")
    assert counts(ada_browser) == (0, 0, 0)


def test_a_mark_that_is_checked_counts_once_the_answer_is_right(
    ada_browser: Browser, ada: User, things: Things, checked: Callable[[bool], None]
) -> None:
    checked(True)
    assert ada_browser.post(DOUBLE, understood="yes").headers["location"] == f"{DOUBLE}#item"
    assert counts(ada_browser) == (0, 0, 0)
    assert truth(ada) in choices(ada_browser.get(DOUBLE).text)
    ada_browser.post(f"{DOUBLE}/answer", choice=truth(ada))
    assert counts(ada_browser) == (1, 1, 1)
    assert "Your mark held." in ada_browser.get(DOUBLE).text


def test_a_wrong_answer_is_explained_and_the_next_mark_asks_for_another_variant(
    ada_browser: Browser, ada: User, things: Things, checked: Callable[[bool], None]
) -> None:
    checked(True)
    ada_browser.post(DOUBLE, understood="yes")
    first = ada_browser.get(DOUBLE).text
    wrong = next(choice for choice in choices(first) if choice != truth(ada))
    ada_browser.post(f"{DOUBLE}/answer", choice=wrong)
    assert counts(ada_browser) == (0, 0, 1)
    assert "Not quite." in ada_browser.get(DOUBLE).text
    with transaction() as session:
        before = understanding.of(session, ada, "start").of("double").check
    ada_browser.post(DOUBLE, understood="yes")
    with transaction() as session:
        item = understanding.of(session, ada, "start").of("double").item
    assert before
    assert before.item
    assert item
    assert item.variant != before.item.variant


def test_leaving_the_question_and_marking_anew_asks_the_same(
    ada_browser: Browser, ada: User, things: Things, checked: Callable[[bool], None]
) -> None:
    checked(True)
    ada_browser.post(DOUBLE, understood="yes")
    asked = ada_browser.get(DOUBLE).text
    ada_browser.post(DOUBLE, understood="no")
    assert not choices(ada_browser.get(DOUBLE).text)
    ada_browser.post(DOUBLE, understood="yes")
    assert choices(ada_browser.get(DOUBLE).text) == choices(asked)


def test_what_is_none_of_the_choices_is_refused(
    ada_browser: Browser, things: Things, checked: Callable[[bool], None]
) -> None:
    checked(True)
    ada_browser.post(DOUBLE, understood="yes")
    assert ada_browser.post(f"{DOUBLE}/answer", choice="anything").status_code == 422
    assert ada_browser.post(DOUBLE, understood="perhaps").status_code == 422


def test_nobody_sees_anothers_marks(
    ada_browser: Browser, mo_browser: Browser, things: Things, checked: Callable[[bool], None]
) -> None:
    checked(False)
    ada_browser.post(DOUBLE, understood="yes")
    assert counts(mo_browser) == (0, 0, 0)
