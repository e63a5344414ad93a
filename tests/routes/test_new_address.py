"""Another address to sign in with holds once it is confirmed by mail; a new password ends tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from sqlalchemy import select, update

from app.db import now, transaction
from app.models import NewAddress, User
from app.people import resets
from tests.mailbox import Mailbox
from tests.routes.acting import Browser, Program
from tests.routes.test_resets import ada_known  # noqa: F401  (a fixture)

OLD, NEW = "the old password", "a new long password"
Made = Callable[..., Browser]
Jobs = Callable[[], list[str]]


@pytest.fixture
def ada(ada_known: User) -> User:  # noqa: F811
    return ada_known


def address(user: User) -> str | None:
    with transaction() as session:
        return session.get_one(User, user.id).email


def asked(ada: User, browser: Made, email: str = "ada@new.example") -> Browser:
    hers = browser(ada)
    assert hers.post("/account/email", email=email, password=OLD).status_code == 303
    return hers


def test_it_holds_once_the_link_is_opened_and_the_old_one_is_told(
    mailbox: Mailbox, ada: User, browser: Made, run_jobs: Jobs
) -> None:
    hers = asked(ada, browser, "Ada@New.example")
    assert "Open the link in the mail to <b>ada@new.example</b>" in hers.get("/account").text
    assert run_jobs() == ["mail"]
    ((to, message),) = mailbox.letters
    assert (to, message["Subject"]) == (["ada@new.example"], "Is this address yours?")
    assert address(ada) == "ada@example.org"
    link = mailbox.link()
    anybody = browser(None)  # a program that looks at mail, or another browser of hers
    assert "Is ada@new.example yours?" in anybody.get(link).text
    assert anybody.get(link).status_code == 200
    assert address(ada) == "ada@example.org"  # looking changes nothing
    assert anybody.post(link).headers["location"] == "/sign-in"
    assert address(ada) == "ada@new.example"
    assert anybody.post(link).status_code == 404
    run_jobs()
    to, message = mailbox.letters[-1]
    assert (to, message["Subject"]) == (["ada@example.org"], "Your account has another address")
    assert browser(None).post("/sign-in", email="ada@new.example", password=OLD).status_code == 303
    assert browser(None).post("/sign-in", email="ada@example.org", password=OLD).status_code == 422


def test_where_the_site_sends_no_mail_it_holds_at_once(ada: User, browser: Made) -> None:
    asked(ada, browser)
    assert address(ada) == "ada@new.example"


def test_one_may_think_better_of_it(mailbox: Mailbox, ada: User, browser: Made, run_jobs: Jobs) -> None:
    hers = asked(ada, browser)
    run_jobs()
    link = mailbox.link()
    assert hers.post("/account/email/forget").status_code == 303
    assert browser(None).get(link).status_code == 404
    assert "Open the link" not in hers.get("/account").text
    assert address(ada) == "ada@example.org"


def test_only_the_last_link_counts(mailbox: Mailbox, ada: User, browser: Made, run_jobs: Jobs) -> None:
    asked(ada, browser, "slip@new.example")
    run_jobs()
    first = mailbox.link()
    asked(ada, browser)
    run_jobs()
    assert browser(None).get(first).status_code == 404
    assert browser(None).post(mailbox.link()).status_code == 303
    assert address(ada) == "ada@new.example"


def test_a_link_expires(mailbox: Mailbox, ada: User, browser: Made, run_jobs: Jobs) -> None:
    asked(ada, browser)
    run_jobs()
    with transaction() as session:
        session.execute(update(NewAddress).values(expires_at=now() - timedelta(seconds=1)))
    assert browser(None).post(mailbox.link()).status_code == 404


def test_an_address_that_somebody_took_meanwhile_stays_theirs(
    mailbox: Mailbox, ada: User, ben: User, browser: Made, run_jobs: Jobs
) -> None:
    asked(ada, browser)
    run_jobs()
    with transaction() as session:
        session.get_one(User, ben.id).email = "ada@new.example"
    assert browser(None).post(mailbox.link()).status_code == 422
    assert address(ada) == "ada@example.org"


def test_a_new_password_ends_a_link_that_somebody_else_may_have_asked_for(
    mailbox: Mailbox, ada: User, browser: Made, run_jobs: Jobs
) -> None:
    asked(ada, browser)
    run_jobs()
    link = mailbox.link()
    assert browser(ada).post("/account/password", password=OLD, new=NEW).status_code == 303
    assert browser(None).post(link).status_code == 404


def test_nobody_is_mailed_again_and_again(mailbox: Mailbox, ada: User, browser: Made) -> None:
    hers = browser(ada)
    sent = {"email": "ada@new.example", "password": OLD}
    assert [hers.post("/account/email", **sent).status_code for _ in range(4)] == [303, 303, 303, 429]
    with transaction() as session:
        assert len(session.scalars(select(NewAddress)).all()) == 1


# ---- tokens


def test_a_password_chosen_by_a_link_ends_tokens(ada: User, browser: Made, site: FastAPI) -> None:
    program = Program(site, ada)
    with transaction() as session:
        link = resets.make(session, session.get_one(User, ada.id), timedelta(hours=1)).rpartition("/")[2]
    assert program.ask("GET", "/me").status_code == 200
    assert browser(None).post(f"/reset/{link}", password=NEW).status_code == 303
    assert program.ask("GET", "/me").status_code == 401


@pytest.mark.parametrize(("ticked", "status"), [({"revoke": "yes"}, 401), ({}, 200)])
def test_whoever_changes_it_says_whether_they_go_on(
    ada: User, browser: Made, site: FastAPI, ticked: dict[str, str], status: int
) -> None:
    program, hers = Program(site, ada), browser(ada)
    assert hers.post("/account/browsers/others/sign-out").status_code == 303
    assert "Your tokens for programs go on working." in hers.get("/account").text
    assert "Also end my token for programs" in hers.get("/account").text
    assert hers.post("/account/password", password=OLD, new=NEW, **ticked).status_code == 303
    assert program.ask("GET", "/me").status_code == status
    assert ("Your token works no longer." in hers.get("/account").text) == bool(ticked)
