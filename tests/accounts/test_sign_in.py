"""Signing in: the right password, the same answer to every wrong one, and a guest's work that moves along."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.learning import attempts, choices, drafts
from app.lessons import Lesson
from app.mentoring import meetings, threads
from app.models import Attempt, CheckIn, Choice, Goal, Message, Notice, Run, Thread, User
from app.people import accounts
from app.people.accounts import WrongPassword
from app.post import notices
from app.running import runs

PASSWORD = "correct horse battery"


@pytest.fixture
def account(session: Session) -> User:
    user = accounts.sign_up(session, None, "Ada", "ada@example.org", PASSWORD)
    session.commit()
    return user


def test_the_right_password_signs_in(session: Session, account: User) -> None:
    assert accounts.sign_in(session, " ADA@example.org", PASSWORD).id == account.id


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("ada@example.org", "wrong"),
        ("nobody@example.org", PASSWORD),
        ("", ""),
        ("ada@example.org", "x" * 5000),
    ],
)
def test_anything_else_gets_one_answer(session: Session, account: User, email: str, password: str) -> None:
    with pytest.raises(WrongPassword) as refused:
        accounts.sign_in(session, email, password)
    assert refused.value.message == "This address and password don't fit together."


def test_a_guest_cannot_be_signed_in_to(session: Session, stranger: User) -> None:
    with pytest.raises(WrongPassword):
        accounts.sign_in(session, "", "nobody's password")


def test_the_password_is_stored_as_argon2(session: Session, account: User) -> None:
    assert account.password_hash
    assert account.password_hash.startswith("$argon2id$")


def test_everything_a_guest_made_moves_to_the_account(
    session: Session, account: User, stranger: User, lesson: Lesson
) -> None:
    drafts.save(session, stranger, "counting", "one", "x = 2")
    runs.submit(session, stranger, "counting", "two", {})
    attempts.hand_in(session, stranger, "double", "def double(x): return x")
    threads.ask(session, stranger, "counting", "one", "Why?")
    choices.hide_node(session, stranger, "proofs", True)
    meetings.set_goal(session, stranger, stranger, "Step 1")
    meetings.check_in(session, stranger, "Began.", "", "")
    notices.tell(session, stranger.id, "answer", "Mo answered.", "/path")
    session.commit()
    accounts.sign_in(session, "ada@example.org", PASSWORD, session.get_one(User, stranger.id))
    session.commit()
    for table in (Run, Attempt, Thread, Choice, Goal, CheckIn, Notice):
        assert set(session.scalars(select(table.user_id))) == {account.id}
    for table in (Message, Goal):
        assert set(session.scalars(select(table.author_id))) == {account.id}
    assert drafts.of(session, account, "counting")["one"] == "x = 2"
    assert session.scalars(select(User.id)).all() == [account.id]


def test_where_both_have_a_text_the_newer_stays_and_the_older_is_set_aside(
    session: Session, account: User, stranger: User, lesson: Lesson
) -> None:
    drafts.save(session, stranger, "counting", "one", "older")
    drafts.save(session, account, "counting", "one", "newer")
    drafts.save(session, account, "counting", "two", "older")
    drafts.save(session, stranger, "counting", "two", "newer")
    session.commit()
    accounts.sign_in(session, "ada@example.org", PASSWORD, session.get_one(User, stranger.id))
    session.commit()
    assert drafts.of(session, account, "counting") == {"one": "newer", "two": "newer"}
    for cell in ("one", "two"):
        assert [text for _, text in drafts.earlier(session, account, "counting", cell)] == ["older"]


def test_attempts_of_both_are_numbered_on(
    session: Session, account: User, stranger: User, lesson: Lesson
) -> None:
    for user, answer in ((account, "a"), (stranger, "b"), (stranger, "c")):
        attempts.hand_in(session, user, "double", answer)
        session.commit()
    accounts.sign_in(session, "ada@example.org", PASSWORD, session.get_one(User, stranger.id))
    session.commit()
    moved = attempts.of(session, account, "double")
    assert [(attempt.number, attempt.answer) for attempt in moved] == [(3, "c"), (2, "b"), (1, "a")]


def test_the_accounts_choices_on_the_map_hold(
    session: Session, account: User, stranger: User, lesson: Lesson
) -> None:
    choices.hide_node(session, stranger, "sums", True)
    choices.hide_node(session, account, "sums", False)
    choices.hide_node(session, stranger, "proofs", True)
    session.commit()
    accounts.sign_in(session, "ada@example.org", PASSWORD, session.get_one(User, stranger.id))
    session.commit()
    made = choices.of(session, account)
    assert (made["sums"].hidden, made["proofs"].hidden) == (False, True)


def test_somebody_elses_account_moves_nothing(
    session: Session, account: User, ben: User, lesson: Lesson
) -> None:
    drafts.save(session, ben, "counting", "one", "x = 2")
    session.commit()
    accounts.sign_in(session, "ada@example.org", PASSWORD, session.get_one(User, ben.id))
    assert drafts.of(session, ben, "counting") == {"one": "x = 2"}
