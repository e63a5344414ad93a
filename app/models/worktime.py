"""Active time: what has been counted of each learner's events, and what they read elsewhere."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class WorkTime(Base):
    """How long a learner was active at one place.

    Made anew from the activity log whenever it has grown; never the truth itself.
    """

    __tablename__ = "worktimes"
    __table_args__ = (UniqueConstraint("user_id", "lesson", "cell"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(80))  # empty: elsewhere on the site
    cell: Mapped[str] = mapped_column(String(80))  # empty: the lesson's text
    code: Mapped[float]  # seconds
    reading: Mapped[float]  # seconds


class Clock(Base):
    """Up to which event a learner's time has been counted."""

    __tablename__ = "clocks"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    counted_to: Mapped[UUID]  # an id of the activity log


class Reading(Base):
    """Time spent elsewhere, as the learner has entered it by hand."""

    __tablename__ = "readings"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    minutes: Mapped[int]
    place: Mapped[str] = mapped_column(String(200))  # a paper, a video, a book: in their words
    node: Mapped[str] = mapped_column(String(80), default="")  # of the path; empty: none in particular
    on: Mapped[date] = mapped_column("read_on")
