"""`unembed user …`: what an operator does to accounts from the command line."""

from __future__ import annotations

import sys

from redis import RedisError
from sqlalchemy import select

from app.config import settings
from app.db import transaction
from app.models import User
from app.people import accounts, tokens
from app.steps import Failed


def show(what: str) -> int:
    """Print the people who have accounts (`list`), or the first account's one-time link (`link`)."""
    with transaction() as session:
        if what == "link":
            if accounts.first_account_needed(session):
                print(f"{settings().url}/first-account?token={_token()}")
            else:
                print("There are accounts already; the link has been used.", file=sys.stderr)
            return 0
        for user in session.scalars(select(User).where(User.guest.is_(False)).order_by(User.created_at)):
            role = "admin" if user.admin else "mentor" if user.mentor else "learner"
            print(f"{user.email}\t{user.name}\t{role}")
    return 0


def _token() -> str:
    try:
        return accounts.first_account_token()
    except RedisError as error:
        raise Failed(f"The link is kept in Redis, which does not answer ({error}): start Unembed.") from None


def change(email: str, action: str, password: str) -> int:
    """Make somebody an admin, a plain learner again, or give them a new password."""
    with transaction() as session:
        user = session.scalar(select(User).where(User.email == email.strip().lower()))
        if user is None:
            print(f"Nobody has an account with {email}: `unembed user list` shows who has.", file=sys.stderr)
            return 2
        if action == "password":
            try:
                accounts.set_password(session, user, password)
                tokens.revoke_all(session, user)
            except accounts.AccountError as error:
                print(error.message, file=sys.stderr)
                return 2
        else:
            user.admin = action == "admin"
        print(f"{user.email}: {'has a new password' if action == 'password' else f'is {action} now'}")
    return 0
