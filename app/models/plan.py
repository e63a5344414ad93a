"""A cohort's plan: what is due when, for whom it is due later; and what learners say of how they worked."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.kinds import Part, text_enum
from app.models.people import User


class PlanItem(Base):
    """A part of the course, and when a cohort should have done it: a day, and its end unless a time is named.

    Day and time are the cohort's own: they stay what they say if its time zone changes.
    """

    __tablename__ = "plan_items"
    __table_args__ = (UniqueConstraint("cohort_id", "part", "ref"),)

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"))
    part: Mapped[Part] = mapped_column(text_enum(Part))
    ref: Mapped[str] = mapped_column(String(80))  # the node's, lesson's or exercise's id
    day: Mapped[date]
    at: Mapped[time | None]


class PlanChange(Base):
    """What a plan was before somebody changed it: for undo."""

    __tablename__ = "plan_changes"

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    what: Mapped[str] = mapped_column(String(200))
    before: Mapped[list[Any]]  # [{"part", "ref", "day", "at"}, …]

    actor: Mapped[User | None] = relationship(lazy="raise")


class Extension(Base):
    """Another date for one learner. It outlives a change of the plan, and an undo of that."""

    __tablename__ = "extensions"
    __table_args__ = (
        UniqueConstraint("cohort_id", "user_id", "part", "ref"),
        Index("ix_extensions_user_id", "user_id"),
    )

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    part: Mapped[Part] = mapped_column(text_enum(Part))
    ref: Mapped[str] = mapped_column(String(80))
    day: Mapped[date]
    at: Mapped[time | None]
    reason: Mapped[str] = mapped_column(String(300), default="")  # for mentors only

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise")
    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id], lazy="raise")


class CalendarLink(Base):
    """The address under which a learner's calendar reads their plan; whoever has it can read that."""

    __tablename__ = "calendar_links"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)


class Declaration(Base):
    """What a learner said of AI when they handed an attempt in; empty: none was used."""

    __tablename__ = "declarations"

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempts.id", ondelete="CASCADE"), unique=True)
    used_for: Mapped[str] = mapped_column(String(200), default="")


class Explanation(Base):
    """A learner's two sentences on the milestone of a node that they have passed."""

    __tablename__ = "explanations"
    __table_args__ = (UniqueConstraint("user_id", "node"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    node: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]
