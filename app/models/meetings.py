"""What mentor and learner say to each other outside of the work itself: before the 1:1, and to a cohort."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.cohorts import Cohort
from app.models.people import User


class Visit(Base):
    """When a mentor last looked at how a learner is getting on; what came after is new to them."""

    __tablename__ = "visits"
    __table_args__ = (UniqueConstraint("mentor_id", "learner_id"),)

    mentor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    learner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    seen_at: Mapped[datetime | None]
    before: Mapped[datetime | None]  # what it was, for whoever takes it back


class CheckIn(Base):
    """Three lines of a learner. They may change them until a mentor has seen them; then the next begin."""

    __tablename__ = "check_ins"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    week: Mapped[date]  # its Monday
    did: Mapped[str] = mapped_column(Text, default="")
    stuck: Mapped[str] = mapped_column(Text, default="")
    next: Mapped[str] = mapped_column("coming", Text, default="")
    updated_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]


class Goal(Base):
    """Something that a learner is going to do, in a line: theirs, or agreed upon with a mentor."""

    __tablename__ = "goals"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    text: Mapped[str] = mapped_column(String(200))
    done_at: Mapped[datetime | None]

    author: Mapped[User | None] = relationship(foreign_keys=[author_id], lazy="raise")


class Note(Base):
    """A mentor's private note on a learner. Learners never see it."""

    __tablename__ = "notes"
    __table_args__ = (Index("ix_notes_about_id", "about_id"),)

    mentor_id: Mapped[UUID] = mapped_column(
        "owner_id", ForeignKey("users.id", ondelete="CASCADE"), index=True
    )
    about_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    cohort_id: Mapped[UUID | None] = mapped_column(ForeignKey("cohorts.id", ondelete="SET NULL"))
    body: Mapped[str] = mapped_column(Text)
    shared: Mapped[bool] = mapped_column(default=False)  # with the other mentors of that cohort
    updated_at: Mapped[datetime]

    mentor: Mapped[User] = relationship(foreign_keys=[mentor_id], lazy="raise")


class Announcement(Base):
    """Something that a mentor tells a whole cohort."""

    __tablename__ = "announcements"

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    author_name: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)  # Markdown
    pinned_until: Mapped[date | None]  # the last day on which it stands on the map

    cohort: Mapped[Cohort] = relationship(lazy="raise")


class OfficeHours(Base):
    """When and where the mentors of a cohort can be met, as they put it."""

    __tablename__ = "office_hours"

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), unique=True)
    text: Mapped[str] = mapped_column(Text, default="")  # Markdown


class OfficeHour(Base):
    """One date of them."""

    __tablename__ = "office_hour_dates"

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime] = mapped_column("begins_at")
    note: Mapped[str] = mapped_column(String(200), default="")


class OwnMentor(Base):
    """Who of a cohort's mentors looks after a learner. All its mentors still see them."""

    __tablename__ = "own_mentors"
    __table_args__ = (UniqueConstraint("cohort_id", "learner_id"),)

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"))
    learner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    mentor_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")  # of whoever handed over, for who took over

    mentor: Mapped[User] = relationship(foreign_keys=[mentor_id], lazy="raise")
