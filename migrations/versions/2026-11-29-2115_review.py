"""Review: what a thread is about, who claimed it, who waits; sign-offs, canned replies, a mentor's ruling."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611292115"
down_revision = "202611292040"

_RULING = ("ruling", "ruling_reason", "ruled_by", "ruled_at")
_OF_THREADS = (
    *("kind", "subject_id", "first_line", "last_line"),
    *("waiting_since", "changes_at", "claimed_by_id", "claimed_until"),
)


def upgrade() -> None:
    _threads()
    _who_waits()
    with op.batch_alter_table("messages") as table:
        table.add_column(sa.Column("attempt_id", sa.Uuid(), nullable=True))
        name = op.f("fk_messages_attempt_id_attempts")
        table.create_foreign_key(name, "attempts", ["attempt_id"], ["id"], ondelete="SET NULL")
    _attempts()
    _canned_replies()
    _sign_offs()


def _threads() -> None:
    with op.batch_alter_table("threads") as table:
        table.add_column(sa.Column("kind", sa.String(length=20), nullable=False, server_default="cell"))
        table.add_column(sa.Column("subject_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("first_line", sa.Integer(), nullable=True))
        table.add_column(sa.Column("last_line", sa.Integer(), nullable=True))
        table.add_column(sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("changes_at", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("claimed_by_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True))
        name = op.f("fk_threads_claimed_by_id_users")
        table.create_foreign_key(name, "users", ["claimed_by_id"], ["id"], ondelete="SET NULL")
        table.create_index("ix_threads_waiting_since", ["waiting_since"])
        table.create_index("ix_threads_subject_id", ["subject_id"])
    with op.batch_alter_table("threads") as table:
        table.alter_column("kind", server_default=None)


def _who_waits() -> None:
    """Who has had no answer has waited since their last word."""
    op.execute(
        "UPDATE threads SET waiting_since = (SELECT max(created_at) FROM messages "
        "WHERE messages.thread_id = threads.id) WHERE closed_at IS NULL AND answered = false"
    )


def _attempts() -> None:
    with op.batch_alter_table("attempts") as table:
        table.add_column(sa.Column("ruling", sa.String(length=20), nullable=True))
        table.add_column(sa.Column("ruling_reason", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("ruled_by", sa.String(length=80), nullable=False, server_default=""))
        table.add_column(sa.Column("ruled_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("attempts") as table:
        for name in ("ruling_reason", "ruled_by"):
            table.alter_column(name, server_default=None)


def _canned_replies() -> None:
    op.create_table(
        "canned_replies",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canned_replies")),
        _to("canned_replies", "owner_id", "users", "CASCADE"),
        _to("canned_replies", "cohort_id", "cohorts", "SET NULL"),
    )
    for column in ("owner_id", "cohort_id"):
        op.create_index(op.f(f"ix_canned_replies_{column}"), "canned_replies", [column])


def _sign_offs() -> None:
    op.create_table(
        "sign_offs",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("lesson", sa.String(length=80), nullable=False),
        sa.Column("cell", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_offs")),
        _to("sign_offs", "user_id", "users", "CASCADE"),
        _to("sign_offs", "mentor_id", "users", "SET NULL"),
    )
    op.create_index("ix_sign_offs_user_id_cell", "sign_offs", ["user_id", "cell"])


def _to(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for table in ("sign_offs", "canned_replies"):
        op.drop_table(table)
    with op.batch_alter_table("attempts") as table:
        for name in _RULING:
            table.drop_column(name)
    with op.batch_alter_table("messages") as table:
        table.drop_constraint(op.f("fk_messages_attempt_id_attempts"), type_="foreignkey")
        table.drop_column("attempt_id")
    with op.batch_alter_table("threads") as table:
        table.drop_index("ix_threads_subject_id")
        table.drop_index("ix_threads_waiting_since")
        table.drop_constraint(op.f("fk_threads_claimed_by_id_users"), type_="foreignkey")
        for name in _OF_THREADS:
            table.drop_column(name)
