"""A database or a Redis that is away: a page says so, and what was written comes back."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from app import redis as redis_of_app
from app.config import settings
from app.db import engine, transaction
from app.models import User
from app.routes import home
from tests.routes.acting import Browser

NOBODY = "postgresql://nobody@127.0.0.1:1/nothing"  # port 1: nothing listens there
L = "/lessons/counting"


@pytest.fixture
def database_away(ada_browser: Browser, mo: User, change_settings: Callable[..., None]) -> None:
    """From here on; Ada is signed in."""
    engine().dispose()
    change_settings(database_url=NOBODY)
    engine.cache_clear()


@pytest.fixture
def redis_away(change_settings: Callable[..., None]) -> None:
    change_settings(redis_url=f"unix://{settings().data_dir}/nobody.sock")
    redis_of_app.client.cache_clear()


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize("path", ["/", "/path", L, "/account", "/sign-up", f"{L}/events"])
def test_a_page_that_needs_the_database_says_that_it_is_away(ada_browser: Browser, path: str) -> None:
    answer = ada_browser.get(path)
    assert answer.status_code == 503
    assert "Back in a moment" in answer.text
    assert "The site&#39;s database does not answer just now" in answer.text
    assert int(answer.headers["retry-after"]) > 0
    assert "content-security-policy" in answer.headers


@pytest.mark.usefixtures("database_away")
@pytest.mark.parametrize("path", ["/manual", "/manual/failures", "/healthz"])
def test_what_needs_no_database_is_there(newcomer: Browser, path: str) -> None:
    assert newcomer.get(path).status_code == 200


@pytest.mark.usefixtures("database_away")
def test_a_site_that_starts_meanwhile_comes_up(newcomer: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(home, "FIRST_LESSON", "counting")
    home.prepare()
    assert newcomer.get("/healthz").status_code == 200


def test_a_database_that_lets_one_in_and_says_nothing_counts_as_away(
    ada_browser: Browser, database_away: None, change_settings: Callable[..., None]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        change_settings(database_url=f"postgresql://nobody@127.0.0.1:{silent.getsockname()[1]}/nothing")
        engine.cache_clear()
        assert ada_browser.get("/path").status_code == 503


@pytest.mark.usefixtures("database_away")
def test_what_was_written_comes_back(ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{L}/exercises/double/attempts", text="def double(x):\n    return x + x\n")
    assert answer.status_code == 503
    assert "return x + x" in answer.text


@pytest.mark.usefixtures("database_away")
def test_beside_the_editor_stands_a_notice(ada_browser: Browser) -> None:
    answer = ada_browser.post(f"{L}/exercises/double/attempts", htmx=True, source="form#form-double", text="")
    assert answer.status_code == 503
    assert answer.headers["hx-retarget"] == "#notice-double"
    assert "does not answer just now" in answer.text


@pytest.mark.usefixtures("redis_away")
def test_without_redis_pages_are_read_and_hand_ins_taken(ada_browser: Browser) -> None:
    for path in ("/", "/path", L, "/account"):
        assert ada_browser.get(path).status_code == 200
    assert ada_browser.post(f"{L}/exercises/double/attempts", text="double = None").status_code == 303


def test_without_redis_the_one_time_link_is_for_later(newcomer: Browser, redis_away: None) -> None:
    form = {"token": "x", "name": "Zoe", "email": "zoe@example.org", "password": "a long password"}
    answer = newcomer.post("/first-account", **form)
    assert answer.status_code == 503
    assert "The site&#39;s queue does not answer just now" in answer.text
    with transaction() as session:
        assert session.query(User).filter_by(guest=False).count() == 0
