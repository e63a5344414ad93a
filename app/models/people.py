"""Who is there, and what is theirs alone."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base


class User(Base):
    """A learner; also an admin if the flag says so. A guest has no e-mail and no password."""

    __tablename__ = "users"

    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    guest: Mapped[bool] = mapped_column(default=False)
    admin: Mapped[bool] = mapped_column(default=False)
    goal: Mapped[str] = mapped_column(String(200), default="")

    if TYPE_CHECKING:
        mentor: Mapped[bool]  # of some cohort, or an admin: read from the memberships, in `cohorts.py`


class WebSession(Base):
    """A browser that is signed in. The cookie holds the token, the table only its hash."""

    __tablename__ = "sessions"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    browser: Mapped[str] = mapped_column(String(80), default="")  # as people call it: Firefox on Linux

    user: Mapped[User] = relationship(lazy="joined", innerjoin=True)


class Choice(Base):
    """What a learner did to a node of the path: hid it, or moved it."""

    __tablename__ = "choices"
    __table_args__ = (UniqueConstraint("user_id", "node"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    node: Mapped[str] = mapped_column(String(80))
    hidden: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int | None]
