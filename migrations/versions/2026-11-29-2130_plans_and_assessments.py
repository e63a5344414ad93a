"""A cohort's plan with extensions, its assessments, its word on AI, and what learners say of their work."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "202611292130"
down_revision = "202611292125"

_MOMENT = sa.DateTime(timezone=True)
_TABLES = (
    *("calendar_links", "declarations", "explanations", "extensions", "plan_changes", "plan_items"),
    *("sitting_attempts", "sittings", "allowances", "assessments"),
)


def upgrade() -> None:
    """Cohorts that are there count in UTC, and leave everybody free."""
    with op.batch_alter_table("cohorts") as table:
        table.add_column(sa.Column("time_zone", sa.String(64), nullable=False, server_default="UTC"))
        table.add_column(sa.Column("ai_policy", sa.String(20), nullable=False, server_default="free"))
    with op.batch_alter_table("cohorts") as table:
        for name in ("time_zone", "ai_policy"):
            table.alter_column(name, server_default=None)
    _plans()
    _words()
    _assessments()
    _sittings()


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        *(part for part in parts if isinstance(part, sa.Column)),
        *_keys(name),
        *(part for part in parts if not isinstance(part, sa.Column)),
    )


def _keys(table: str) -> tuple[sa.Column[uuid.UUID], sa.Column[datetime], sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _to(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _id(name: str, *, empty: bool = False) -> sa.Column[uuid.UUID]:
    return sa.Column(name, sa.Uuid(), nullable=empty)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def _of_the_course() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("part", sa.String(20), nullable=False),
        sa.Column("ref", sa.String(80), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", sa.Time(), nullable=True),
    )


def _plans() -> None:
    table = "plan_items"
    of_cohort = _to(table, "cohort_id", "cohorts"), _unique(table, "cohort_id", "part", "ref")
    _table(table, _id("cohort_id"), *_of_the_course(), *of_cohort)
    table = "plan_changes"
    before = sa.Column("before", sa.JSON(), nullable=False)
    keys = _to(table, "cohort_id", "cohorts"), _to(table, "actor_id", "users", "SET NULL")
    _table(table, _id("cohort_id"), _id("actor_id", empty=True), _text("what", 200), before, *keys)
    op.create_index(op.f("ix_plan_changes_cohort_id"), table, ["cohort_id"])
    table = "extensions"
    _table(
        table,
        _id("cohort_id"),
        _id("user_id"),
        _id("actor_id", empty=True),
        *_of_the_course(),
        _text("reason", 300),
        _to(table, "cohort_id", "cohorts"),
        _to(table, "user_id", "users"),
        _to(table, "actor_id", "users", "SET NULL"),
        _unique(table, "cohort_id", "user_id", "part", "ref"),
    )
    op.create_index("ix_extensions_user_id", table, ["user_id"])


def _words() -> None:
    table = "calendar_links"
    own = _to(table, "user_id", "users"), _unique(table, "user_id"), _unique(table, "token")
    _table(table, _id("user_id"), _text("token", 64), *own)
    table = "declarations"
    of_attempt = _to(table, "attempt_id", "attempts"), _unique(table, "attempt_id")
    _table(table, _id("attempt_id"), _text("used_for", 200), *of_attempt)
    table = "explanations"
    _table(
        table,
        _id("user_id"),
        _text("node", 80),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("updated_at", _MOMENT, nullable=False),
        _to(table, "user_id", "users"),
        _unique(table, "user_id", "node"),
    )


def _assessments() -> None:
    table = "assessments"
    _table(
        table,
        _id("cohort_id"),
        _text("title", 80),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("exercises", sa.JSON(), nullable=False),
        sa.Column("opens_at", _MOMENT, nullable=False),
        sa.Column("closes_at", _MOMENT, nullable=False),
        sa.Column("last_at", _MOMENT, nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("released_at", _MOMENT, nullable=True),
        _to(table, "cohort_id", "cohorts"),
    )
    op.create_index(op.f("ix_assessments_cohort_id"), table, ["cohort_id"])
    op.create_index("ix_assessments_opens_at_last_at", table, ["opens_at", "last_at"])
    table = "allowances"
    keys = _to(table, "assessment_id", "assessments"), _to(table, "user_id", "users")
    minutes = sa.Column("minutes", sa.Integer(), nullable=False)
    _table(
        table,
        _id("assessment_id"),
        _id("user_id"),
        minutes,
        *keys,
        _unique(table, "assessment_id", "user_id"),
    )


def _sittings() -> None:
    table = "sittings"
    _table(
        table,
        _id("assessment_id"),
        _id("user_id"),
        sa.Column("started_at", _MOMENT, nullable=False),
        sa.Column("hand_in_rest", sa.Boolean(), nullable=False),
        sa.Column("ended_at", _MOMENT, nullable=True),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("left", sa.JSON(), nullable=False),
        _to(table, "assessment_id", "assessments"),
        _to(table, "user_id", "users"),
        _unique(table, "assessment_id", "user_id"),
    )
    op.create_index("ix_sittings_user_id_ended_at", table, ["user_id", "ended_at"])
    table = "sitting_attempts"
    _table(
        table,
        _id("sitting_id"),
        _id("attempt_id"),
        sa.Column("at_end", sa.Boolean(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        _to(table, "sitting_id", "sittings"),
        _to(table, "attempt_id", "attempts"),
        _unique(table, "attempt_id"),
    )
    op.create_index(op.f("ix_sitting_attempts_sitting_id"), table, ["sitting_id"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_table(table)
    with op.batch_alter_table("cohorts") as table:
        for name in ("time_zone", "ai_policy"):
            table.drop_column(name)
