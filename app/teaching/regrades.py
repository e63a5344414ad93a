"""Regrades: an exercise's checks have changed, and its attempts are judged again; an admin sees what would
change before it counts.

A pass is never taken away, unless the admin says so, and a mentor's ruling stays above every verdict. What
workers do is in `rejudgements`, how it comes to count in `applying`.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, or_, select, update
from sqlalchemy.orm import Session, joinedload

from app import lessons
from app.db import now, uuid7
from app.guard import NotFound, Unusable, admin_only
from app.models import (
    Attempt,
    Cohort,
    Regrade,
    RegradeState,
    Rejudged,
    Rejudgement,
    Run,
    RunKind,
    State,
    User,
    Verdict,
)
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.teaching import editions, sittings

OPEN = (RegradeState.JUDGING, RegradeState.READY)
SHOWN = 200  # attempts in a preview; the counts are of all
_LISTED = 100
_BATCH = 500  # rows written at once


@dataclass(frozen=True)
class Scope:
    """Which attempts are judged again, and by which edition of the course."""

    exercise: str
    cohort: UUID | None = None  # None: everybody's
    latest: bool = True  # of each learner only the newest that was judged
    by_newest: bool = False  # pinned classes, too; else each learner's by the edition that they learn by


@dataclass(frozen=True)
class Progress:
    """How far one is."""

    total: int
    judged: int
    given_up: int

    @property
    def waiting(self) -> int:
        return self.total - self.judged - self.given_up


@dataclass(frozen=True)
class Outdated:
    """An exercise that is another now than when some of its attempts were judged, or some never were."""

    exercise: str
    title: str
    attempts: int
    unjudged: int  # that our machinery gave up


@dataclass(frozen=True)
class Preview:
    """What applying would do, or has done."""

    moves: dict[tuple[Verdict | None, Verdict], int]  # (old, new) → attempts, where the two differ
    reworded: int  # the verdict stays, what is said of it does not
    same: int
    learners: int  # whose verdict on some attempt changes
    passes: int  # of the moves, those that would take a pass away
    ruled: int  # of the moves, those under a mentor's ruling, which goes on to count
    lines: Sequence[Rejudgement]  # those that differ, moves first, with attempts and learners
    given_up: Sequence[Rejudgement]
    applied: int  # of all that differ, those that count now

    @property
    def moved(self) -> int:
        return sum(self.moves.values())


# ---- which there are


def listed(session: Session, admin: User) -> list[tuple[Regrade, Progress]]:
    """The newest first, each with how far it is. Raises NotAllowed."""
    admin_only(admin)
    found = session.scalars(select(Regrade).order_by(Regrade.created_at.desc()).limit(_LISTED)).all()
    return [(one, progress(session, one)) for one in found]


def find(session: Session, admin: User, regrade_id: UUID) -> Regrade:
    """Raises NotAllowed, NotFound."""
    admin_only(admin)
    found = session.get(Regrade, regrade_id)
    if found is None:
        raise NotFound("There is no such regrade (any more).")
    return found


def progress(session: Session, regrade: Regrade) -> Progress:
    """How many attempts it has, and how many of them are done."""
    counted = select(Rejudgement.state, func.count()).where(Rejudgement.regrade_id == regrade.id)
    found = {state: count for state, count in session.execute(counted.group_by(Rejudgement.state))}
    return Progress(sum(found.values()), found.get(Rejudged.JUDGED, 0), found.get(Rejudged.GIVEN_UP, 0))


def outdated(session: Session, admin: User) -> list[Outdated]:
    """Exercises with attempts that were judged by another version than their learners are judged by now, or
    never, by our fault. Raises NotAllowed.
    """
    admin_only(admin)
    known, counts, unjudged = lessons.newest().exercises, Counter[str](), Counter[str]()
    which = (Attempt.user_id, Attempt.exercise, Attempt.exercise_version, Attempt.verdict)
    here = select(*which, func.count()).where(_to_judge()).group_by(*which)
    rows = session.execute(here).all()
    wanted = _Wanted(session, {user for user, *_ in rows})
    for user, exercise, version, verdict, count in rows:
        if exercise in known and verdict is None:
            unjudged[exercise] += count
        elif exercise in known and version != wanted.version(user, exercise):
            counts[exercise] += count
    touched = (name for name in known if name in counts or name in unjudged)
    return [Outdated(name, known[name].title, counts[name], unjudged[name]) for name in touched]


class _Wanted:
    """Which version of an exercise judges a learner now: that of the edition they learn by."""

    def __init__(self, session: Session, users: set[UUID]) -> None:
        self._own, self._courses = editions.of_all(session, users), {"": lessons.newest()}
        for name in set(self._own.values()):
            editions.put(session, name)
            with contextlib.suppress(lessons.CourseError):  # then the newest is as good a guess as any
                self._courses[name] = lessons.edition(name)

    def version(self, user: UUID, exercise: str) -> str:
        course = self._courses.get(self._own.get(user, ""), self._courses[""])
        found = course.exercises.get(exercise)
        return found.version if found else ""


# ---- begun and ended


def begin(session: Session, admin: User, scope: Scope) -> Regrade:
    """Have attempts judged again; nothing of it counts yet. Raises NotAllowed, NotFound, Unusable."""
    admin_only(admin)
    cohort = cohorts.find(session, admin, scope.cohort) if scope.cohort else None
    newest = editions.keep(session)
    known = lessons.newest().exercises.get(scope.exercise)
    going = select(Regrade.id).where(Regrade.exercise == scope.exercise, Regrade.state.in_(OPEN))
    if session.scalar(going.limit(1)) is not None:
        raise Unusable("This exercise is being regraded already: apply or discard that first.")
    wanted = list(session.scalars(_attempts(scope, cohort)))
    if not wanted:
        raise Unusable("There is no judged attempt of this exercise there.")
    made = Regrade(
        exercise=scope.exercise,
        title=known.title if known else scope.exercise,
        cohort_id=cohort.id if cohort else None,
        cohort_name=cohort.name if cohort else "",
        latest=scope.latest,
        by_newest=scope.by_newest,
        state=RegradeState.JUDGING,
        made_by=admin.name,
    )
    session.add(made)
    session.flush()
    own = {} if scope.by_newest else editions.of_all(session, {one.user_id for one in wanted})
    _put_down(session, made, wanted, own, newest)
    deeds.note(
        session, admin, Kind.REGRADE_BEGUN, cohort=cohort, exercise=scope.exercise, attempts=len(wanted)
    )
    return made


def _attempts(scope: Scope, cohort: Cohort | None) -> Select[Attempt]:
    here = (Attempt.exercise == scope.exercise, _to_judge())
    judged = select(Attempt).where(*here)
    if cohort is not None:
        judged = judged.where(Attempt.user_id.in_(cohorts.learners(cohort)))
    if scope.latest:
        newest = select(func.max(Attempt.number)).where(*here)
        of_each = newest.add_columns(Attempt.user_id).group_by(Attempt.user_id).subquery()
        number, user = of_each.c
        judged = judged.join(of_each, (user == Attempt.user_id) & (number == Attempt.number))
    return judged.order_by(Attempt.created_at)


def _to_judge() -> ColumnElement[bool]:
    """What has a verdict, or none by our fault; but nothing whose verdict an assessment keeps back yet."""
    ours = Attempt.run_id.in_(select(Run.id).where(Run.kind == RunKind.GRADE, Run.state == State.FAILED))
    return or_(Attempt.verdict.is_not(None), ours) & Attempt.id.not_in(sittings.kept_back())


def _put_down(
    session: Session, made: Regrade, wanted: Sequence[Attempt], own: dict[UUID, str], newest: str
) -> None:
    rows = [
        {
            "id": uuid7(),
            "regrade_id": made.id,
            "attempt_id": one.id,
            "edition": own.get(one.user_id, newest),
            "old_verdict": one.verdict,
            "old_message": one.message,
            "old_details": one.details,
            "old_edition": one.edition,
            "old_version": one.exercise_version,
        }
        for one in wanted
    ]
    for start in range(0, len(rows), _BATCH):
        session.execute(insert(Rejudgement), rows[start : start + _BATCH])


def discard(session: Session, admin: User, regrade: Regrade) -> None:
    """Stop it, or drop what it found: every verdict stays as it is. Raises NotAllowed, Unusable."""
    admin_only(admin)
    close(session, regrade, RegradeState.DISCARDED, OPEN)
    deeds.note(session, admin, Kind.REGRADE_DISCARDED, exercise=regrade.exercise)


def try_again(session: Session, admin: User, regrade: Regrade) -> int:
    """Judge those once more that were given up; returns how many. Raises NotAllowed, Unusable."""
    admin_only(admin)
    if regrade.state not in OPEN:
        raise Unusable("This regrade is closed. Begin another one.")
    failed = update(Rejudgement).where(
        Rejudgement.regrade_id == regrade.id, Rejudgement.state == Rejudged.GIVEN_UP
    )
    again = failed.values(state=Rejudged.WAITING, faults=0, why="", lease_until=None, nonce="")
    count = len(session.scalars(again.returning(Rejudgement.id)).all())
    if count:
        regrade.state = RegradeState.JUDGING
    return count


def close(session: Session, regrade: Regrade, state: RegradeState, expected: Iterable[RegradeState]) -> None:
    """Of two who press at the same moment, one is told. Raises Unusable."""
    here = update(Regrade).where(Regrade.id == regrade.id, Regrade.state.in_(expected))
    if session.scalar(here.values(state=state, closed_at=now()).returning(Regrade.id)) is None:
        raise Unusable("That cannot be done (any more): reload the page to see how it stands.")
    session.refresh(regrade)


# ---- looked at


def preview(session: Session, regrade: Regrade) -> Preview:
    """What applying it does: old verdict → new, and whose."""
    judged = changes(session, regrade)
    moves = [one for one in judged if one.differs]
    total = progress(session, regrade)
    gone = of(regrade, Rejudgement.state == Rejudged.GIVEN_UP).limit(SHOWN)
    return Preview(
        moves=dict(Counter((one.old_verdict, one.verdict) for one in moves if one.verdict)),
        reworded=len(judged) - len(moves),
        same=total.judged - len(judged),
        learners=len({one.attempt.user_id for one in moves}),
        passes=sum(takes_pass(one) for one in moves),
        ruled=sum(one.attempt.ruling is not None for one in moves),
        lines=sorted(judged, key=lambda one: not one.differs)[:SHOWN],
        given_up=session.scalars(gone).all(),
        applied=sum(one.applied_at is not None for one in judged),
    )


def changes(session: Session, regrade: Regrade) -> list[Rejudgement]:
    """Those of which anything would be, or is, another; with attempts and learners."""
    return [one for one in _judged(session, regrade) if one.says_otherwise]


def _judged(session: Session, regrade: Regrade) -> Sequence[Rejudgement]:
    return session.scalars(of(regrade, Rejudgement.state == Rejudged.JUDGED)).all()


def of(regrade: Regrade, which: ColumnElement[bool]) -> Select[Rejudgement]:
    """Its rows, with attempts and learners."""
    mine = select(Rejudgement).where(Rejudgement.regrade_id == regrade.id, which)
    whole = joinedload(Rejudgement.attempt).joinedload(Attempt.user)
    return mine.options(whole).order_by(Rejudgement.id)


def takes_pass(one: Rejudgement) -> bool:
    """Whether applying it would take a pass away."""
    return one.old_verdict is Verdict.PASSED and one.differs
