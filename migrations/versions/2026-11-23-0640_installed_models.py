"""Models that are installed on machines, or shall be."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611230640"
down_revision = "202611221817"


def upgrade() -> None:
    op.create_table(
        "installs",
        sa.Column("machine", sa.String(length=255), nullable=False),
        sa.Column("model", sa.String(length=96), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_requested", sa.Boolean(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_installs")),
        sa.UniqueConstraint("machine", "model", name=op.f("uq_installs_machine_model")),
    )


def downgrade() -> None:
    op.drop_table("installs")
