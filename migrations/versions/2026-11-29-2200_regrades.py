"""Judging attempts again: the old verdict beside the new one, looked at before it counts."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "202611292200"
down_revision = "202611292155"


def upgrade() -> None:
    _regrades()
    _rejudgements()


def _regrades() -> None:
    op.create_table(
        "regrades",
        sa.Column("exercise", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("cohort_name", sa.String(length=80), nullable=False),
        sa.Column("latest", sa.Boolean(), nullable=False),
        sa.Column("by_newest", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("takes_passes", sa.Boolean(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("regrades"),
        _to("regrades", "cohort_id", "cohorts", "SET NULL"),
    )
    op.create_index(op.f("ix_regrades_exercise"), "regrades", ["exercise"])


def _rejudgements() -> None:
    op.create_table(
        "rejudgements",
        sa.Column("regrade_id", sa.Uuid(), nullable=False),
        sa.Column("attempt_id", sa.Uuid(), nullable=False),
        sa.Column("edition", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("faults", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("old_verdict", sa.String(length=20), nullable=False),
        sa.Column("old_message", sa.Text(), nullable=False),
        sa.Column("old_details", sa.JSON(), nullable=False),
        sa.Column("old_edition", sa.String(length=64), nullable=False),
        sa.Column("old_version", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("rejudgements"),
        _to("rejudgements", "regrade_id", "regrades", "CASCADE"),
        _to("rejudgements", "attempt_id", "attempts", "CASCADE"),
        sa.UniqueConstraint("regrade_id", "attempt_id", name=op.f("uq_rejudgements_regrade_id_attempt_id")),
    )
    op.create_index("ix_rejudgements_state_lease_until", "rejudgements", ["state", "lease_until"])
    op.create_index(op.f("ix_rejudgements_attempt_id"), "rejudgements", ["attempt_id"])


def _keys(table: str) -> tuple[sa.Column[uuid.UUID], sa.Column[datetime], sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _to(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    op.drop_table("rejudgements")
    op.drop_table("regrades")
