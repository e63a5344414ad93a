"""Sign up, sign in, sign out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from app.people import accounts
from tests.routes.acting import Browser

FORM = {"name": "Zoe", "email": "zoe@example.org", "password": "a long password"}


@pytest.fixture
def zoe(newcomer: Browser) -> Browser:
    assert newcomer.post("/sign-up", **FORM).status_code == 303
    return newcomer


def test_who_signs_up_is_signed_in(zoe: Browser) -> None:
    assert "Welcome, Zoe." in zoe.get("/path").text
    assert "Zoe" in zoe.get("/account").text


def test_who_signs_out_is_nobody_again(zoe: Browser) -> None:
    token = zoe.client.cookies["unembed_session"]
    zoe.post("/sign-out")
    assert "unembed_session" not in zoe.client.cookies
    zoe.client.cookies.set("unembed_session", token)  # and a copy of the cookie is worth nothing
    assert zoe.get("/account").status_code == 303


def test_signing_in_leads_back_to_where_one_was(zoe: Browser, browser: Callable[..., Browser]) -> None:
    other = browser(None)
    to = other.get("/account").headers["location"]
    assert to == "/sign-in?next=/account"
    assert 'name="next" value="/account"' in other.get(to).text
    answer = other.post("/sign-in", email="Zoe@Example.org", password=FORM["password"], next="/account")
    assert answer.headers["location"] == "/account"


ELSEWHERE = ["https://evil.example", "//evil.example", "/\\evil.example", "evil", ""]


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_signing_in_leads_nowhere_else(zoe: Browser, browser: Callable[..., Browser], elsewhere: str) -> None:
    other = browser(None)
    answer = other.post("/sign-in", email=FORM["email"], password=FORM["password"], next=elsewhere)
    assert answer.headers["location"] == "/path"


def test_which_of_the_two_is_wrong_is_not_said(zoe: Browser, browser: Callable[..., Browser]) -> None:
    for email in (FORM["email"], "nobody@example.org"):
        answer = browser(None).post("/sign-in", email=email, password="wrong")
        assert answer.status_code == 422
        assert "don&#39;t fit together" in answer.text
        assert f'value="{email}"' in answer.text


def test_guessing_passwords_is_slowed_down(browser: Callable[..., Browser]) -> None:
    tries = [browser(None).post("/sign-in", email="ada@example.org", password=str(n)) for n in range(11)]
    statuses = [answer.status_code for answer in tries]
    assert (statuses[0], statuses[-1]) == (422, 429)


def test_a_class_behind_one_address_may_sign_in_and_sign_up(browser: Callable[..., Browser]) -> None:
    people = [f"learner{n}@example.org" for n in range(12)]
    tries = [browser(None).post("/sign-in", email=email, password="wrong") for email in people]
    tries += [browser(None).post("/sign-up", name="x", email=email, password="short") for email in people]
    assert 429 not in [answer.status_code for answer in tries]


def test_a_form_that_does_not_fit_comes_back_with_what_was_typed(newcomer: Browser) -> None:
    answer = newcomer.post("/sign-up", name="Zoe", email="no address", password="a long password")
    assert answer.status_code == 422
    assert "does not look like an e-mail address" in answer.text
    assert 'value="no address"' in answer.text
    assert "a long password" not in answer.text


def test_the_one_time_link_makes_the_first_account_once(
    newcomer: Browser, browser: Callable[..., Browser], change_settings: Callable[..., None]
) -> None:
    change_settings(host="0.0.0.0")
    assert newcomer.post("/sign-up", **FORM).status_code == 403
    token = accounts.first_account_token()
    assert f'name="token" value="{token}"' in newcomer.get(f"/first-account?token={token}").text
    assert newcomer.post("/first-account", token="guessed", **FORM).status_code == 403
    assert newcomer.post("/first-account", token=token, **FORM).status_code == 303
    assert newcomer.get("/mentor").status_code == 200
    assert browser(None).get(f"/first-account?token={token}").headers["location"] == "/sign-in"
    assert browser(None).post("/first-account", token=token, **FORM).status_code == 403
