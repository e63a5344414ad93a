"""Everybody's measured answers to one exercise, without names."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from app.db import transaction
from app.learning import attempts
from app.learning.frontier import Point, unbeaten
from app.models import User, Verdict
from tests.routes.acting import Browser, finish

PAGE = "/lessons/counting/exercises/double/frontier"


def claims(user: User, size: float, speed: float, passed: bool = True) -> None:
    """They hand in an answer of which this is measured."""
    with transaction() as session:
        run = attempts.hand_in(session, user, "double", f"def double(x): return {size} * {speed}").run_id
    word = Verdict.PASSED if passed else Verdict.FAILED
    finish(run, attempts.Verdict(word, "", {"measured": {"size": size, "speed": speed}}))


def figure(page: str) -> dict[str, dict[str, list[float]]]:
    """The traces drawn, by name."""
    data = re.search(r'<script type="application/json">(.*?)</script>', page, re.S)
    assert data
    return {trace["name"]: trace for trace in json.loads(data[1])["figure"]["data"]}


def test_ones_own_answers_stand_among_the_others(
    ada_browser: Browser, browser: Callable[..., Browser], ada: User, ben: User
) -> None:
    claims(ada, 3, 0.9)
    claims(ben, 2, 0.95)
    claims(ben, 1, 0.2)
    claims(ben, 1, 0.99, passed=False)
    page = ada_browser.get(PAGE).text
    drawn = figure(page)
    assert (drawn["yours"]["x"], drawn["yours"]["y"]) == ([3], [0.9])
    assert sorted(drawn["others"]["x"]) == [1, 1, 2]
    assert (drawn["the frontier"]["x"], drawn["the frontier"]["y"]) == ([1, 2], [0.2, 0.95])
    assert "None of yours is on the frontier yet" in page
    assert "One of yours is on the frontier" in browser(ben).get(PAGE).text


def test_nobody_is_named(ada_browser: Browser, ben: User, ada: User) -> None:
    claims(ben, 2, 0.95)
    page = ada_browser.get(PAGE).text
    assert "Ben" not in page
    assert str(ben.id) not in page


def test_before_anything_was_measured_it_says_so(newcomer: Browser) -> None:
    assert "Nobody has handed in anything" in newcomer.get(PAGE).text


def test_answers_to_an_older_version_of_the_exercise_are_left_out(ada_browser: Browser, ada: User) -> None:
    claims(ada, 3, 0.9)
    with transaction() as session:
        for attempt in attempts.of(session, ada, "double"):
            attempt.exercise_version = "older"
    assert "Nobody has handed in anything" in ada_browser.get(PAGE).text


def test_whoever_has_handed_in_finds_the_way_there(ada_browser: Browser, ada: User) -> None:
    assert PAGE not in ada_browser.get("/lessons/counting").text
    claims(ada, 3, 0.9)
    assert PAGE in ada_browser.get("/lessons/counting").text


def test_an_answer_that_costs_more_must_be_better() -> None:
    points = [Point(cost, merit, False, True) for cost, merit in [(1, 0.5), (2, 0.5), (2, 0.7), (3, 0.6)]]
    assert [(one.cost, one.merit) for one in unbeaten(points)] == [(1, 0.5), (2, 0.7)]
