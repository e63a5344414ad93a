"""A cell that asks for a bet: first the bet, then the output, then both beside each other."""

from __future__ import annotations

import json

import pytest

from tests.routes.acting import Browser, Things

URL = "/lessons/counting/cells/{}/prediction"


def test_before_the_bet_nothing_is_shown(ada_browser: Browser, things: Things) -> None:
    page = ada_browser.get("/lessons/counting").text
    below = page[page.index('id="output-two"') : page.index('id="cell-double"')]
    assert "What comes out?" in below
    assert "hello" not in below


def test_a_placed_bet_stands_beside_the_output(ada_browser: Browser, things: Things) -> None:
    answer = ada_browser.post(URL.format("two"), htmx=True, choice="Two", confidence="85")
    assert json.loads(answer.headers["hx-trigger"]) == {"bet-placed": {"cell": "two"}}
    for text in (answer.text, ada_browser.get("/lessons/counting").text):
        assert "You bet: <b>Two</b>" in text
        assert "85 % sure" in text
        assert "hello" in text


def test_a_number_may_be_bet(ada_browser: Browser) -> None:
    answer = ada_browser.post(URL.format("one"), htmx=True, value="0,5", confidence="50")
    assert "You bet: <b>0.5 apples</b>" in answer.text


def test_the_first_bet_counts(ada_browser: Browser) -> None:
    for choice in ("One", "Two"):
        ada_browser.post(URL.format("two"), choice=choice)
    assert "You bet: <b>One</b>" in ada_browser.get("/lessons/counting").text


@pytest.mark.parametrize(
    ("cell", "fields"),
    [
        ("two", {"choice": "Three"}),
        ("two", {"choice": "Two", "confidence": "10"}),
        ("two", {}),
        ("one", {"value": "many"}),
        ("one", {"value": "nan"}),
        ("double", {"choice": "Two"}),
    ],
)
def test_what_is_no_bet_is_refused_beside_its_form(
    ada_browser: Browser, cell: str, fields: dict[str, str]
) -> None:
    answer = ada_browser.post(URL.format(cell), htmx=True, source=f"form#form-bet-{cell}", **fields)
    assert answer.status_code == 422
    assert answer.headers["hx-retarget"] == f"#notice-bet-{cell}"
