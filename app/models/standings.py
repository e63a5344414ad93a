"""Where each learner stands with each exercise: what a cohort's dashboard reads instead of every attempt."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Standing(Base):
    """A summary of a learner's judged attempts at one exercise, made anew with each verdict (`standings`)."""

    __tablename__ = "standings"
    __table_args__ = (UniqueConstraint("user_id", "exercise"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(80))
    exercise: Mapped[str] = mapped_column(String(80))
    attempts: Mapped[int]  # those with a verdict on the answer
    to_pass: Mapped[int | None]  # how many of them it took, the first that passed included
    passed_at: Mapped[datetime | None]
    newest_at: Mapped[datetime]  # when the newest of them was handed in
    streak: Mapped[int]  # failures in a row up to now, all in the same way; none once it is passed
    trouble: Mapped[str] = mapped_column(String(120))  # that way: the mistake's name, or the verdict
    updated_at: Mapped[datetime]
