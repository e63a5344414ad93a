"""Judging attempts again: what was asked for, and for each attempt the old verdict beside the new one."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.kinds import RegradeState, Rejudged, Verdict, text_enum
from app.models.work import Attempt


class Regrade(Base):
    """An exercise whose attempts are judged again. Nothing counts before it is applied."""

    __tablename__ = "regrades"

    exercise: Mapped[str] = mapped_column(String(80), index=True)
    title: Mapped[str] = mapped_column(String(200))  # of the exercise, as it was then
    cohort_id: Mapped[UUID | None] = mapped_column(ForeignKey("cohorts.id", ondelete="SET NULL"))
    cohort_name: Mapped[str] = mapped_column(String(80), default="")  # empty: everybody's attempts
    latest: Mapped[bool]  # of each learner only the newest attempt
    by_newest: Mapped[bool]  # classes that have pinned another edition, too
    state: Mapped[RegradeState] = mapped_column(text_enum(RegradeState), default=RegradeState.JUDGING)
    made_by: Mapped[str] = mapped_column(String(80))  # their name, as it was then
    takes_passes: Mapped[bool] = mapped_column(default=False)  # whether applying took any away
    closed_at: Mapped[datetime | None]


class Rejudgement(Base):
    """One attempt judged again: what it was, and what it would be. Applied or not, both are kept."""

    __tablename__ = "rejudgements"
    __table_args__ = (
        UniqueConstraint("regrade_id", "attempt_id"),
        Index("ix_rejudgements_state_lease_until", "state", "lease_until"),
    )

    regrade_id: Mapped[UUID] = mapped_column(ForeignKey("regrades.id", ondelete="CASCADE"))
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempts.id", ondelete="CASCADE"), index=True)
    edition: Mapped[str] = mapped_column(String(64))  # of the course that judges it
    state: Mapped[Rejudged] = mapped_column(text_enum(Rejudged), default=Rejudged.WAITING)
    nonce: Mapped[str] = mapped_column(String(32), default="")  # of the worker that is at it
    lease_until: Mapped[datetime | None]
    faults: Mapped[int] = mapped_column(default=0)
    why: Mapped[str] = mapped_column(Text, default="")  # it was given up

    old_verdict: Mapped[Verdict | None] = mapped_column(text_enum(Verdict))  # None: never, by our fault
    old_message: Mapped[str] = mapped_column(Text)
    old_details: Mapped[dict[str, Any]]
    old_edition: Mapped[str] = mapped_column(String(64))
    old_version: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[Verdict | None] = mapped_column(text_enum(Verdict))
    message: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[str] = mapped_column(String(64), default="")  # of the exercise
    applied_at: Mapped[datetime | None]

    regrade: Mapped[Regrade] = relationship(lazy="raise")
    attempt: Mapped[Attempt] = relationship(lazy="raise")

    @property
    def differs(self) -> bool:
        """Whether the verdict is another."""
        return self.verdict is not None and self.verdict is not self.old_verdict

    @property
    def says_otherwise(self) -> bool:
        """Whether anything is another that its learner would read."""
        return self.differs or (self.verdict is not None and self.message != self.old_message)
