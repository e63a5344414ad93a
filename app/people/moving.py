"""A guest's work, when they turn out to have an account: everything of theirs becomes the account's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Table,
    UniqueConstraint,
    and_,
    delete,
    exists,
    func,
    not_,
    select,
    update,
)
from sqlalchemy.orm import Session

from app.db import Base
from app.learning import activity, standings
from app.learning.activity import Kind
from app.models import Attempt, Choice, Clock, Draft, Notice, User

_Row = TypeVar("_Row", Draft, Choice)
# Tables that stay behind: the guest's browsers, and what is made anew from what moves.
STAYS = {"sessions", "standings", "worktimes", "clocks"}
_BY_HAND = {"attempts", "drafts", "choices"}


def move_work(session: Session, visitor: User, account: User) -> None:
    """Everything of the guest's becomes the account's, whatever table it is in.

    Attempts are numbered on from the account's own. Where both have a text for one cell, the newer stays in
    the editor and the older is set aside. Where both chose something for a node of the map, the account's
    choice holds; so does any other row of which there can be but one.
    """
    _move_attempts(session, visitor, account)
    _move_drafts(session, visitor, account)
    _move_choices(session, visitor, account)
    session.flush()
    for table in Base.metadata.sorted_tables:
        if table.name not in STAYS | _BY_HAND:
            for key in _names_people(table):
                _move(session, table, key, visitor, account)
    _move_addresses(session, visitor, account)
    session.execute(delete(Clock).where(Clock.user_id == account.id))  # its time is to be counted anew
    account.goal = account.goal or visitor.goal
    session.flush()
    standings.refresh_all(session, account.id)
    session.execute(delete(User).where(User.id == visitor.id))


def _names_people(table: Table) -> list[ForeignKey]:
    return [key for key in table.foreign_keys if key.column.table.name == "users"]


def _move(session: Session, table: Table, key: ForeignKey, visitor: User, account: User) -> None:
    column = key.parent
    rules = [rule for rule in _uniques(table) if column.name in rule.columns]
    free = [not_(_taken(table, rule, key, account)) for rule in rules]
    moved = update(table).where(column == visitor.id, *free).values({column.name: account.id})
    session.execute(moved)


def _uniques(table: Table) -> list[UniqueConstraint]:
    return [rule for rule in table.constraints if isinstance(rule, UniqueConstraint)]


def _taken(table: Table, rule: UniqueConstraint, key: ForeignKey, account: User) -> ColumnElement[bool]:
    """Whether the account has a row already, where this rule allows but one."""
    other = table.alias()
    same = [other.c[one.name] == one for one in rule.columns if one.name != key.parent.name]
    return exists().where(and_(other.c[key.parent.name] == account.id, *same)).correlate(table)


def _move_addresses(session: Session, visitor: User, account: User) -> None:
    """What others were told of the guest leads to the account."""
    theirs = update(Notice).where(Notice.href.contains(str(visitor.id)))
    session.execute(theirs.values(href=func.replace(Notice.href, str(visitor.id), str(account.id))))


def _move_attempts(session: Session, visitor: User, account: User) -> None:
    own = select(Attempt.exercise, func.max(Attempt.number)).where(Attempt.user_id == account.id)
    highest = dict(session.execute(own.group_by(Attempt.exercise)).all())
    moving = select(Attempt).where(Attempt.user_id == visitor.id).order_by(Attempt.number)
    for attempt in session.scalars(moving).all():
        attempt.number += highest.get(attempt.exercise, 0)
        attempt.user_id = account.id


def _move_drafts(session: Session, visitor: User, account: User) -> None:
    own = _by(_rows(session, Draft, account), "lesson", "cell")
    for draft in _rows(session, Draft, visitor):
        other = own.get((draft.lesson, draft.cell))
        if other is None:
            draft.user_id = account.id
        elif other.text != draft.text:
            older, newer = sorted((other, draft), key=lambda one: one.updated_at)
            activity.log(session, account, Kind.SET_ASIDE, draft.lesson, draft.cell, text=older.text)
            other.text, other.updated_at = newer.text, newer.updated_at


def _move_choices(session: Session, visitor: User, account: User) -> None:
    own = _by(_rows(session, Choice, account), "node")
    for choice in _rows(session, Choice, visitor):
        if (choice.node,) not in own:
            choice.user_id = account.id


def _rows(session: Session, table: type[_Row], user: User) -> list[_Row]:
    return list(session.scalars(select(table).where(table.user_id == user.id)))


def _by(rows: Iterable[Any], *names: str) -> dict[tuple[Any, ...], Any]:
    return {tuple(getattr(row, name) for name in names): row for row in rows}
