"""Before the 1:1: visits, check-ins, goals, notes. To a cohort: announcements, office hours, own mentors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "202611292150"
down_revision = "202611292140"

TABLES = (
    *("own_mentors", "office_hour_dates", "office_hours", "announcements"),
    *("notes", "goals", "check_ins", "visits"),
)


def upgrade() -> None:
    _visits()
    _check_ins()
    _goals()
    _notes()
    _announcements()
    _office_hours()
    _own_mentors()


def _table(name: str, *parts: sa.schema.SchemaItem) -> None:
    op.create_table(
        name,
        *parts,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )


def _to(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _visits() -> None:
    _table(
        "visits",
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("before", sa.DateTime(timezone=True), nullable=True),
        _to("visits", "mentor_id", "users"),
        _to("visits", "learner_id", "users"),
        sa.UniqueConstraint("mentor_id", "learner_id", name=op.f("uq_visits_mentor_id_learner_id")),
    )
    _index("visits", "learner_id")


def _check_ins() -> None:
    _table(
        "check_ins",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("did", sa.Text(), nullable=False),
        sa.Column("stuck", sa.Text(), nullable=False),
        sa.Column("coming", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        _to("check_ins", "user_id", "users"),
    )
    _index("check_ins", "user_id")


def _goals() -> None:
    _table(
        "goals",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        _to("goals", "user_id", "users"),
        _to("goals", "author_id", "users", "SET NULL"),
    )
    _index("goals", "user_id")


def _notes() -> None:
    _table(
        "notes",
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("cohort_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        _to("notes", "owner_id", "users"),
        _to("notes", "about_id", "users"),
        _to("notes", "cohort_id", "cohorts", "SET NULL"),
    )
    _index("notes", "owner_id")
    op.create_index("ix_notes_about_id", "notes", ["about_id"])


def _announcements() -> None:
    _table(
        "announcements",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("author_id", sa.Uuid(), nullable=True),
        sa.Column("author_name", sa.String(length=80), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("pinned_until", sa.Date(), nullable=True),
        _to("announcements", "cohort_id", "cohorts"),
        _to("announcements", "author_id", "users", "SET NULL"),
    )
    _index("announcements", "cohort_id")


def _office_hours() -> None:
    _table(
        "office_hours",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        _to("office_hours", "cohort_id", "cohorts"),
        sa.UniqueConstraint("cohort_id", name=op.f("uq_office_hours_cohort_id")),
    )
    _table(
        "office_hour_dates",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("begins_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        _to("office_hour_dates", "cohort_id", "cohorts"),
    )
    _index("office_hour_dates", "cohort_id")


def _own_mentors() -> None:
    _table(
        "own_mentors",
        sa.Column("cohort_id", sa.Uuid(), nullable=False),
        sa.Column("learner_id", sa.Uuid(), nullable=False),
        sa.Column("mentor_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        _to("own_mentors", "cohort_id", "cohorts"),
        _to("own_mentors", "learner_id", "users"),
        _to("own_mentors", "mentor_id", "users"),
        sa.UniqueConstraint("cohort_id", "learner_id", name=op.f("uq_own_mentors_cohort_id_learner_id")),
    )
    _index("own_mentors", "learner_id")
    _index("own_mentors", "mentor_id")


def downgrade() -> None:
    for table in TABLES:
        op.drop_table(table)
