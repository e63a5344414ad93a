"""The whole schema in one room: who learns, what they ran, what they handed in, and who answered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Enum, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base


class State(StrEnum):
    """The job's status: did our machinery work?"""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # our fault: it costs the learner nothing
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        return self not in (State.QUEUED, State.RUNNING)


class Ending(StrEnum):
    """How the learner's code ended, once the job is done."""

    OK = "ok"
    ERROR = "error"  # an exception in a cell
    LIMIT = "limit"  # stopped by a limit; the message names which
    DIED = "died"  # the process is gone: a crash, os._exit


class Verdict(StrEnum):
    """What the examiner says of an answer."""

    PASSED = "passed"
    FAILED = "failed"  # ran, but its values are wrong
    ERROR = "error"  # raised, was killed, or answered nothing
    NOT_ATTEMPTED = "not_attempted"  # still the starter


class InstallState(StrEnum):
    """What is with a model on one machine; its worker sees to the first three."""

    ASKED = "asked"  # what would it take?
    WANTED = "wanted"
    UNWANTED = "unwanted"
    OFFERED = "offered"  # asked, and not wanted yet
    INSTALLED = "installed"
    FAILED = "failed"  # the message says why, and what to do


class RunKind(StrEnum):
    RUN = "run"
    GRADE = "grade"


def text_enum(kind: type[StrEnum]) -> Enum:
    """Stored as its value in a plain string column, so that adding a member needs no migration."""
    return Enum(
        kind,
        native_enum=False,
        length=20,
        create_constraint=False,
        values_callable=lambda e: [m.value for m in e],
    )


class User(Base):
    """A learner; also a mentor or an admin if the flag says so. A guest has no e-mail and no password."""

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    guest: Mapped[bool] = mapped_column(default=False)
    mentor: Mapped[bool] = mapped_column(default=False)
    admin: Mapped[bool] = mapped_column(default=False)
    goal: Mapped[str] = mapped_column(String(200), default="")


class WebSession(Base):
    """A browser that is signed in. The cookie holds the token, the table only its hash."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


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
    """An answer handed in, and the verdict on it. Never changed but by the verdict, never deleted."""

    __tablename__ = "attempts"
    __table_args__ = (UniqueConstraint("user_id", "exercise", "number"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    lesson: Mapped[str] = mapped_column(String(80))
    exercise: Mapped[str] = mapped_column(String(80))  # unique in the whole course: its file's name
    exercise_version: Mapped[str] = mapped_column(String(64))
    number: Mapped[int]  # 1, 2, 3 … per learner and exercise
    answer: Mapped[str] = mapped_column(Text)  # the text as handed in; of a form, its values as JSON
    run_id: Mapped[UUID] = mapped_column(ForeignKey("runs.id", ondelete="CASCADE"), unique=True)

    verdict: Mapped[Verdict | None] = mapped_column(text_enum(Verdict))
    message: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # check, input, got, mistake
    graded_at: Mapped[datetime | None]

    run: Mapped[Run] = relationship(back_populates="attempt", lazy="raise")
    user: Mapped[User] = relationship(lazy="raise")


class Activity(Base):
    """The learner's event log: opened, ran, handed in, hint, solution, predicted."""

    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_who", "user_id", "kind", "lesson"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    lesson: Mapped[str] = mapped_column(String(80), default="")
    cell: Mapped[str] = mapped_column(String(80), default="")
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Thread(Base):
    """“I'm stuck” on a cell: the question, with what its learner had on the screen, and the answers."""

    __tablename__ = "threads"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    lesson: Mapped[str] = mapped_column(String(80))
    cell: Mapped[str] = mapped_column(String(80))
    chain: Mapped[list[Any]]  # the texts as they stood when help was asked
    run_id: Mapped[UUID | None] = mapped_column(ForeignKey("runs.id", ondelete="SET NULL"))
    answered: Mapped[bool] = mapped_column(default=False)  # the last word is a mentor's
    closed_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")
    messages: Mapped[list[Message]] = relationship(
        order_by="Message.created_at", lazy="raise", passive_deletes=True
    )


class Message(Base):
    """One message of a thread, in Markdown."""

    __tablename__ = "messages"

    thread_id: Mapped[UUID] = mapped_column(ForeignKey("threads.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    body: Mapped[str] = mapped_column(Text)

    author: Mapped[User] = relationship(lazy="raise")


class Choice(Base):
    """What a learner did to a node of the path: hid it, or moved it."""

    __tablename__ = "choices"
    __table_args__ = (UniqueConstraint("user_id", "node"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    node: Mapped[str] = mapped_column(String(80))
    hidden: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int | None]


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


class Install(Base):
    """A model on one machine: that it is there, or shall be, and how far that is."""

    __tablename__ = "installs"
    __table_args__ = (UniqueConstraint("machine", "model"),)

    machine: Mapped[str] = mapped_column(String(255))
    model: Mapped[str] = mapped_column(String(96))
    state: Mapped[InstallState] = mapped_column(text_enum(InstallState))
    stage: Mapped[str] = mapped_column(String(20), default="")
    done: Mapped[int] = mapped_column(default=0)  # megabytes, where somebody can say
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)  # sizes, licence, revision, once known
    nonce: Mapped[str] = mapped_column(String(32), default="")  # of the worker that is at it
    lease_until: Mapped[datetime | None]
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime]  # when its machine last spoke of it
