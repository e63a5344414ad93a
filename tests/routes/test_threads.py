"""“I'm stuck” opens a thread in place; a mentor answers; both see the answer."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.models import User
from app.people import throttle
from tests.routes.acting import Browser, Things

ASK = "/lessons/counting/cells/two/threads"


def test_a_question_opens_a_thread_below_its_cell(ada_browser: Browser) -> None:
    question = "Why **not** $x_1$? <script>alert(1)</script>"
    shown = ada_browser.post(ASK, htmx=True, body=question, chain='{"two": "y"}')
    assert 'id="stuck-two" open' in shown.text
    for text in (shown.text, ada_browser.get("/lessons/counting").text):
        assert "<strong>not</strong>" in text
        assert "<msub>" in text
        assert "<script>alert" not in text


def test_an_empty_question_is_refused_beside_its_form(ada_browser: Browser) -> None:
    answer = ada_browser.post(ASK, htmx=True, body="  ", source="form#form-ask-two")
    assert (answer.status_code, answer.headers["hx-retarget"]) == (422, "#notice-ask-two")


def test_a_mentor_finds_the_question_and_the_learner_the_answer(
    ada_browser: Browser, mo_browser: Browser, things: Things
) -> None:
    board = mo_browser.get("/mentor").text
    assert f"/threads/{things.thread}" in board
    page = mo_browser.get(f"/threads/{things.thread}").text
    assert "What was on the screen" in page
    answered = mo_browser.post(f"/threads/{things.thread}/messages", htmx=True, body="Use `double` twice.")
    assert "Answered" in answered.text
    assert "Nobody is waiting" in mo_browser.get("/mentor").text
    lesson = ada_browser.get("/lessons/counting").text
    assert "Use <code>double</code> twice." in lesson
    assert "Mo, mentor" in lesson


def test_a_settled_thread_no_longer_waits(ada_browser: Browser, mo_browser: Browser, things: Things) -> None:
    assert "Settled" in ada_browser.post(f"/threads/{things.thread}/close", htmx=True).text
    assert "Nobody is waiting" in mo_browser.get("/mentor").text


def test_too_many_messages_at_once_have_to_wait(
    ada_browser: Browser, things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "WRITE", replace(throttle.WRITE, limit=2, per_seconds=3600))
    url = f"/threads/{things.thread}/messages"
    statuses = [ada_browser.post(url, body=f"and {n}").status_code for n in range(3)]
    assert statuses == [303, 303, 429]


def test_what_a_run_showed_can_be_written_on_where_help_was_asked(
    ada_browser: Browser, mo_browser: Browser, things: Things
) -> None:
    ada_browser.post(ASK, body="What does it say?")
    asked = re.findall(r"/threads/([0-9a-f-]{36})\"", mo_browser.get("/mentor").text)
    (thread,) = set(asked) - {str(things.thread)}
    page = mo_browser.get(f"/threads/{thread}").text
    assert f'action="/outputs/{things.output}/messages"' in page
    answer = mo_browser.post(f"/outputs/{things.output}/messages", body="Label the *axes*.", at=thread)
    assert answer.headers["location"].startswith(f"/threads/{thread}?said=")
    for page in (
        mo_browser.get(f"/threads/{thread}").text,
        mo_browser.get(f"/runs/{things.run}").text,
        ada_browser.get(f"/runs/{things.run}").text,
        ada_browser.get("/lessons/counting").text,
    ):
        assert "Label the <em>axes</em>." in page


def test_who_takes_what_another_mentor_has_is_told_in_the_queue(
    mo_browser: Browser, browser: Callable[[User | None], Browser], boss: User, things: Things
) -> None:
    claim = f"/threads/{things.thread}/claim"
    assert mo_browser.post(claim).headers["location"] == f"/threads/{things.thread}"
    late = browser(boss)
    assert late.post(claim).headers["location"] == "/mentor/queue"
    assert "Mo has taken this one already." in late.get("/mentor/queue").text
