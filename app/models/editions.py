"""The course as it was when somebody pinned it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Edition(Base):
    """A course as it was at some moment, whole. Never changed; deleted when nobody needs it any more."""

    __tablename__ = "editions"

    name: Mapped[str] = mapped_column(String(64), unique=True)  # what its files say, as a hash
    files: Mapped[dict[str, Any]]  # place → text, the exercises' answers and checks among them
