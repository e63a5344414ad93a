"""What an assessment closes, for whom and until when. Whatever gives help on an exercise asks here first.

From the opening of its window until it has closed for everybody, the exercises of an assessment have no
hints, no solutions and no comparisons for the learners of its cohort, wherever they stand. An answer is taken
only while its learner sits the assessment, and belongs to it; of its verdict they learn the one word, and the
rest is kept beside the attempt until it is released. Mentors and everybody else meet none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, or_, select, update
from sqlalchemy.orm import Session

from app.db import now
from app.guard import NotAllowed
from app.lessons import course
from app.models import (
    Allowance,
    Assessment,
    Attempt,
    Cohort,
    Membership,
    Role,
    Run,
    Sitting,
    SittingAttempt,
    User,
    Verdict,
)
from app.teaching import plan

GRACE = timedelta(seconds=10)  # what was sent in time may arrive a little later
_WORDS = {
    Verdict.PASSED: "",
    Verdict.FAILED: "It has not passed.",
    Verdict.ERROR: "It ended with an error.",
    Verdict.NOT_ATTEMPTED: "",
}
_LATER = "What was checked is told once the assessment has closed for everybody."


@dataclass(frozen=True)
class Closed:
    """An exercise that is part of an assessment whose window is open, as one learner meets it."""

    assessment: Assessment
    cohort: Cohort
    sitting: Sitting | None
    ends_at: datetime  # for this learner

    @property
    def running(self) -> bool:
        """Whether they sit it now: answers are taken."""
        return self.sitting is not None and self.sitting.ended_at is None and now() < self.ends_at + GRACE

    @property
    def opens_words(self) -> str:
        """When its window opens."""
        return in_words(self.assessment.opens_at, self.cohort)

    @property
    def ends_words(self) -> str:
        """When it ends for this learner."""
        return in_words(self.ends_at, self.cohort)

    @property
    def sentence(self) -> str:
        """Why there is no help now, and when there will be."""
        until = in_words(self.assessment.last_at, self.cohort)
        return (
            f"This exercise is part of the assessment “{self.assessment.title}”: its hints, solutions, "
            f"comparisons and questions to mentors are closed until {until}."
        )

    @property
    def no_sharing(self) -> str:
        """Why nothing of its lesson is shared now."""
        until = in_words(self.assessment.last_at, self.cohort)
        return (
            f"The assessment “{self.assessment.title}” has exercises of this lesson: share it after {until}."
        )

    @property
    def no_answer(self) -> str:
        """Why no answer is taken outside of a sitting."""
        title = self.assessment.title
        if self.sitting is None and now() < self.ends_at:
            return f"This exercise is part of the assessment “{title}”. Begin that first; your text is kept."
        until = in_words(self.assessment.last_at, self.cohort)
        return f"Your time in the assessment “{title}” is over. Your text is kept: hand it in after {until}."


def in_words(moment: datetime, cohort: Cohort) -> str:
    """`3 December, 18:00 (Europe/Berlin)`."""
    there = moment.astimezone(plan.zone(cohort.time_zone))
    return f"{there.day} {there:%B}, {there:%H:%M} ({cohort.time_zone})"


def ends_at(assessment: Assessment, sitting: Sitting | None, extra: int) -> datetime:
    """When it ends for a learner with so many extra minutes: with the window, or with their own time."""
    more = timedelta(minutes=extra)
    closes = assessment.closes_at + more
    if sitting is None or assessment.minutes is None:
        return closes
    return min(closes, sitting.started_at + timedelta(minutes=assessment.minutes) + more)


def closed_to(session: Session, user: User | None) -> dict[str, Closed]:
    """Exercise → the assessment that closes it to this person now. One query."""
    if user is None or user.guest:
        return {}
    found: dict[str, Closed] = {}
    for one in _open_now(session, user):
        for exercise in one.assessment.exercises:
            if exercise not in found or one.running:
                found[exercise] = one
    return found


def _open_now(session: Session, user: User) -> Iterator[Closed]:
    moment = now()
    learns = select(Membership.cohort_id).where(
        Membership.user_id == user.id, Membership.role == Role.LEARNER, Membership.left_at.is_(None)
    )
    query = (
        select(Assessment, Cohort, Sitting, Allowance.minutes)
        .join(Cohort, Cohort.id == Assessment.cohort_id)
        .outerjoin(Sitting, and_(Sitting.assessment_id == Assessment.id, Sitting.user_id == user.id))
        .outerjoin(Allowance, and_(Allowance.assessment_id == Assessment.id, Allowance.user_id == user.id))
        .where(Assessment.opens_at <= moment, Assessment.last_at > moment - GRACE)
        # whoever has begun and then leaves the cohort is bound all the same
        .where(or_(Sitting.id.is_not(None), Assessment.cohort_id.in_(learns)))
        .order_by(Assessment.opens_at, Assessment.id)
    )
    for assessment, cohort, sitting, extra in session.execute(query):
        yield Closed(assessment, cohort, sitting, ends_at(assessment, sitting, extra or 0))


def check_open(session: Session, user: User | None, exercise: str) -> None:
    """Whether help on the exercise may be given now. Raises NotAllowed with the sentence that says why."""
    found = closed_to(session, user).get(exercise)
    if found is not None:
        raise NotAllowed(found.sentence)


def check_lesson(session: Session, user: User, lesson: str) -> None:
    """Whether what stands in the lesson may be shown around now.

    Raises NotAllowed if an assessment has closed any exercise of it.
    """
    known = course().exercises
    for exercise, found in closed_to(session, user).items():
        if exercise in known and known[exercise].lesson == lesson:
            raise NotAllowed(found.no_sharing)


def sat_now(session: Session, user: User, exercise: str) -> Sitting | None:
    """The sitting that an answer handed in now belongs to; None if the exercise is as open as ever.

    Raises NotAllowed if no answer is taken.
    """
    found = closed_to(session, user).get(exercise)
    if found is None:
        return None
    if not found.running:
        raise NotAllowed(found.no_answer)
    return found.sitting


def bind(session: Session, sitting: Sitting, attempt: Attempt, *, at_end: bool = False) -> None:
    """This attempt was handed in during that sitting."""
    known = select(SittingAttempt.id).where(SittingAttempt.attempt_id == attempt.id)
    if session.scalar(known) is None:
        session.add(SittingAttempt(sitting_id=sitting.id, attempt_id=attempt.id, at_end=at_end))
        session.flush()


def ours_in(session: Session, viewer: User, run: Run) -> set[str]:
    """The cells of a run that stood on a solution of ours which is closed to this viewer now."""
    closed, known = closed_to(session, viewer), course().exercises
    return {
        link["cell"]
        for link in run.chain
        if link["cell"] in closed and link["cell"] in known and link["text"] == known[link["cell"]].solution
    }


# ---- the words of a verdict


def keep_back(
    session: Session, run: Run, word: Verdict, message: str, details: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """What may be told of a verdict now: message and details. What may not is kept for `release`."""
    bound = session.scalar(
        select(SittingAttempt)
        .join(Attempt, Attempt.id == SittingAttempt.attempt_id)
        .join(Sitting, Sitting.id == SittingAttempt.sitting_id)
        .join(Assessment, Assessment.id == Sitting.assessment_id)
        .where(Attempt.run_id == run.id, Assessment.released_at.is_(None))
    )
    if bound is None:
        return message, details
    bound.message, bound.details = message, details
    session.flush()
    return " ".join(filter(None, (_WORDS[word], _LATER))), {}


def kept(session: Session, attempt: Attempt) -> SittingAttempt | None:
    """What is kept back of this attempt's verdict, for its mentors; None if nothing is."""
    query = (
        select(SittingAttempt)
        .join(Sitting, Sitting.id == SittingAttempt.sitting_id)
        .join(Assessment, Assessment.id == Sitting.assessment_id)
        .where(SittingAttempt.attempt_id == attempt.id, Assessment.released_at.is_(None))
    )
    return session.scalar(query)


def kept_back() -> Select[UUID]:
    """The attempts whose whole verdicts are not out yet."""
    here = select(SittingAttempt.attempt_id).join(Sitting, Sitting.id == SittingAttempt.sitting_id)
    return here.join(Assessment, Assessment.id == Sitting.assessment_id).where(
        Assessment.released_at.is_(None)
    )


def release(session: Session, assessment: Assessment) -> set[tuple[UUID, str]]:
    """Put the whole verdicts where they belong; returns whose, and of which exercises."""
    query = (
        select(SittingAttempt, Attempt)
        .join(Attempt, Attempt.id == SittingAttempt.attempt_id)
        .join(Sitting, Sitting.id == SittingAttempt.sitting_id)
        .where(Sitting.assessment_id == assessment.id, Attempt.verdict.is_not(None))
    )
    touched = set()
    for bound, attempt in session.execute(query).all():
        told = {"message": bound.message, "details": bound.details}
        session.execute(update(Attempt).where(Attempt.id == attempt.id).values(told))
        touched.add((attempt.user_id, attempt.exercise))
    assessment.released_at = now()
    session.flush()
    return touched


# ---- the texts at the end


def freeze(session: Session, user: User, before: dict[str, str]) -> None:
    """Call before texts of a lesson change: a sitting that is over keeps them as they stood at its end.

    `before` holds cell → text, of the whole lesson.
    """
    if user.guest:
        return
    query = (
        select(Sitting, Assessment, Allowance.minutes)
        .join(Assessment, Assessment.id == Sitting.assessment_id)
        .outerjoin(
            Allowance, and_(Allowance.assessment_id == Assessment.id, Allowance.user_id == Sitting.user_id)
        )
        .where(Sitting.user_id == user.id, Sitting.ended_at.is_(None), Sitting.hand_in_rest)
    )
    for sitting, assessment, extra in session.execute(query).all():
        if now() >= ends_at(assessment, sitting, extra or 0) + GRACE:
            mine = {name: before[name] for name in assessment.exercises if name in before}
            sitting.texts = mine | sitting.texts
