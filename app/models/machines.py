"""What is installed on the machines."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base
from app.models.kinds import InstallState, text_enum


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
