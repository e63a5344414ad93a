"""The start of the path: a few questions, no answers before they are given, and where to begin."""

from __future__ import annotations

from app.models import User
from tests.routes.acting import Browser
from tests.routes.passing import passes


def test_no_right_answer_is_in_the_page_before_it_is_given(newcomer: Browser) -> None:
    page = newcomer.get("/start").text
    assert "What is <em>twice</em> 3?" in page
    assert "as it always was" not in page
    assert "when one counts" not in page
    assert page.count("I don’t know") >= 2
    assert "checked" not in page.split("<main")[1]


def test_somebody_who_knows_nothing_is_sent_to_the_first_lesson(newcomer: Browser) -> None:
    assert newcomer.post("/start").headers["location"] == "/start/result"  # and is a guest from here on
    page = newcomer.get("/start/result").text
    assert "Begin with Counting" in page
    assert "whose question you left open" in page
    assert "0 of 2 right" in page
    assert "Right is <b>6</b>" in page
    assert "as it always was" in page


def test_what_is_wrong_is_said_beside_what_is_right(ada_browser: Browser) -> None:
    ada_browser.post("/start", twice="9 <b>", larger="two")
    page = ada_browser.get("/start/result").text
    assert "You answered 9 &lt;b&gt;." in page
    assert "✓ two" in page
    assert "answered otherwise than we would" in page
    assert "This looked known" not in page  # of a lesson all has to be right
    assert "Begin with Counting" in page
    assert "/lessons/counting#cell-largest" not in page  # the milestone of this step is in that very lesson


def test_what_looked_known_can_be_proven(ada_browser: Browser) -> None:
    ada_browser.post("/start", twice="6,0", larger="two")
    page = ada_browser.get("/start/result").text
    assert "You know the groundwork" in page
    assert 'href="/lessons/counting/test-out"' in page


def test_the_newest_answers_count_and_the_map_remembers(ada_browser: Browser) -> None:
    assert "A few questions will tell" in ada_browser.get("/path").text
    ada_browser.post("/start", twice="6", larger="two")
    assert "go on where the map is new to you" in ada_browser.get("/path").text
    ada_browser.post("/start", twice="7", nonsense="x" * 1000)
    assert "0 of 2 right" in ada_browser.get("/start/result").text
    assert "begin with <a" in ada_browser.get("/path").text
    assert "You have answered before" in ada_browser.get("/start").text


def test_nobody_is_sent_to_what_is_behind_them(ada_browser: Browser, ada: User) -> None:
    passes(ada, "double", "quadruple")
    ada_browser.post("/start", twice="7")
    page = ada_browser.get("/start/result").text
    assert "Go on where you are" in page
    assert "Begin with" not in page


def test_answers_are_the_learners_own(ada_browser: Browser, mo_browser: Browser, ada: User) -> None:
    ada_browser.post("/start", twice="1234")
    passes(ada, "double")
    assert "1234" not in mo_browser.get(f"/mentor/learners/{ada.id}").text
    assert mo_browser.get("/start/result").headers["location"] == "/start"
