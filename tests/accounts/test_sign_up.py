"""Signing up: a guest's row becomes the account's, and the first account owns the site."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.guard import NotAllowed
from app.learning import drafts
from app.lessons import Lesson
from app.models import User
from app.people import accounts
from app.people.accounts import AccountError

Change = Callable[..., None]
PASSWORD = "correct horse battery"


def test_a_guests_work_is_the_accounts_without_moving(
    session: Session, stranger: User, lesson: Lesson
) -> None:
    drafts.save(session, stranger, "counting", "one", "x = 2")
    visitor = session.get_one(User, stranger.id)
    user = accounts.sign_up(session, visitor, "  Ada   Lovelace ", " Ada@Example.org ", PASSWORD)
    session.commit()
    assert user.id == stranger.id
    assert (user.name, user.email, user.guest) == ("Ada Lovelace", "ada@example.org", False)
    assert drafts.of(session, user, "counting") == {"one": "x = 2"}


def test_on_loopback_the_first_account_is_learner_mentor_and_admin(session: Session) -> None:
    assert accounts.first_account_needed(session)
    owner = accounts.sign_up(session, None, "Ada", "ada@example.org", PASSWORD)
    second = accounts.sign_up(session, None, "Ben", "ben@example.org", PASSWORD)
    assert (owner.mentor, owner.admin) == (True, True)
    assert (second.mentor, second.admin) == (False, False)
    assert not accounts.first_account_needed(session)


def test_elsewhere_nobody_signs_up_before_the_owner(session: Session, change_settings: Change) -> None:
    change_settings(host="0.0.0.0")
    with pytest.raises(NotAllowed):
        accounts.sign_up(session, None, "Eve", "eve@example.org", PASSWORD)


def test_the_owner_comes_by_a_link_that_is_the_same_everywhere_and_dies_on_use(
    session: Session, change_settings: Change
) -> None:
    change_settings(host="0.0.0.0")
    token = accounts.first_account_token()
    assert accounts.first_account_token() == token
    with pytest.raises(NotAllowed):
        accounts.first_account(session, "guess", None, "Eve", "eve@example.org", PASSWORD)
    with pytest.raises(AccountError):
        accounts.first_account(session, token, None, "Ada", "ada@example.org", "short")
    owner = accounts.first_account(session, token, None, "Ada", "ada@example.org", PASSWORD)
    session.commit()
    assert owner.admin
    assert accounts.first_account_token() != token
    with pytest.raises(NotAllowed):
        accounts.first_account(session, token, None, "Eve", "eve@example.org", PASSWORD)
    assert not accounts.sign_up(session, None, "Ben", "ben@example.org", PASSWORD).mentor


@pytest.mark.parametrize(
    ("name", "email", "password"),
    [
        ("", "ada@example.org", PASSWORD),
        ("x" * 81, "ada@example.org", PASSWORD),
        ("Ada \u202eom", "ada@example.org", PASSWORD),
        ("Ada", "ada", PASSWORD),
        ("Ada", "ada@example", PASSWORD),
        ("Ada", "@example.org", PASSWORD),
        ("Ada", "a da@example.org", PASSWORD),
        ("Ada", "a" * 250 + "@example.org", PASSWORD),
        ("Ada", "ada@example.org", "1234567"),
        ("Ada", "ada@example.org", "x" * 1001),
    ],
)
def test_what_has_to_change_in_the_form_is_said(
    session: Session, name: str, email: str, password: str
) -> None:
    with pytest.raises(AccountError) as refused:
        accounts.sign_up(session, None, name, email, password)
    assert refused.value.status == 422


def test_an_address_has_one_account_whatever_its_case(session: Session) -> None:
    accounts.sign_up(session, None, "Ada", "ada@example.org", PASSWORD)
    with pytest.raises(AccountError):
        accounts.sign_up(session, None, "Eve", "ADA@example.org", PASSWORD)


def test_somebody_signed_in_makes_no_second_account(session: Session, ada: User) -> None:
    with pytest.raises(NotAllowed):
        accounts.sign_up(session, ada, "Ada", "other@example.org", PASSWORD)
