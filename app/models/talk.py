"""What is asked and answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.people import User


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
