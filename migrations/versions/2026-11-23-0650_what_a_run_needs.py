"""What a run needs: memory, and the queue of those who can do it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611230650"
down_revision = "202611230640"


def upgrade() -> None:
    """What waits already needs the default, which its worker knows."""
    with op.batch_alter_table("runs") as table:
        table.add_column(sa.Column("memory_mb", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("queue", sa.String(20), nullable=False, server_default="cpu"))
        table.add_column(sa.Column("slow", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("runs") as table:
        for name in ("memory_mb", "queue", "slow"):
            table.alter_column(name, server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("runs") as table:
        for name in ("slow", "queue", "memory_mb"):
            table.drop_column(name)
