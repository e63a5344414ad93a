"""Cohorts and their people, invites, the audit log, and notices. Mentors are mentors of a cohort.

Where there were mentors of everybody, there is a cohort of everybody, and they are its mentors.
"""

from __future__ import annotations

import os
import time
import uuid
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "202611292040"
down_revision = "202611231000"

EVERYBODY = "Everybody"


def upgrade() -> None:
    _cohorts()
    _memberships()
    _invites()
    _deeds()
    _notices()
    _everybody()
    op.drop_column("users", "mentor")


def _keys(table: str) -> tuple[sa.Column[uuid.UUID], sa.Column[datetime], sa.PrimaryKeyConstraint]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )


def _to(table: str, column: str, other: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _cohorts() -> None:
    op.create_table(
        "cohorts",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("open", sa.Boolean(), nullable=False),
        *_keys("cohorts"),
        sa.UniqueConstraint("name", name=op.f("uq_cohorts_name")),
    )


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("memberships"),
        _to("memberships", "cohort_id", "cohorts", "CASCADE"),
        _to("memberships", "user_id", "users", "CASCADE"),
        sa.UniqueConstraint("cohort_id", "user_id", name=op.f("uq_memberships_cohort_id_user_id")),
    )
    op.create_index("ix_memberships_user_id_role", "memberships", ["user_id", "role"])


def _invites() -> None:
    op.create_table(
        "invites",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("most_uses", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("invites"),
        _to("invites", "cohort_id", "cohorts", "CASCADE"),
        sa.UniqueConstraint("token", name=op.f("uq_invites_token")),
    )
    op.create_index(op.f("ix_invites_cohort_id"), "invites", ["cohort_id"])


def _deeds() -> None:
    op.create_table(
        "deeds",
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("about_id", sa.Uuid(), nullable=True),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        *_keys("deeds"),
        _to("deeds", "actor_id", "users", "SET NULL"),
        _to("deeds", "about_id", "users", "SET NULL"),
        _to("deeds", "cohort_id", "cohorts", "SET NULL"),
    )
    op.create_index("ix_deeds_actor_id_kind", "deeds", ["actor_id", "kind"])
    op.create_index(op.f("ix_deeds_about_id"), "deeds", ["about_id"])


def _notices() -> None:
    op.create_table(
        "notices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("href", sa.String(length=300), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        *_keys("notices"),
        _to("notices", "user_id", "users", "CASCADE"),
    )
    op.create_index("ix_notices_user_id_read_at", "notices", ["user_id", "read_at"])


def _everybody() -> None:
    """Mentors go on seeing everybody, and newcomers too: the cohort is open."""
    connection, moment = op.get_bind(), datetime.now(UTC)
    users = sa.table("users", *(sa.column(n, t) for n, t in _OF_USERS.items()))
    people = connection.execute(sa.select(users).where(users.c.guest.is_(False))).all()
    if len(people) < 2 or not any(person.mentor for person in people):
        return
    cohorts = sa.table("cohorts", *(sa.column(n, t) for n, t in _OF_COHORTS.items()))
    members = sa.table("memberships", *(sa.column(n, t) for n, t in _OF_MEMBERS.items()))
    cohort = {"id": _uuid7(), "created_at": moment, "name": EVERYBODY, "about": "", "open": True}
    connection.execute(sa.insert(cohorts), cohort)
    made = [
        {
            "id": _uuid7(),
            "created_at": moment,
            "cohort_id": cohort["id"],
            "user_id": person.id,
            "role": "mentor" if person.mentor else "learner",
        }
        for person in people
    ]
    connection.execute(sa.insert(members), made)


_OF_USERS = {"id": sa.Uuid(), "guest": sa.Boolean(), "mentor": sa.Boolean()}
_OF_COHORTS = {
    "id": sa.Uuid(),
    "created_at": sa.DateTime(timezone=True),
    "name": sa.String(),
    "about": sa.Text(),
    "open": sa.Boolean(),
}
_OF_MEMBERS = {
    "id": sa.Uuid(),
    "created_at": sa.DateTime(timezone=True),
    "cohort_id": sa.Uuid(),
    "user_id": sa.Uuid(),
    "role": sa.String(),
}


def _uuid7() -> uuid.UUID:
    random = int.from_bytes(os.urandom(10))
    milliseconds = time.time_ns() // 1_000_000
    return uuid.UUID(
        int=milliseconds << 80
        | 0x7 << 76
        | (random >> 68 & 0xFFF) << 64
        | 0b10 << 62
        | random & (1 << 62) - 1
    )


def downgrade() -> None:
    op.add_column("users", sa.Column("mentor", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.execute("UPDATE users SET mentor = id IN (SELECT user_id FROM memberships WHERE role = 'mentor')")
    for table in ("notices", "deeds", "invites", "memberships", "cohorts"):
        op.drop_table(table)
