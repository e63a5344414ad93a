"""On this machine nobody needs an account: who does something becomes a guest, who reads leaves no trace."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.db import transaction
from app.models import User
from app.people import throttle
from tests.routes.acting import Browser


def test_reading_makes_no_row(newcomer: Browser, count_rows: Callable[[], dict[str, int]]) -> None:
    before = count_rows()
    for url in ("/", "/path", "/lessons/counting", "/sign-in", "/sign-up"):
        assert newcomer.get(url).status_code == 200
    assert count_rows() == before
    assert "unembed_session" not in newcomer.client.cookies


def test_the_first_thing_somebody_does_makes_a_guest_and_the_next_does_not(
    newcomer: Browser, count_rows: Callable[[], dict[str, int]]
) -> None:
    for _ in range(3):
        assert newcomer.post("/lessons/counting/cells/two/draft", text="y = 2").status_code == 204
    assert count_rows()["users"] == 1
    assert "y = 2" in newcomer.get("/lessons/counting").text


def test_the_first_two_requests_of_a_newcomer_make_one_guest(
    newcomer: Browser, count_rows: Callable[[], dict[str, int]]
) -> None:
    newcomer.get("/lessons/counting")
    for text in ("y = 2", "y = 3"):  # as if neither had seen the other's answer
        newcomer.client.cookies.delete("unembed_session")
        assert newcomer.post("/lessons/counting/cells/two/draft", text=text).status_code == 204
    assert count_rows()["users"] == 1
    assert "y = 3" in newcomer.get("/lessons/counting").text


def test_who_signs_out_is_nobody_until_they_do_something(
    newcomer: Browser, count_rows: Callable[[], dict[str, int]]
) -> None:
    newcomer.get("/lessons/counting")
    newcomer.post("/lessons/counting/cells/two/draft", text="y = 'mine'")
    newcomer.post("/sign-out")
    assert "mine" not in newcomer.get("/lessons/counting").text
    newcomer.post("/lessons/counting/cells/two/draft", text="y = 4")
    assert "mine" not in newcomer.get("/lessons/counting").text
    assert count_rows()["users"] == 2


def test_what_fails_makes_no_guest(newcomer: Browser, count_rows: Callable[[], dict[str, int]]) -> None:
    answer = newcomer.post("/lessons/counting/cells/two/draft", text="x" * 70_000)
    assert answer.status_code == 413
    assert count_rows()["users"] == 0
    assert "unembed_session" not in newcomer.client.cookies


def test_elsewhere_doing_something_needs_an_account_and_reading_does_not(
    newcomer: Browser, change_settings: Callable[..., None], count_rows: Callable[[], dict[str, int]]
) -> None:
    change_settings(host="0.0.0.0")
    assert newcomer.get("/lessons/counting").status_code == 200
    answer = newcomer.post("/lessons/counting/cells/two/runs", text="y = 2")
    assert answer.status_code == 401
    assert "Sign in" in answer.text
    assert "y = 2</textarea>" in answer.text  # nothing is lost
    assert count_rows()["users"] == 0


def test_guests_who_come_too_fast_wait(newcomer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "NEW_GUEST", replace(throttle.NEW_GUEST, limit=2))
    for _ in range(2):
        _becomes_a_stranger(newcomer)
        assert newcomer.post("/path/goal", goal="a").status_code == 303
    _becomes_a_stranger(newcomer)
    answer = newcomer.post("/path/goal", goal="a")
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def _becomes_a_stranger(browser: Browser) -> None:
    for name in ("unembed_session", "unembed_visitor"):
        with suppress(KeyError):
            browser.client.cookies.delete(name)


def test_a_guest_who_signs_up_keeps_everything(newcomer: Browser) -> None:
    newcomer.post("/lessons/counting/cells/two/draft", text="y = 'mine'")
    form = {"name": "Zoe", "email": "zoe@example.org", "password": "a long password"}
    assert newcomer.post("/sign-up", **form).status_code == 303
    assert "y = &#39;mine&#39;" in newcomer.get("/lessons/counting").text
    with transaction() as session:
        (zoe,) = session.scalars(select(User))
    assert (zoe.name, zoe.guest, zoe.mentor) == ("Zoe", False, True)  # the first account is the owner's
