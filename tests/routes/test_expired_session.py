"""A session that has ended takes nothing along that somebody was writing."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
from sqlalchemy import update

from app.db import now, transaction
from app.learning import drafts
from app.models import User, WebSession
from app.people import accounts
from tests.routes.acting import Browser

PASSWORD, TEXT = "the old password", "def double(x):\n    return x + x  # a whole evening"
LESSON = "/lessons/counting"
Made = Callable[..., Browser]


@pytest.fixture
def expired(ada: User, browser: Made) -> Browser:
    """Ada's browser, whose session has just ended."""
    with transaction() as session:
        accounts.set_password(session, session.get_one(User, ada.id), PASSWORD)
    hers = browser(ada)
    hers.client.headers["referer"] = f"http://127.0.0.1:8000{LESSON}"
    with transaction() as session:
        session.execute(update(WebSession).values(expires_at=now()))
    return hers


@pytest.fixture
def public(change_settings: Callable[..., None]) -> None:
    change_settings(public_url="http://learn.example.org")


FORMS = {
    "a run": (f"{LESSON}/cells/two/runs", "text"),
    "a hand-in": (f"{LESSON}/exercises/double/attempts", "text"),
    "a question": (f"{LESSON}/cells/two/threads", "body"),
}


@pytest.mark.parametrize("form", FORMS)
def test_what_was_sent_comes_back_with_the_way_to_sign_in(public: None, expired: Browser, form: str) -> None:
    to, field = FORMS[form]
    answer = expired.post(to, **{field: TEXT})
    assert answer.status_code == 401
    assert TEXT in html.unescape(answer.text)
    assert 'href="/sign-in?next=/lessons/counting"' in answer.text


def test_beside_the_editor_it_is_said_and_the_text_stays_where_it_is(public: None, expired: Browser) -> None:
    answer = expired.post(FORMS["a hand-in"][0], htmx=True, text=TEXT)
    assert answer.status_code == 401
    assert "Sign in to run code" in answer.text
    assert answer.headers["hx-reswap"] == "innerHTML"
    assert answer.headers["hx-retarget"] == "#notices"  # and nothing else of the page


def test_what_is_kept_while_typing_is_refused_so_that_the_browser_keeps_it(
    public: None, expired: Browser
) -> None:
    assert expired.post(f"{LESSON}/cells/double/draft", text=TEXT).status_code == 401


def test_no_password_comes_back(public: None, expired: Browser) -> None:
    answer = expired.post("/account/password", password="my secret words", new="other secret words")
    assert answer.status_code == 401
    assert "secret words" not in answer.text


def test_on_a_laptop_it_is_kept_for_a_guest_and_moves_when_one_signs_in(expired: Browser, ada: User) -> None:
    assert expired.post(f"{LESSON}/cells/double/draft", text=TEXT).status_code == 204
    answer = expired.post("/sign-in", email="ada@example.org", password=PASSWORD, next=LESSON)
    assert answer.headers["location"] == LESSON
    with transaction() as session:
        assert drafts.of(session, session.get_one(User, ada.id), "counting") == {"double": TEXT}
