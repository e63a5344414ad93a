"""Mail that is to go out, what somebody wants to be mailed, and the links by which one chooses a password."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base
from app.models.kinds import LetterKind, Wish, text_enum
from app.models.people import User


class Letter(Base):
    """A mail that waits. It is worded when it is sent, so that no secret lies here; then the row goes."""

    __tablename__ = "letters"
    __table_args__ = (Index("ix_letters_given_up_ready_at", "given_up", "ready_at"),)

    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    kind: Mapped[LetterKind] = mapped_column(text_enum(LetterKind))
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ready_at: Mapped[datetime]  # when a worker is told of it (again)
    lease_until: Mapped[datetime | None]  # somebody sends it just now
    tries: Mapped[int] = mapped_column(default=0)
    given_up: Mapped[bool] = mapped_column(default=False)
    trouble: Mapped[str] = mapped_column(String(300), default="")  # what the server said last


class Mailing(Base):
    """Which notices somebody wants by mail; who has no row wants none."""

    __tablename__ = "mailings"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    wish: Mapped[Wish] = mapped_column(text_enum(Wish), default=Wish.NEVER)
    token: Mapped[str] = mapped_column(String(64), unique=True)  # of the link that turns it off
    since: Mapped[datetime]  # what was told before is not mailed any more
    sent_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise")


class NewAddress(Base):
    """An address that somebody wants to sign in with, until a mail to it has been answered by its link.

    The link holds the token, the table only its hash: of a random one, as long as the mail has not gone out.
    """

    __tablename__ = "new_addresses"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]


class ResetLink(Base):
    """A link by which somebody chooses a password, once. It holds the token, the table only its hash."""

    __tablename__ = "reset_links"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
