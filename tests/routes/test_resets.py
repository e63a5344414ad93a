"""Choosing a password by a link: mailed, or made by an admin."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.db import now, transaction
from app.models import Letter, ResetLink, User, WebSession
from app.people import accounts, resets
from tests.mailbox import Mailbox
from tests.routes.acting import Browser

NEW = "a new long password"
Made = Callable[..., Browser]


@pytest.fixture
def ada_known(ada: User) -> User:
    """Ada, with a password."""
    with transaction() as session:
        accounts.set_password(session, session.get_one(User, ada.id), "the old password")
    return ada


def test_a_forgotten_password_is_replaced_by_a_mailed_link(
    mailbox: Mailbox, ada_known: User, browser: Made, run_jobs: Callable[[], list[str]]
) -> None:
    elsewhere, here = browser(ada_known), browser(None)
    answer = here.post("/forgot", email=" Ada@Example.org ")
    assert "a link is on its way" in answer.text
    assert run_jobs() == ["mail"]
    link = mailbox.link()
    assert here.get(link).status_code == here.get(link).status_code == 200  # opening it uses nothing up
    assert here.post(link, password=NEW).headers["location"] == "/path"
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303  # signed out
    assert browser(None).post("/sign-in", email="ada@example.org", password=NEW).status_code == 303
    assert (
        browser(None).post("/sign-in", email="ada@example.org", password="the old password").status_code
        == 422
    )
    again = browser(None).post(link, password="another one")
    assert again.status_code == 404
    assert "has been used" in again.text
    run_jobs()
    assert mailbox.letters[-1][1]["Subject"] == "Your password has been changed"


def test_an_unknown_address_gets_the_same_answer_and_no_mail(
    mailbox: Mailbox, ada: User, browser: Made, run_jobs: Callable[[], list[str]]
) -> None:
    known, unknown = (
        browser(None).post("/forgot", email="ada@example.org"),
        browser(None).post("/forgot", email="eve@example.org"),
    )
    assert known.text.replace("ada@", "eve@") == unknown.text
    run_jobs()
    assert [to for to, _ in mailbox.letters] == [["ada@example.org"]]
    with transaction() as session:
        assert session.scalars(select(Letter)).all() == []


def test_asking_is_throttled_for_each_address(mailbox: Mailbox, ada: User, browser: Made) -> None:
    asked = [browser(None).post("/forgot", email="ada@example.org").status_code for _ in range(4)]
    assert asked == [200, 200, 200, 429]
    assert browser(None).post("/forgot", email="ben@example.org").status_code == 200


def test_a_link_expires(ada: User, browser: Made) -> None:
    with transaction() as session:
        link = resets.make(session, session.get_one(User, ada.id), timedelta(hours=1))
        session.execute(update(ResetLink).values(expires_at=now() - timedelta(seconds=1)))
    path = "/" + link.split("/", 3)[3]
    assert browser(None).get(path).status_code == 404
    assert browser(None).post(path, password=NEW).status_code == 404


def test_the_database_holds_no_token(mailbox: Mailbox, ada: User, browser: Made) -> None:
    browser(None).post("/forgot", email="ada@example.org")
    with transaction() as session:
        link = resets.make(session, session.get_one(User, ada.id), timedelta(hours=1))
        token = link.rpartition("/")[2]
        (stored,) = session.scalars(select(ResetLink))
        assert token not in stored.token_hash
        (letter,) = session.scalars(select(Letter))
        assert letter.data == {"email": "ada@example.org"}


def test_a_password_that_is_too_short_uses_nothing_up(ada: User, browser: Made) -> None:
    with transaction() as session:
        link = resets.make(session, session.get_one(User, ada.id), timedelta(hours=1))
    path = "/" + link.split("/", 3)[3]
    answer = browser(None).post(path, password="short")
    assert answer.status_code == 422
    assert "at least 8 characters" in answer.text
    assert browser(None).post(path, password=NEW).status_code == 303


def test_using_one_link_ends_the_others(ada: User, browser: Made) -> None:
    with transaction() as session:
        user = session.get_one(User, ada.id)
        one, other = ("/" + resets.make(session, user, timedelta(hours=1)).split("/", 3)[3] for _ in "ab")
    assert browser(None).post(one, password=NEW).status_code == 303
    assert browser(None).post(other, password=NEW).status_code == 404


def test_an_admin_makes_a_link_that_is_shown_once_and_noted(boss: User, ada: User, browser: Made) -> None:
    page = browser(boss).post(f"/people/{ada.id}/reset").text
    path = page.split('value="http://127.0.0.1:8000')[1].split('"')[0]
    assert "Choose a password" in browser(None).get(path).text
    assert path not in browser(boss).get("/people").text
    log = browser(boss).get("/audit").text
    assert "made a link to choose a password for" in log
    assert path not in log
    assert browser(None).post(path, password=NEW).status_code == 303
    with transaction() as session:
        assert len(session.scalars(select(WebSession).where(WebSession.user_id == ada.id)).all()) == 1


def test_a_site_without_mail_says_who_helps(browser: Made) -> None:
    assert "This site sends no mail" in browser(None).get("/forgot").text
    assert browser(None).post("/forgot", email="ada@example.org").status_code == 422
