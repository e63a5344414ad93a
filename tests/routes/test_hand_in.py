"""Hand in: the verdict names what is wrong; help opens on the way; every attempt stays."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.db import transaction
from app.models import Attempt, Run
from app.running import runs
from tests.routes.acting import Browser, Things

URL = "/lessons/counting/exercises/double"


def test_the_page_shows_what_failed_with_its_input_and_the_mistake_by_name(
    ada_browser: Browser, things: Things
) -> None:
    page = ada_browser.get("/lessons/counting").text
    verdict = page[page.index('class="verdict failed"') :]
    assert "Not yet" in verdict
    assert "Twice 3 is 6." in verdict
    assert "<em>square</em>: You squared it." in verdict
    for value in (3, 9, 6):  # the input, hers, and what was expected
        assert f'<pre tabindex="0">{value}</pre>' in verdict


def test_a_mistake_that_is_known_leads_to_where_it_is_mended(ada_browser: Browser, things: Things) -> None:
    page = ada_browser.get("/lessons/counting").text
    assert '<a href="/lessons/counting?back=double#cell-quadruple">10 minutes on just this: ' in page


def test_the_result_comes_with_the_help_and_the_marks_beside_it(ada_browser: Browser, things: Things) -> None:
    fresh = ada_browser.get(f"/runs/{things.graded_run}", htmx=True).text
    assert 'id="output-double"' in fresh
    for place in ("help-double", "state-double", "tick-double"):
        assert f'<hx-partial hx-target="#{place}"' in fresh


def test_what_is_handed_in_is_the_text_of_the_form(ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{URL}/attempts", text="def double(x):\r\n    return 2 * x\r\n")
    assert answer.status_code == 303
    with transaction() as session:
        assert session.scalars(select(Attempt.answer)).one() == "def double(x):\n    return 2 * x\n"


def test_what_is_handed_in_announces_no_replay(ada_browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LONG_REPLAY", -1.0)
    answer = ada_browser.post(f"{URL}/attempts", htmx=True, text="def double(x):\n    return x + x")
    assert "Waiting" in answer.text
    assert "run again" not in answer.text


def test_a_form_is_handed_in_as_its_fields(ada_browser: Browser) -> None:
    answer = ada_browser.post("/lessons/counting/exercises/largest/attempts", largest="two", other="no")
    assert answer.status_code == 303
    with transaction() as session:
        attempt = session.scalars(select(Attempt)).one()
    assert attempt.answer == '{"largest": "two"}'
    page = ada_browser.get("/lessons/counting").text
    assert 'value="two" checked' in page
    assert ada_browser.get(f"/attempts/{attempt.id}").status_code == 200


def test_hints_open_one_at_a_time(ada_browser: Browser) -> None:
    first = ada_browser.post(f"{URL}/hints", htmx=True).text
    assert "Two of them." in first
    assert "Add it to itself." not in first
    assert "Another hint (2 of 3)" in first
    for _ in range(4):
        last = ada_browser.post(f"{URL}/hints", htmx=True).text
    assert "<code>x + x</code>" in last
    assert "Another hint" not in last
    assert "<code>x + x</code>" in ada_browser.get("/lessons/counting").text


def test_no_hint_and_no_solution_is_on_the_page_before_it_is_opened(ada_browser: Browser) -> None:
    page = ada_browser.get("/lessons/counting").text
    assert "Two of them." not in page
    assert "return 2 * x" not in page


def test_the_solution_stands_beside_ones_own_answer(ada_browser: Browser, things: Things) -> None:
    shown = ada_browser.post(f"{URL}/solution", htmx=True).text
    assert shown.count('class="line differs"') >= 2
    assert "<figcaption>Yours</figcaption>" in shown
    assert ada_browser.get(f"{URL}/solution").status_code == 200  # and can be looked at again


def test_an_attempt_can_be_brought_back(ada_browser: Browser, things: Things) -> None:
    ada_browser.post("/lessons/counting/cells/double/draft", text="def double(x): return 0")
    assert "Bring back" in ada_browser.get(f"{URL}/attempts", htmx=True).text
    back = ada_browser.post(f"/attempts/{things.attempt}/restore")
    assert back.headers["location"] == "/lessons/counting#cell-double"
    page = ada_browser.get("/lessons/counting").text
    assert "return x * x" in page
    assert "Attempt 1 is back in the editor" in page
    assert "Attempt 1 is back" not in ada_browser.get("/lessons/counting").text  # said once


def test_what_builds_on_something_not_passed_says_so(ada_browser: Browser) -> None:
    answer = ada_browser.post(
        "/lessons/counting/exercises/quadruple/attempts", htmx=True, text="x", source="form#form-quadruple"
    )
    assert answer.status_code == 422
    assert "Twice as much" in answer.text
    assert answer.headers["hx-retarget"] == "#notice-quadruple"


def test_the_same_answer_pressed_twice_is_one_attempt(ada_browser: Browser) -> None:
    for _ in range(2):
        assert ada_browser.post(f"{URL}/attempts", text="def double(x): return x").status_code == 303
    with transaction() as session:
        assert len(session.scalars(select(Run)).all()) == 1
