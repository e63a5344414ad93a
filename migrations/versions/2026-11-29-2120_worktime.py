"""Active time: sums of what the activity log says, up to where it has been counted, and reading elsewhere."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "202611292120"
down_revision = "202611292115"


def upgrade() -> None:
    op.create_table(
        "worktimes",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("lesson", sa.String(length=80), nullable=False),
        sa.Column("cell", sa.String(length=80), nullable=False),
        sa.Column("code", sa.Double(), nullable=False),
        sa.Column("reading", sa.Double(), nullable=False),
        *_keys("worktimes"),
        sa.UniqueConstraint("user_id", "lesson", "cell", name=op.f("uq_worktimes_user_id_lesson_cell")),
    )
    op.create_table(
        "clocks",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("counted_to", sa.Uuid(), nullable=False),
        *_keys("clocks"),
        sa.UniqueConstraint("user_id", name=op.f("uq_clocks_user_id")),
    )
    op.create_table(
        "readings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("node", sa.String(length=80), nullable=False),
        sa.Column("read_on", sa.Date(), nullable=False),
        *_keys("readings"),
    )
    op.create_index(op.f("ix_readings_user_id"), "readings", ["user_id"])
    op.create_index("ix_activity_newest", "activity", ["user_id", "id"])


def _keys(
    table: str,
) -> tuple[sa.Column[uuid.UUID], sa.Column[datetime], sa.PrimaryKeyConstraint, sa.ForeignKeyConstraint]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users"), ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    op.drop_index("ix_activity_newest", "activity")
    for table in ("readings", "clocks", "worktimes"):
        op.drop_table(table)
