"""What learners write, run and hand in, and what came of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ForeignKey, Index, String, Text, UniqueConstraint, func
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.kinds import Ending, RunKind, State, Verdict, text_enum
from app.models.people import User


class Draft(Base):
    """The newest text of one of a learner's cells, kept as they type."""

    __tablename__ = "drafts"
    __table_args__ = (UniqueConstraint("user_id", "lesson", "cell"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(80))
    cell: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    updated_at: Mapped[datetime]


class Run(Base):
    """One press of Run, or the grading of one attempt. This row, not the queue's message, owns the truth."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("ix_runs_state_lease_until", "state", "lease_until"),
        Index("ix_runs_place", "user_id", "lesson", "cell"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[RunKind] = mapped_column(text_enum(RunKind))
    lesson: Mapped[str] = mapped_column(String(80))
    cell: Mapped[str] = mapped_column(String(80))
    chain: Mapped[list[Any]]  # [{"cell": id, "text": …}, …] frozen at submission, the pressed cell last
    chain_hash: Mapped[str] = mapped_column(String(64))  # tells whether anything above has changed since
    fingerprint: Mapped[str] = mapped_column(String(64))  # of the environment: interpreter, libraries, models
    seed: Mapped[int]
    memory_mb: Mapped[int] = mapped_column(default=0)  # it may add to the warm process; 0: it needs none
    queue: Mapped[str] = mapped_column(String(20), default="cpu")  # whose workers take it
    slow: Mapped[bool] = mapped_column(default=False)  # it is better off on a GPU, and there is none
    edition: Mapped[str] = mapped_column(String(64), default="")  # of the course, if pinned; "": the newest

    state: Mapped[State] = mapped_column(text_enum(State), default=State.QUEUED)
    nonce: Mapped[str] = mapped_column(String(32), default="")  # new for each claim: late results are dropped
    lease_until: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]  # given back, it pauses until then
    tries: Mapped[int] = mapped_column(default=0)  # how often a worker has claimed it
    faults: Mapped[int] = mapped_column(default=0)  # … and how many of those failed through our fault
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    queued_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime | None]

    ending: Mapped[Ending | None] = mapped_column(text_enum(Ending))
    message: Mapped[str] = mapped_column(Text, default="")  # a sentence for the learner, where there is one
    seconds: Mapped[float | None]  # wall-clock time of the learner's code
    cell_seconds: Mapped[dict[str, Any]] = mapped_column(default=dict)  # per cell: foretells a long replay

    outputs: Mapped[list[Output]] = relationship(order_by="Output.seq", lazy="raise", passive_deletes=True)
    attempt: Mapped[Attempt | None] = relationship(back_populates="run", lazy="raise")


class Output(Base):
    """One thing a run showed: text, a figure, attention patterns, an image, an error."""

    __tablename__ = "outputs"
    __table_args__ = (UniqueConstraint("run_id", "seq"),)

    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"))
    seq: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))  # text, result, figure, attention, image, error, notice
    data: Mapped[dict[str, Any]]


class Attempt(Base):
    """An answer handed in, and the verdict on it. Never changed but by the verdict, never deleted.

    A mentor's ruling stands beside the verdict; `counts_as` is what holds.
    """

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("user_id", "exercise", "number"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(80))
    exercise: Mapped[str] = mapped_column(String(80))  # unique in the whole course: its file's name
    exercise_version: Mapped[str] = mapped_column(String(64))
    edition: Mapped[str] = mapped_column(String(64), default="")  # of the course by which it was judged
    number: Mapped[int]  # 1, 2, 3 … per learner and exercise
    answer: Mapped[str] = mapped_column(Text)  # the text as handed in; of a form, its values as JSON
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), unique=True)

    verdict: Mapped[Verdict | None] = mapped_column(text_enum(Verdict))
    message: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # check, input, got, mistake
    graded_at: Mapped[datetime | None]

    ruling: Mapped[Verdict | None] = mapped_column(text_enum(Verdict))
    ruling_reason: Mapped[str] = mapped_column(Text, default="")
    ruled_by: Mapped[str] = mapped_column(String(80), default="")  # their name, as it was then
    ruled_at: Mapped[datetime | None]

    run: Mapped[Run] = relationship(back_populates="attempt", lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")

    @hybrid_property
    def counts_as(self) -> Verdict | None:
        """What the attempt counts as: the ruling where there is one, else the verdict."""
        return self.ruling or self.verdict

    @counts_as.inplace.expression
    @classmethod
    def _counts_as(cls) -> ColumnElement[Verdict | None]:
        return func.coalesce(cls.ruling, cls.verdict)


class Activity(Base):
    """The learner's event log: opened, ran, handed in, hint, solution, predicted."""

    __tablename__ = "activity"
    __table_args__ = (
        Index("ix_activity_who", "user_id", "kind", "lesson"),
        Index("ix_activity_newest", "user_id", "id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    lesson: Mapped[str] = mapped_column(String(80), default="")
    cell: Mapped[str] = mapped_column(String(80), default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Share(Base):
    """A result that a learner shows to whoever has the link: a copy of one cell and of what it showed."""

    __tablename__ = "shares"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    token: Mapped[str] = mapped_column(String(64), unique=True)
    lesson: Mapped[str] = mapped_column(String(80))
    cell: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80), default="")  # as whose it is shown; empty: nobody's
    code: Mapped[str] = mapped_column(Text)
    outputs: Mapped[list[Any]]  # [{"kind": …, "data": …}, …]
    modules: Mapped[list[Any]]  # what it stood on: [{"exercise": id, "title": …, "mine": bool}, …]
    ran_at: Mapped[datetime]
