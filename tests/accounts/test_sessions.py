"""Browsers that are signed in: a token in a cookie, only its hash in the database."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.db import now
from app.learning import drafts
from app.lessons import Lesson
from app.mentoring import threads
from app.models import Draft, Notice, Run, RunKind, User, WebSession
from app.people import accounts
from app.post import notices
from app.running import runs


def test_a_token_finds_its_user_and_no_other_does(session: Session, ada: User) -> None:
    token = accounts.open_session(session, ada)
    found = accounts.user_of(session, token)
    assert found
    assert found.id == ada.id
    assert accounts.user_of(session, token + "x") is None
    assert accounts.user_of(session, "") is None


def test_the_database_holds_no_token(session: Session, ada: User) -> None:
    token = accounts.open_session(session, ada)
    stored = session.scalars(select(WebSession)).one()
    assert token not in stored.token_hash


def test_a_closed_session_is_signed_out_and_others_are_not(session: Session, ada: User) -> None:
    here, there = accounts.open_session(session, ada), accounts.open_session(session, ada)
    accounts.close_session(session, here)
    assert accounts.user_of(session, here) is None
    assert accounts.user_of(session, there)


def test_a_session_ends_if_it_is_not_used_and_lasts_if_it_is(session: Session, ada: User) -> None:
    token = accounts.open_session(session, ada)
    long_ago = {"last_seen_at": now() - timedelta(days=29), "expires_at": now() + timedelta(days=1)}
    session.execute(update(WebSession).values(long_ago))
    session.expire_all()
    assert accounts.user_of(session, token)
    session.flush()
    assert session.scalars(select(WebSession.expires_at)).one() > now() + timedelta(days=29)
    session.execute(update(WebSession).values(expires_at=now() - timedelta(seconds=1)))
    session.expire_all()
    assert accounts.user_of(session, token) is None


def test_reading_pages_writes_nothing(session: Session, ada: User) -> None:
    token = accounts.open_session(session, ada)
    session.commit()
    accounts.user_of(session, token)
    assert not session.dirty


def test_guests_whom_no_browser_can_reach_are_forgotten_and_accounts_never(
    session: Session, ada: User, stranger: User, lesson: Lesson
) -> None:
    reachable = accounts.guest(session)
    accounts.open_session(session, reachable)
    drafts.save(session, stranger, "counting", "one", "x = 2")
    thread = threads.ask(session, stranger, "counting", "one", "Why?")
    runs.queue(session, ada, RunKind.RUN, "counting", runs.trial_of(thread.id), thread.chain)
    notices.tell(session, ada.id, "reply", "A guest wrote again.", threads.address(thread))
    session.flush()
    session.execute(update(User).values(created_at=now() - timedelta(days=40)))
    session.commit()
    assert accounts.forget_expired(session) == 1
    session.commit()
    assert set(session.scalars(select(User.id))) == {ada.id, reachable.id}
    for table in (Draft, Run, Notice):  # also what others had of them
        assert session.scalars(select(table)).all() == []
