"""A run that was given back may pause before its next try."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611221817"
down_revision = "202611221340"


def upgrade() -> None:
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("ready_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("runs") as table:
        table.drop_column("ready_at")
