"""What is asked and answered, and who is about to answer it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, column_property, mapped_column, relationship

from app.db import Base
from app.models.people import User
from app.models.work import Attempt

WHO_LEFT = "a mentor who has left"  # shown where an account is deleted and its words are not


class Thread(Base):
    """A conversation of a learner with their mentors about something of the learner's.

    `kind` and `subject_id` say about what (`app.mentoring.subjects`); `lesson` and `cell`, where its learner
    finds it.
    Of “I'm stuck” on a cell, `chain` holds what its learner had on the screen; of an attempt, its answer.
    """

    __tablename__ = "threads"
    __table_args__ = (
        Index("ix_threads_waiting_since", "waiting_since"),
        Index("ix_threads_subject_id", "subject_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    lesson: Mapped[str] = mapped_column(String(80))
    cell: Mapped[str] = mapped_column(String(80))
    chain: Mapped[list[Any]]  # the texts as they stood when help was asked
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(20), default="cell")
    subject_id: Mapped[UUID | None]  # none where it is a cell
    first_line: Mapped[int | None]  # of the text it is about, counted from 1
    last_line: Mapped[int | None]
    answered: Mapped[bool] = mapped_column(default=False)  # the last word is a mentor's
    closed_at: Mapped[datetime | None]
    waiting_since: Mapped[datetime | None]  # of those that are open and not answered
    changes_at: Mapped[datetime | None]  # a mentor asked for changes then, and nothing was handed in since
    claimed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    claimed_until: Mapped[datetime | None]

    user: Mapped[User] = relationship(foreign_keys=[user_id], lazy="raise")
    claimed_by: Mapped[User | None] = relationship(foreign_keys=[claimed_by_id], lazy="raise")
    messages: Mapped[list[Message]] = relationship(
        order_by="Message.created_at", lazy="raise", passive_deletes=True
    )


class Message(Base):
    """One message of a thread, in Markdown; or, without words, that an attempt was handed in upon it."""

    __tablename__ = "messages"

    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("users.id", ondelete="SET NULL")
    )  # none: a mentor's account is deleted, and the words stay with whom they were for
    body: Mapped[str] = mapped_column(Text)
    attempt_id: Mapped[UUID | None] = mapped_column(ForeignKey("attempts.id", ondelete="SET NULL"))

    author: Mapped[User | None] = relationship(lazy="raise")

    if TYPE_CHECKING:
        attempt_number: Mapped[int | None]  # of that attempt

    @property
    def by(self) -> str:
        """Who wrote it."""
        return (self.author.name or "A guest") if self.author else WHO_LEFT.capitalize()


_number = select(Attempt.number).where(Attempt.id == Message.attempt_id).correlate_except(Attempt)
Message.attempt_number = column_property(_number.scalar_subquery())


class CannedReply(Base):
    """Something that a mentor says often. With a cohort, its other mentors may say it, too."""

    __tablename__ = "canned_replies"

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    cohort_id: Mapped[UUID | None] = mapped_column(ForeignKey("cohorts.id", ondelete="SET NULL"), index=True)
    title: Mapped[str] = mapped_column(String(80))
    body: Mapped[str] = mapped_column(Text)
    uses: Mapped[int] = mapped_column(default=0)

    owner: Mapped[User] = relationship(lazy="raise")


class SignOff(Base):
    """A mentor's “this is done” on something a learner made. Taken back, the row stays."""

    __tablename__ = "sign_offs"
    __table_args__ = (Index("ix_sign_offs_user_id_cell", "user_id", "cell"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))  # whose work it is
    mentor_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    kind: Mapped[str] = mapped_column(String(20))  # as a thread's
    subject_id: Mapped[UUID]
    lesson: Mapped[str] = mapped_column(String(80))
    cell: Mapped[str] = mapped_column(String(80))
    note: Mapped[str] = mapped_column(Text, default="")
    revoked_at: Mapped[datetime | None]

    mentor: Mapped[User | None] = relationship(foreign_keys=[mentor_id], lazy="raise")
