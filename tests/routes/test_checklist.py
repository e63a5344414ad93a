"""The checklist at the end of a lesson: what exercises prove ticks itself, the rest is the learner's."""

from __future__ import annotations

import re
from collections.abc import Callable

from app.learning import checklist
from app.models import User
from tests.routes.acting import Browser, Things
from tests.routes.passing import passes

LESSON = "/lessons/counting"


def items(page: str) -> dict[str, bool]:
    """What each item is proven by → whether it is done."""
    found = re.findall(r'class="item"[^>]*data-by="(\w+)"([^>]*)>', page)
    return {by: "data-done" in rest for by, rest in found}


def key(page: str) -> str:
    found = re.search(r"/checklist/(\w+)", page)
    assert found
    return found[1]


def test_what_an_exercise_proves_ticks_itself(ada_browser: Browser, ada: User) -> None:
    assert items(ada_browser.get(LESSON).text) == {"exercise": False, "self": False}
    passes(ada, "double")
    page = ada_browser.get(LESSON).text
    assert items(page) == {"exercise": True, "self": False}
    assert re.search(r'Proven by <a href="#cell-double">', page)


def test_the_rest_is_ticked_and_unticked(
    ada_browser: Browser, browser: Callable[..., Browser], ben: User
) -> None:
    url = f"{LESSON}/checklist/{key(ada_browser.get(LESSON).text)}"
    assert ada_browser.post(url).headers["location"] == f"{LESSON}#checklist"
    assert items(ada_browser.get(LESSON).text) == {"exercise": False, "self": True}
    assert items(browser(ben).get(LESSON).text)["self"] is False
    again = ada_browser.post(url, htmx=True).text
    assert again.lstrip().startswith('<section class="proof" id="checklist"')
    assert items(again) == {"exercise": False, "self": False}


def test_what_an_exercise_proves_cannot_be_ticked_by_hand(ada_browser: Browser, lesson: object) -> None:
    proven = checklist.of(lesson, {}, set())[0]  # type: ignore[arg-type]
    assert proven.exercise
    assert ada_browser.post(f"{LESSON}/checklist/{proven.key}").status_code == 404


def test_a_verdict_brings_the_checklist_along(ada_browser: Browser, ada: User, things: Things) -> None:
    fresh = ada_browser.get(f"/runs/{things.graded_run}", htmx=True).text
    assert '<hx-partial hx-target="#checklist"' in fresh
    assert items(fresh)["exercise"] is False
    run = passes(ada, "double")
    assert items(ada_browser.get(f"/runs/{run}", htmx=True).text)["exercise"] is True


def test_a_mentor_sees_what_is_proven_and_no_ticks(
    ada_browser: Browser, mo_browser: Browser, ada: User
) -> None:
    ada_browser.post(f"{LESSON}/checklist/{key(ada_browser.get(LESSON).text)}")
    passes(ada, "double")
    page = mo_browser.get(f"/mentor/learners/{ada.id}").text
    assert "double any number" in page
    assert "<em>twice</em>" not in page
    assert "ticked" not in page


def test_what_to_read_elsewhere_comes_with_why(newcomer: Browser) -> None:
    page = newcomer.get(LESSON).text
    assert 'href="https://example.org/numbers"' in page
    assert "the first two will do" in page
