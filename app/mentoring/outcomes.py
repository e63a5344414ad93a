"""How a cohort fares with one exercise: how many pass, after how many attempts, what goes wrong, how long it
takes; and the attempts behind each of these numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby
from statistics import median, quantiles
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.learning import worktime
from app.learning.standings import JUDGED, Tried
from app.lessons import Exercise
from app.mentoring import attention
from app.models import Attempt, Cohort, User, Verdict
from app.people import cohorts


class Try(NamedTuple):
    """A judged attempt of somebody in the cohort; `trouble` is in which way it failed, empty if it passed."""

    id: UUID
    learner: UUID
    name: str
    number: int
    at: datetime
    trouble: str
    judged: int  # which of the learner's judged attempts it is, from 1
    first_pass: bool


class Mistake(NamedTuple):
    """A way to fail."""

    trouble: str
    label: str
    doc: str  # what its learner is told; empty where no mistake is known
    learners: int
    attempts: int


class Spread(NamedTuple):
    """Of several numbers the middle one, and between which the middle half of them lies."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """None without values; of one value, all three are it."""
        if not values:
            return None
        low, _, high = quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
        return cls(median(values), low, high)


@dataclass(frozen=True)
class Outcomes:
    """One exercise in one cohort. `seconds`: learner → active time at it."""

    exercise: Exercise
    learners: int
    tries: list[Try]  # by learner, the oldest first
    seconds: Mapping[UUID, float]

    @cached_property
    def tried(self) -> set[UUID]:
        """Those who have handed in something that was judged."""
        return {one.learner for one in self.tries}

    @cached_property
    def passing(self) -> list[Try]:
        """Of each learner who has passed, the first attempt that did."""
        return [one for one in self.tries if one.first_pass]

    @property
    def rate(self) -> int | None:
        """Per cent of those who tried."""
        return round(100 * len(self.passing) / len(self.tried)) if self.tried else None

    @property
    def at_once(self) -> int:
        """How many passed with their first attempt."""
        return sum(one.judged == 1 for one in self.passing)

    @cached_property
    def to_pass(self) -> Spread | None:
        """Attempts of those who have passed."""
        return Spread.of([one.judged for one in self.passing])

    @cached_property
    def time(self) -> Spread | None:
        """Active seconds of those who have passed."""
        return Spread.of([self.seconds[one.learner] for one in self.passing if one.learner in self.seconds])

    @cached_property
    def mistakes(self) -> list[Mistake]:
        """What went wrong, by how many learners it happened to: named mistakes and the rest."""
        attempts = Counter(one.trouble for one in self.tries if one.trouble)
        learners = Counter(trouble for _, trouble in {(one.learner, one.trouble) for one in self.tries})
        docs = {variant.name: variant.doc for variant in self.exercise.mistakes}
        found = [
            Mistake(name, attention.named(self.exercise.id, name), docs.get(name, ""), learners[name], count)
            for name, count in attempts.items()
        ]
        return sorted(found, key=lambda one: (-one.learners, -one.attempts, one.label))

    def behind(self, number: str) -> list[Try]:
        """The attempts behind a number, the newest first: `passed`, `failing` (the newest of each learner who
        has not passed), `once`, a mistake's name; all of them for anything else.
        """
        done = {one.learner for one in self.passing}
        newest = {one.learner: one for one in self.tries}
        choices = {
            "passed": self.passing,
            "once": [one for one in self.passing if one.judged == 1],
            "failing": [one for learner, one in newest.items() if learner not in done],
        }
        of_mistake = [one for one in self.tries if number and one.trouble == number]
        chosen = choices.get(number) if number in choices else of_mistake or self.tries
        return sorted(chosen or [], key=lambda one: one.at, reverse=True)


def of(session: Session, cohort: Cohort, exercise: Exercise) -> Outcomes:
    """Of all who learn in the cohort now. Three queries."""
    learners = cohorts.learners(cohort)
    spent = worktime.at(session, learners, exercise.id)
    seconds = {learner: one.total for learner, one in spent.items()}
    return Outcomes(exercise, _count(session, cohort), _tries(session, cohort, exercise), seconds)


def _count(session: Session, cohort: Cohort) -> int:
    return session.scalar(select(func.count()).select_from(cohorts.learners(cohort).subquery())) or 0


def _tries(session: Session, cohort: Cohort, exercise: Exercise) -> list[Try]:
    columns = (Attempt.id, Attempt.user_id, User.name, Attempt.number, Attempt.created_at)
    judged = select(*columns, Attempt.counts_as, Attempt.details["mistake"].as_string()).join(
        User, User.id == Attempt.user_id
    )
    here = (Attempt.user_id.in_(cohorts.learners(cohort)), Attempt.exercise == exercise.id)
    query = judged.where(*here, Attempt.counts_as.in_(JUDGED)).order_by(Attempt.user_id, Attempt.number)
    found: list[Try] = []
    for _, rows in groupby(session.execute(query), key=lambda row: row[1]):
        passed = False
        for place, (attempt, user, name, number, at, verdict, mistake) in enumerate(rows, 1):
            first = verdict is Verdict.PASSED and not passed
            passed = passed or first
            trouble = Tried(at, verdict, mistake or "").trouble
            found.append(Try(attempt, user, name, number, at, trouble, place, first))
    return found
