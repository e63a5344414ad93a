"""Cohorts: who learns together, who mentors them, how one comes in, and what was done to whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, exists, or_
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.db import Base
from app.models.kinds import Policy, Role, text_enum
from app.models.people import User


class Cohort(Base):
    """People who learn together for a time, and their mentors."""

    __tablename__ = "cohorts"

    name: Mapped[str] = mapped_column(String(80), unique=True)
    about: Mapped[str] = mapped_column(Text, default="")  # Markdown, for its learners
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    open: Mapped[bool] = mapped_column(default=False)  # whoever makes an account becomes a learner of it
    time_zone: Mapped[str] = mapped_column(String(64), default="UTC")  # of the dates in its plan
    ai_policy: Mapped[Policy] = mapped_column(text_enum(Policy), default=Policy.FREE)
    edition: Mapped[str] = mapped_column(String(64), default="")  # of the course, pinned; "": the newest
    pinned_at: Mapped[datetime | None]
    pin_at_start: Mapped[bool] = mapped_column(default=True)  # on its first day, without being told

    memberships: Mapped[list[Membership]] = relationship(lazy="raise", passive_deletes=True)


class Membership(Base):
    """Somebody in a cohort. Who has left it keeps the row, and is seen by its mentors no longer."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("cohort_id", "user_id"),
        Index("ix_memberships_user_id_role", "user_id", "role"),
    )

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"))
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    left_at: Mapped[datetime | None]

    cohort: Mapped[Cohort] = relationship(back_populates="memberships", lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")


_mentors = exists().where(
    Membership.user_id == User.id, Membership.role == Role.MENTOR, Membership.left_at.is_(None)
)
User.mentor = column_property(or_(User.admin, _mentors.correlate_except(Membership)))


class Invite(Base):
    """A link into a cohort. It ends by time, by number of uses, or by being revoked."""

    __tablename__ = "invites"

    cohort_id: Mapped[UUID] = mapped_column(ForeignKey("cohorts.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    uses: Mapped[int] = mapped_column(default=0)
    most_uses: Mapped[int]
    revoked_at: Mapped[datetime | None]

    cohort: Mapped[Cohort] = relationship(lazy="raise")


class Deed(Base):
    """A line of the audit log: who did what, to whom, where. Written once, never changed."""

    __tablename__ = "deeds"
    __table_args__ = (Index("ix_deeds_actor_id_kind", "actor_id", "kind"),)

    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    about_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    cohort_id: Mapped[UUID | None] = mapped_column(ForeignKey("cohorts.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(40))
    data: Mapped[dict[str, Any]] = mapped_column(
        default=dict
    )  # names as they were then, and what was changed

    actor: Mapped[User | None] = relationship(foreign_keys=[actor_id], lazy="raise")
    about: Mapped[User | None] = relationship(foreign_keys=[about_id], lazy="raise")


class Notice(Base):
    """Something that somebody is told in the site: an answer, a sign-off, an announcement."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_user_id_read_at", "user_id", "read_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(300))  # one sentence, plain
    href: Mapped[str] = mapped_column(String(300))  # a path of this site
    read_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]
    letter_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("letters.id", ondelete="SET NULL"), index=True
    )  # the mail that it goes out with: no other takes it
