"""Standings: for each learner and exercise one row that sums up the judged attempts, so that a dashboard of
hundreds of learners reads thousands of small rows and not tens of thousands of answers.

Whoever changes a verdict, or whose an attempt is, calls `refresh` in the same transaction. Nothing is kept
here that could not be worked out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.db import now
from app.models import Attempt, Standing, Verdict

JUDGED = (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR)  # verdicts that say something about an answer


@dataclass(frozen=True)
class Tried:
    """One judged attempt, as far as it matters here: the verdict is what it counts as."""

    at: datetime
    verdict: Verdict
    mistake: str = ""

    @property
    def trouble(self) -> str:
        """In which way it failed; of one that passed, nothing."""
        return "" if self.verdict is Verdict.PASSED else self.mistake or self.verdict.value


def refresh(session: Session, user_id: UUID, exercise: str) -> None:
    """Work out anew where a learner stands with an exercise."""
    session.flush()
    row = _row(session, user_id, exercise)
    facts = _facts(session, user_id, exercise)
    if row is None and facts:
        try:
            with session.begin_nested():
                session.add(Standing(user_id=user_id, exercise=exercise, **facts))
        except (
            IntegrityError
        ):  # another attempt of theirs was judged this moment: wait for it, and count it too
            row, facts = _row(session, user_id, exercise), _facts(session, user_id, exercise)
    if row is not None and facts:
        for name, value in facts.items():
            setattr(row, name, value)
    elif row is not None:
        session.delete(row)
    session.flush()


def _row(session: Session, user_id: UUID, exercise: str) -> Standing | None:
    """The row there is; nobody else changes it before this transaction is over."""
    mine = select(Standing).where(Standing.user_id == user_id, Standing.exercise == exercise)
    return session.scalar(mine.with_for_update().execution_options(populate_existing=True))


def _facts(session: Session, user_id: UUID, exercise: str) -> dict[str, Any]:
    lesson, tried = _tried(session, user_id, exercise)
    if not tried:
        return {}
    return summed_up(tried) | {"lesson": lesson, "updated_at": now()}


def refresh_all(session: Session, user_id: UUID) -> None:
    """All of a learner's, as after attempts of somebody else have become theirs."""
    session.execute(delete(Standing).where(Standing.user_id == user_id))
    for exercise in session.scalars(
        select(Attempt.exercise).where(Attempt.user_id == user_id).distinct()
    ).all():
        refresh(session, user_id, exercise)


def summed_up(tried: Sequence[Tried]) -> dict[str, Any]:
    """What a row says of these attempts (at least one), the oldest first."""
    first_pass = next((place for place, one in enumerate(tried) if one.verdict is Verdict.PASSED), None)
    passed = first_pass is not None
    trouble = "" if passed else tried[-1].trouble
    alike = takewhile(lambda one: one.trouble == trouble, reversed(tried))
    return {
        "attempts": len(tried),
        "to_pass": first_pass + 1 if first_pass is not None else None,
        "passed_at": tried[first_pass].at if first_pass is not None else None,
        "newest_at": tried[-1].at,
        "streak": 0 if passed else sum(1 for _ in alike),
        "trouble": trouble[:120],
    }


def _tried(session: Session, user_id: UUID, exercise: str) -> tuple[str, list[Tried]]:
    """The exercise's lesson, and the learner's judged attempts at it, the oldest first."""
    columns = select(Attempt.lesson, Attempt.created_at, Attempt.counts_as, Attempt.details)
    mine = columns.where(Attempt.user_id == user_id, Attempt.exercise == exercise)
    rows = session.execute(mine.where(Attempt.counts_as.in_(JUDGED)).order_by(Attempt.number)).all()
    tried = [Tried(at, verdict, (details or {}).get("mistake") or "") for _, at, verdict, details in rows]
    return rows[-1].lesson if rows else "", tried
