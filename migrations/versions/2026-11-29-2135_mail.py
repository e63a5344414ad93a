"""Mail that waits, who wants it, links by which one chooses a password, and which browser a session is."""

from __future__ import annotations

import uuid
from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "202611292135"
down_revision = "202611292130"


def upgrade() -> None:
    op.add_column("sessions", sa.Column("browser", sa.String(length=80), nullable=False, server_default=""))
    _letters()
    _mailings()
    _reset_links()


def _keys(table: str) -> tuple[sa.Column[uuid.UUID], sa.Column[datetime], sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _to_users(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_user_id_users")
    return sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=name, ondelete="CASCADE")


def _letters() -> None:
    op.create_table(
        "letters",
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("ready_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("given_up", sa.Boolean(), nullable=False),
        sa.Column("trouble", sa.String(length=300), nullable=False),
        *_keys("letters"),
        _to_users("letters"),
    )
    op.create_index("ix_letters_given_up_ready_at", "letters", ["given_up", "ready_at"])
    op.create_index(op.f("ix_letters_user_id"), "letters", ["user_id"])


def _mailings() -> None:
    op.create_table(
        "mailings",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("wish", sa.String(length=20), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("mailings"),
        _to_users("mailings"),
        sa.UniqueConstraint("user_id", name=op.f("uq_mailings_user_id")),
        sa.UniqueConstraint("token", name=op.f("uq_mailings_token")),
    )


def _reset_links() -> None:
    op.create_table(
        "reset_links",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("reset_links"),
        _to_users("reset_links"),
        sa.UniqueConstraint("token_hash", name=op.f("uq_reset_links_token_hash")),
    )
    op.create_index(op.f("ix_reset_links_user_id"), "reset_links", ["user_id"])


def downgrade() -> None:
    for table in ("reset_links", "mailings", "letters"):
        op.drop_table(table)
    op.drop_column("sessions", "browser")
