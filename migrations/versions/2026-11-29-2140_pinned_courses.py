"""A cohort may pin the course as it is: editions of it are kept, and what is judged says by which."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "202611292140"
down_revision = "202611292135"

TABLES = ("cohorts", "runs", "attempts")


def upgrade() -> None:
    op.create_table(
        "editions",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("name", name=op.f("uq_editions_name")),
    )
    for table in TABLES:
        _add(table, sa.Column("edition", sa.String(length=64), nullable=False, server_default=""))
    _add("cohorts", sa.Column("pinned_at", sa.DateTime(timezone=True), nullable=True))
    _add("cohorts", sa.Column("pin_at_start", sa.Boolean(), nullable=False, server_default=sa.true()))


def _add(table: str, column: sa.Column[Any]) -> None:
    """The rows that are there need the default; those that come are told."""
    with op.batch_alter_table(table) as batch:
        batch.add_column(column)
    if column.server_default is not None:
        with op.batch_alter_table(table) as batch:
            batch.alter_column(column.name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("cohorts") as batch:
        batch.drop_column("pin_at_start")
        batch.drop_column("pinned_at")
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_column("edition")
    op.drop_table("editions")
