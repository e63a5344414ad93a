"""Standings: a row for each learner and exercise, made of the attempts there are."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby, takewhile
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "202611292125"
down_revision = "202611292120"

_JUDGED = ("passed", "failed", "error")
_AT_ONCE = 1000  # rows that are written together

_MOMENT = sa.DateTime(timezone=True)
_ATTEMPTS = sa.table(
    "attempts",
    sa.column("user_id", sa.Uuid()),
    sa.column("lesson", sa.String()),
    sa.column("exercise", sa.String()),
    sa.column("number", sa.Integer()),
    sa.column("verdict", sa.String()),
    sa.column("ruling", sa.String()),
    sa.column("details", sa.JSON()),
    sa.column("created_at", _MOMENT),
)


def upgrade() -> None:
    table = op.create_table(
        "standings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("lesson", sa.String(length=80), nullable=False),
        sa.Column("exercise", sa.String(length=80), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("to_pass", sa.Integer(), nullable=True),
        sa.Column("passed_at", _MOMENT, nullable=True),
        sa.Column("newest_at", _MOMENT, nullable=False),
        sa.Column("streak", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.String(length=120), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standings")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_standings_user_id_users"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("user_id", "exercise", name=op.f("uq_standings_user_id_exercise")),
    )
    rows = _rows(op.get_bind())
    while batch := [row for _, row in zip(range(_AT_ONCE), rows, strict=False)]:
        op.bulk_insert(table, batch)


def _rows(connection: sa.Connection) -> Iterator[dict[str, Any]]:
    """One for each learner and exercise with a judged attempt."""
    counts_as = sa.func.coalesce(_ATTEMPTS.c.ruling, _ATTEMPTS.c.verdict)
    judged = sa.select(_ATTEMPTS, counts_as.label("counts_as")).where(counts_as.in_(_JUDGED))
    in_order = judged.order_by(_ATTEMPTS.c.user_id, _ATTEMPTS.c.exercise, _ATTEMPTS.c.number)
    attempts = connection.execute(in_order, execution_options={"yield_per": _AT_ONCE})
    moment = datetime.now(UTC)
    for (user_id, exercise), group in groupby(attempts, key=lambda row: (row.user_id, row.exercise)):
        here = {"id": _uuid7(), "created_at": moment, "updated_at": moment}
        yield here | {"user_id": user_id, "exercise": exercise} | _summed_up(list(group))


def _summed_up(tried: Sequence[Any]) -> dict[str, Any]:
    passed = next((place for place, one in enumerate(tried) if one.counts_as == "passed"), None)
    trouble = _trouble(tried[-1]) if passed is None else ""
    alike = takewhile(lambda one: _trouble(one) == trouble, reversed(tried))
    return {
        "lesson": tried[-1].lesson,
        "attempts": len(tried),
        "to_pass": passed + 1 if passed is not None else None,
        "passed_at": _aware(tried[passed].created_at) if passed is not None else None,
        "newest_at": _aware(tried[-1].created_at),
        "streak": sum(1 for _ in alike) if passed is None else 0,
        "trouble": trouble[:120],
    }


def _trouble(attempt: Any) -> str:
    return (attempt.details or {}).get("mistake") or attempt.counts_as


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _uuid7() -> uuid.UUID:
    value = time.time_ns() // 1_000_000 << 80 | int.from_bytes(os.urandom(10))
    return uuid.UUID(int=value & ~(0xF << 76 | 0x3 << 62) | 0x7 << 76 | 0x2 << 62)


def downgrade() -> None:
    op.drop_table("standings")
