"""What came of an assessment: for its mentors, for grades, and one learner's for themselves."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.learning import activity
from app.learning.activity import Kind
from app.models import (
    Allowance,
    Assessment,
    Attempt,
    Cohort,
    Membership,
    Role,
    Sitting,
    SittingAttempt,
    User,
    Verdict,
)
from app.people import deeds
from app.people.deeds import Kind as Noted
from app.teaching.grades import harmless
from app.teaching.sittings import ends_at


@dataclass(frozen=True)
class Answered:
    """What one learner did at one exercise of an assessment."""

    attempts: tuple[Attempt, ...] = ()  # handed in during the sitting, the oldest first
    left: str = ""  # why the text at the end was not handed in
    before: tuple[str, ...] = ()  # what they had seen of it before they began: passed, solution, hints

    @property
    def verdict(self) -> Verdict | None:
        """The best; None while there is none."""
        words = {attempt.counts_as for attempt in self.attempts}
        order = (Verdict.PASSED, Verdict.FAILED, Verdict.ERROR, Verdict.NOT_ATTEMPTED)
        return next((word for word in order if word in words), None)

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED

    @property
    def waiting(self) -> bool:
        """Whether a verdict is still to come."""
        return any(not attempt.run.state.over for attempt in self.attempts)


@dataclass(frozen=True)
class Result:
    """One learner's assessment. For grades: `passed` of `len(answers)`."""

    learner: User
    sitting: Sitting | None
    ends_at: datetime
    extra: int  # minutes
    answers: Mapping[str, Answered] = field(default_factory=dict)  # exercise → …, all of them, in order

    @property
    def passed(self) -> int:
        return sum(one.passed for one in self.answers.values())


def of(session: Session, assessment: Assessment, only: UUID | None = None) -> list[Result]:
    """Of each learner of the cohort, and of who has begun and left; by name. Five queries."""
    here = select(Membership.user_id).where(
        Membership.cohort_id == assessment.cohort_id,
        Membership.role == Role.LEARNER,
        Membership.left_at.is_(None),
    )
    sat = select(Sitting).where(Sitting.assessment_id == assessment.id)
    begun = {one.user_id: one for one in session.scalars(sat)}
    wanted = or_(User.id.in_(here), User.id.in_(begun)) if only is None else User.id == only
    people = session.scalars(select(User).where(wanted).order_by(User.name, User.id)).all()
    allowed = select(Allowance.user_id, Allowance.minutes).where(Allowance.assessment_id == assessment.id)
    extra = dict(session.execute(allowed).all())
    made, before = _made(session, assessment), _before(session, assessment, begun)

    def answered(user: User, exercise: str) -> Answered:
        sitting = begun.get(user.id)
        left = sitting.left.get(exercise, "") if sitting else ""
        key = (user.id, exercise)
        return Answered(tuple(made.get(key, ())), left, tuple(before.get(key, ())))

    return [
        Result(
            user,
            begun.get(user.id),
            ends_at(assessment, begun.get(user.id), extra.get(user.id, 0)),
            extra.get(user.id, 0),
            {exercise: answered(user, exercise) for exercise in assessment.exercises},
        )
        for user in people
    ]


def _made(session: Session, assessment: Assessment) -> dict[tuple[UUID, str], list[Attempt]]:
    query = (
        select(Attempt)
        .join(SittingAttempt, SittingAttempt.attempt_id == Attempt.id)
        .join(Sitting, Sitting.id == SittingAttempt.sitting_id)
        .where(Sitting.assessment_id == assessment.id)
        .options(joinedload(Attempt.run))
        .order_by(Attempt.number)
    )
    found: dict[tuple[UUID, str], list[Attempt]] = {}
    for attempt in session.scalars(query):
        found.setdefault((attempt.user_id, attempt.exercise), []).append(attempt)
    return found


def _before(
    session: Session, assessment: Assessment, begun: Mapping[UUID, Sitting]
) -> dict[tuple[UUID, str], list[str]]:
    """(learner, exercise) → what they had seen of it before they began."""
    found: dict[tuple[UUID, str], list[str]] = {}
    passed = select(Attempt.user_id, Attempt.exercise, func.min(Attempt.created_at)).where(
        Attempt.user_id.in_(begun),
        Attempt.exercise.in_(assessment.exercises),
        Attempt.counts_as == Verdict.PASSED,
    )
    rows = [
        *((*row, "passed") for row in session.execute(passed.group_by(Attempt.user_id, Attempt.exercise))),
        *(
            (*row, word)
            for kind, word in ((Kind.SOLUTION, "solution"), (Kind.HINT, "hints"))
            for row in activity.first(session, kind, begun, assessment.exercises)
        ),
    ]
    for user_id, exercise, moment, word in rows:
        if moment < begun[user_id].started_at:
            found.setdefault((user_id, exercise), []).append(word)
    return found


# ---- as a file


def table(session: Session, viewer: User, cohort: Cohort, assessment: Assessment) -> str:
    """A line for each learner and exercise, for spreadsheets; that it was taken is noted in the audit log."""
    noted = Noted.GRADES_TAKEN
    deeds.note(session, viewer, noted, cohort=cohort, layout="assessment", by=assessment.title)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    head = ("name", "email", "exercise", "verdict", "points", "attempts", "begun", "extra_minutes", "before")
    writer.writerow(head)
    for one in of(session, assessment):
        begun = one.sitting.started_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S") if one.sitting else ""
        for exercise, answered in one.answers.items():
            word = answered.verdict.value if answered.verdict else ""
            points = (100 if answered.passed else 0) if one.sitting else ""
            what = (
                exercise,
                word,
                points,
                len(answered.attempts),
                begun,
                one.extra,
                " ".join(answered.before),
            )
            writer.writerow(harmless(value) for value in (one.learner.name, one.learner.email or "", *what))
    return file.getvalue()
