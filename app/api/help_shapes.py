"""What the API answers with about help: questions, what was said, hints."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field

from app.lessons import Exercise
from app.mentoring import subjects
from app.models import Thread


class MessageShape(BaseModel):
    """One message of a question, or that an attempt was handed in upon it."""

    by: str
    mine: bool
    body: str = Field(description="Markdown; empty where an attempt was handed in.")
    attempt: UUID | None
    at: datetime


class Stands(StrEnum):
    """How a question stands: whose turn it is."""

    WAITING = "waiting"
    ANSWERED = "answered"
    CHANGES = "changes"  # a mentor asks for some: hand in again
    SETTLED = "settled"


class ThreadShape(BaseModel):
    """What one has asked about a cell, or was told about something of one's own."""

    id: UUID
    lesson: str
    cell: str
    about: str
    stands: Stands
    asked_at: datetime
    messages: list[MessageShape]

    @classmethod
    def of(cls, thread: Thread) -> Self:
        return cls(
            id=thread.id, lesson=thread.lesson, cell=thread.cell, about=subjects.words(thread),
            stands=_stands(thread), asked_at=thread.created_at,
            messages=[
                MessageShape(
                    by=one.by, mine=one.author_id == thread.user_id, body=one.body,
                    attempt=one.attempt_id, at=one.created_at,
                )
                for one in thread.messages
            ],
        )  # fmt: skip


def _stands(thread: Thread) -> Stands:
    if thread.closed_at:
        return Stands.SETTLED
    if thread.changes_at:
        return Stands.CHANGES
    return Stands.ANSWERED if thread.answered else Stands.WAITING


class HintsShape(BaseModel):
    """The hints of an exercise that are open."""

    exercise: str
    hints: list[str] = Field(description="Those that are open, in order, in Markdown.")
    left: int = Field(description="How many more there are.")

    @classmethod
    def of(cls, exercise: Exercise, hints: list[str]) -> Self:
        return cls(exercise=exercise.id, hints=hints, left=len(exercise.hints) - len(hints))
