"""What somebody wrote to others outlives their account; a new address waits until it is confirmed; a notice
says which mail it goes out with.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611300100"
down_revision = "202611292200"

_AUTHOR = "fk_messages_author_id_users"
_LETTER = "fk_notices_letter_id_letters"


def upgrade() -> None:
    _author("SET NULL", nullable=True)
    with op.batch_alter_table("notices") as table:
        table.add_column(sa.Column("letter_id", sa.Uuid(), nullable=True))
        table.create_foreign_key(op.f(_LETTER), "letters", ["letter_id"], ["id"], ondelete="SET NULL")
    op.create_index(op.f("ix_notices_letter_id"), "notices", ["letter_id"])
    _new_addresses()


def _author(goes: str, *, nullable: bool) -> None:
    with op.batch_alter_table("messages") as table:
        table.alter_column("author_id", existing_type=sa.Uuid(), nullable=nullable)
        table.drop_constraint(op.f(_AUTHOR), type_="foreignkey")
        table.create_foreign_key(op.f(_AUTHOR), "users", ["author_id"], ["id"], ondelete=goes)


def _new_addresses() -> None:
    op.create_table(
        "new_addresses",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_new_addresses_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_new_addresses")),
        sa.UniqueConstraint("user_id", name=op.f("uq_new_addresses_user_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_new_addresses_token_hash")),
    )


def downgrade() -> None:
    op.drop_table("new_addresses")
    op.drop_index(op.f("ix_notices_letter_id"), "notices")
    with op.batch_alter_table("notices") as table:
        table.drop_constraint(op.f(_LETTER), type_="foreignkey")
        table.drop_column("letter_id")
    op.execute(  # nothing is lost: words of nobody become those of the learner in whose thread they stand
        "UPDATE messages SET author_id = (SELECT user_id FROM threads WHERE threads.id = messages.thread_id)"
        " WHERE author_id IS NULL"
    )
    _author("CASCADE", nullable=False)
