"""Assessments: exercises of a cohort done in a window of time and without help, and who sat them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.cohorts import Cohort
from app.models.people import User
from app.models.work import Attempt


class Assessment(Base):
    """Exercises that a cohort does without hints and solutions, while its window is open."""

    __tablename__ = "assessments"
    __table_args__ = (Index("ix_assessments_opens_at_last_at", "opens_at", "last_at"),)

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(80))
    about: Mapped[str] = mapped_column(Text, default="")  # Markdown, for its learners
    exercises: Mapped[list[Any]]  # their ids, in order
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    last_at: Mapped[datetime]  # when it closes for those who have the most extra time
    minutes: Mapped[int | None]  # from a learner's own start; None: until the window closes
    released_at: Mapped[datetime | None]  # when learners were given the whole verdicts

    cohort: Mapped[Cohort] = relationship(lazy="raise")


class Allowance(Base):
    """Extra time for one learner: of their own minutes, and of the window."""

    __tablename__ = "allowances"
    __table_args__ = (UniqueConstraint("assessment_id", "user_id"),)

    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    minutes: Mapped[int]

    user: Mapped[User] = relationship(lazy="raise")


class Sitting(Base):
    """A learner in an assessment, from their own start to their own end."""

    __tablename__ = "sittings"
    __table_args__ = (
        UniqueConstraint("assessment_id", "user_id"),
        Index("ix_sittings_user_id_ended_at", "user_id", "ended_at"),
    )

    assessment_id: Mapped[UUID] = mapped_column(ForeignKey("assessments.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]
    hand_in_rest: Mapped[bool]  # what stands in the editors at the end is handed in
    ended_at: Mapped[datetime | None]  # once it is settled
    texts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # at the end, where changed since
    left: Mapped[dict[str, Any]] = mapped_column(default=dict)  # exercise → why it was not handed in

    assessment: Mapped[Assessment] = relationship(lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")


class SittingAttempt(Base):
    """An attempt that was handed in during a sitting; it keeps the verdict's words until their release."""

    __tablename__ = "sitting_attempts"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sittings.id", ondelete="CASCADE"), index=True)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempts.id", ondelete="CASCADE"), unique=True)
    at_end: Mapped[bool] = mapped_column(default=False)  # by the site, as its learner had asked at the start
    message: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)

    attempt: Mapped[Attempt] = relationship(lazy="raise")
