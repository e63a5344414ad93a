"""A regrade also judges attempts that never got a verdict, by our fault: these have no old one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611300130"
down_revision = "202611300100"


def upgrade() -> None:
    with op.batch_alter_table("rejudgements") as table:
        table.alter_column("old_verdict", existing_type=sa.String(length=20), nullable=True)


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM rejudgements WHERE old_verdict IS NULL"))
    with op.batch_alter_table("rejudgements") as table:
        table.alter_column("old_verdict", existing_type=sa.String(length=20), nullable=False)
