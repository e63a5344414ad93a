"""A cohort's word on AI: free, declare or off. Asked where an answer is handed in, and kept with the attempt.

Of several cohorts the strictest word holds, until the cohort is over. It is an honour system: nothing is
searched for, and nothing is counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import Unusable, clean_text
from app.learning import activity
from app.learning.activity import Kind
from app.models import Attempt, Cohort, Declaration, Membership, Policy, Role, User

LONGEST = 200  # characters of “for what”
_STRICTNESS = (Policy.FREE, Policy.DECLARE, Policy.OFF)


@dataclass(frozen=True)
class Words:
    """What a learner says when they hand in.

    `ai`: what they used it for, empty if they did not; None if they say nothing. `promised`: that they work
    without it in this lesson.
    """

    ai: str | None = None
    promised: bool = False


@dataclass(frozen=True)
class Asks:
    """What is asked of a learner in one lesson. Without a cohort, nothing."""

    policy: Policy | None = None
    cohort: str = ""  # whose word it is
    promised: bool = False
    said: dict[str, str] = field(default_factory=dict)  # exercise → what they said last

    def missing(self, exercise: str, words: Words) -> str:
        """The sentence that says what is missing before an answer is taken; empty if nothing is."""
        if self.policy is Policy.DECLARE and words.ai is None and exercise not in self.said:
            return f"Say whether you used AI, and for what: {self.cohort} asks it of every answer."
        if self.policy is Policy.OFF and not (self.promised or words.promised):
            return f"{self.cohort} works without AI. Confirm that once for this lesson, then hand in again."
        return ""


def asks(session: Session, user: User | None, lesson: str) -> Asks:
    """What this learner is asked in this lesson."""
    if user is None or user.guest or (strictest := _strictest(session, user)) is None:
        return Asks()
    policy, name = strictest.ai_policy, strictest.name
    promised = policy is Policy.OFF and bool(activity.of_kind(session, user, Kind.PROMISED, lesson))
    said = _said(session, user, lesson) if policy is Policy.DECLARE else {}
    return Asks(policy, name, promised, said)


def _strictest(session: Session, user: User) -> Cohort | None:
    today = now().date()
    mine = (
        select(Cohort)
        .join(Membership, Membership.cohort_id == Cohort.id)
        .where(Membership.user_id == user.id, Membership.role == Role.LEARNER, Membership.left_at.is_(None))
        .where(or_(Cohort.ends_on.is_(None), Cohort.ends_on >= today))
    )
    theirs = session.scalars(mine.order_by(Cohort.id)).all()
    return max(theirs, key=lambda cohort: _STRICTNESS.index(cohort.ai_policy), default=None)


def _said(session: Session, user: User, lesson: str) -> dict[str, str]:
    query = (
        select(Attempt.exercise, Declaration.used_for)
        .join(Attempt, Attempt.id == Declaration.attempt_id)
        .where(Attempt.user_id == user.id, Attempt.lesson == lesson)
    )
    return dict(session.execute(query.order_by(Attempt.number)).all())


def check(session: Session, user: User, lesson: str, exercise: str, words: Words) -> str | None:
    """What is to be kept with the attempt: what AI was used for, empty if none was; None if nothing is asked.

    A promise is kept for the lesson. Raises Unusable with what is missing.
    """
    asked = asks(session, user, lesson)
    if missing := asked.missing(exercise, words):
        raise Unusable(missing)
    if asked.policy is Policy.OFF and not asked.promised:
        activity.log(session, user, Kind.PROMISED, lesson, cohort=asked.cohort)
    if asked.policy is not Policy.DECLARE:
        return None
    return _clean(words.ai) if words.ai is not None else asked.said[exercise]


def _clean(text: str) -> str:
    text = " ".join(clean_text(text).split())
    if len(text) > LONGEST:
        raise Unusable(f"Say in at most {LONGEST} characters what you used AI for.")
    return text


def keep(session: Session, attempt: Attempt, used_for: str) -> None:
    """Write it down beside the attempt."""
    session.add(Declaration(attempt_id=attempt.id, used_for=used_for))


def of_attempts(session: Session, attempts: Iterable[UUID]) -> dict[UUID, str]:
    """Attempt → what was said of AI; those of which nothing was asked are left out."""
    found = select(Declaration.attempt_id, Declaration.used_for)
    ids = list(attempts)
    return dict(session.execute(found.where(Declaration.attempt_id.in_(ids))).all()) if ids else {}


def words_of(fields: dict[str, str]) -> Words:
    """What a form says: `ai` (no or yes) with `ai_for`, and `promise`. Raises Unusable."""
    used, used_for = fields.get("ai", ""), fields.get("ai_for", "").strip()
    if used == "yes" and not used_for:
        raise Unusable("Say in a few words what you used AI for.")
    said = used_for if used == "yes" else "" if used == "no" else None
    return Words(said, bool(fields.get("promise")))
