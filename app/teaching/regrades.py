"""Regrades: an exercise's checks have changed, and its attempts are judged again; an admin sees what would
change before it counts.

A pass is never taken away, unless the admin says so, and a mentor's ruling stays above every verdict. What
workers do is in `rejudgements`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.orm import Session, joinedload

from app import lessons
from app.db import now, uuid7
from app.guard import NotFound, Unusable, admin_only
from app.learning import standings
from app.models import Attempt, Cohort, Regrade, RegradeState, Rejudged, Rejudgement, User, Verdict
from app.people import cohorts, deeds
from app.people.deeds import Kind
from app.post import notices
from app.teaching import editions

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
    """An exercise that is another now than when some of its attempts were judged."""

    exercise: str
    title: str
    attempts: int


@dataclass(frozen=True)
class Preview:
    """What applying would do, or has done."""

    moves: dict[tuple[Verdict, Verdict], int]  # (old, new) → attempts, where the two differ
    reworded: int  # the verdict stays, what is said of it does not
    same: int
    learners: int  # whose verdict on some attempt changes
    passes: int  # of the moves, those that would take a pass away
    ruled: int  # of the moves, those under a mentor's ruling, which goes on to count
    lines: Sequence[Rejudgement]  # those that differ, moves first, with attempts and learners
    given_up: Sequence[Rejudgement]

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
    """Exercises with attempts that were judged by another version than the newest, and not by one that a
    class has pinned. Raises NotAllowed.
    """
    admin_only(admin)
    pinned = select(Cohort.edition).where(Cohort.edition != "")
    judged = select(Attempt.exercise, Attempt.exercise_version, func.count())
    judged = judged.where(Attempt.verdict.is_not(None), Attempt.edition.not_in(pinned))
    known, counts = lessons.newest().exercises, Counter[str]()
    for exercise, version, count in session.execute(
        judged.group_by(Attempt.exercise, Attempt.exercise_version)
    ):
        if exercise in known and version != known[exercise].version:
            counts[exercise] += count
    return [Outdated(name, known[name].title, counts[name]) for name in known if name in counts]


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
    judged = select(Attempt).where(Attempt.exercise == scope.exercise, Attempt.verdict.is_not(None))
    if cohort is not None:
        judged = judged.where(Attempt.user_id.in_(cohorts.learners(cohort)))
    if scope.latest:
        newest = select(func.max(Attempt.number)).where(
            Attempt.exercise == scope.exercise, Attempt.verdict.is_not(None)
        )
        of_each = newest.add_columns(Attempt.user_id).group_by(Attempt.user_id).subquery()
        number, user = of_each.c
        judged = judged.join(of_each, (user == Attempt.user_id) & (number == Attempt.number))
    return judged.order_by(Attempt.created_at)


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
    _close(session, regrade, RegradeState.DISCARDED, OPEN)
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


def _close(session: Session, regrade: Regrade, state: RegradeState, expected: Iterable[RegradeState]) -> None:
    """Of two who press at the same moment, one is told. Raises Unusable."""
    here = update(Regrade).where(Regrade.id == regrade.id, Regrade.state.in_(expected))
    if session.scalar(here.values(state=state, closed_at=now()).returning(Regrade.id)) is None:
        raise Unusable("That cannot be done (any more): reload the page to see how it stands.")
    session.refresh(regrade)


# ---- looked at


def preview(session: Session, regrade: Regrade) -> Preview:
    """What applying it does: old verdict → new, and whose."""
    judged = [one for one in _judged(session, regrade) if one.says_otherwise]
    moves = [one for one in judged if one.differs]
    total = progress(session, regrade)
    gone = _of(regrade, Rejudgement.state == Rejudged.GIVEN_UP).limit(SHOWN)
    return Preview(
        moves=dict(Counter((one.old_verdict, one.verdict) for one in moves if one.verdict)),
        reworded=len(judged) - len(moves),
        same=total.judged - len(judged),
        learners=len({one.attempt.user_id for one in moves}),
        passes=sum(_takes_pass(one) for one in moves),
        ruled=sum(one.attempt.ruling is not None for one in moves),
        lines=sorted(judged, key=lambda one: not one.differs)[:SHOWN],
        given_up=session.scalars(gone).all(),
    )


def _judged(session: Session, regrade: Regrade) -> Sequence[Rejudgement]:
    return session.scalars(_of(regrade, Rejudgement.state == Rejudged.JUDGED)).all()


def _of(regrade: Regrade, which: ColumnElement[bool]) -> Select[Rejudgement]:
    mine = select(Rejudgement).where(Rejudgement.regrade_id == regrade.id, which)
    whole = joinedload(Rejudgement.attempt).joinedload(Attempt.user)
    return mine.options(whole).order_by(Rejudgement.id)


def _takes_pass(one: Rejudgement) -> bool:
    return one.old_verdict is Verdict.PASSED and one.differs


# ---- applied


@dataclass(frozen=True)
class Applied:
    """What became of it."""

    changed: int
    passes_kept: int
    meanwhile: int  # attempts that were judged once more in between, and stay as they are


def apply(session: Session, admin: User, regrade: Regrade, takes_passes: bool = False) -> Applied:
    """Let the new verdicts count; passes are only taken away with `takes_passes`. Who has another verdict
    now is told. Raises NotAllowed, Unusable.
    """
    admin_only(admin)
    _close(session, regrade, RegradeState.APPLIED, (RegradeState.READY,))
    regrade.takes_passes = takes_passes
    different = [one for one in _judged(session, regrade) if one.says_otherwise]
    kept = [] if takes_passes else [one for one in different if _takes_pass(one)]
    wanted = [one for one in different if one not in kept]
    changed = [one for one in wanted if _unchanged_since(one)]
    for one in changed:
        _change(one)
    _refresh(session, changed)
    _tell(session, regrade, [one for one in changed if one.differs and one.attempt.ruling is None])
    found = Applied(len(changed), len(kept), len(wanted) - len(changed))
    counts = {"changed": found.changed, "passes_kept": found.passes_kept, "took_passes": takes_passes}
    deeds.note(session, admin, Kind.REGRADE_APPLIED, exercise=regrade.exercise, counts=counts)
    return found


def _unchanged_since(one: Rejudgement) -> bool:
    now_is, attempt = (one.old_verdict, one.old_message, one.old_version), one.attempt
    return now_is == (attempt.verdict, attempt.message, attempt.exercise_version)


def _change(one: Rejudgement) -> None:
    """The day on which it was judged first stays: what is passed now was handed in then."""
    attempt = one.attempt
    attempt.verdict, attempt.message, attempt.details = one.verdict, one.message, one.details
    attempt.edition, attempt.exercise_version = one.edition, one.version or attempt.exercise_version
    one.applied_at = now()


def _refresh(session: Session, changed: Sequence[Rejudgement]) -> None:
    session.flush()
    for user, exercise in {(one.attempt.user_id, one.attempt.exercise) for one in changed}:
        standings.refresh(session, user, exercise)


def _tell(session: Session, regrade: Regrade, changed: Sequence[Rejudgement]) -> None:
    """Each learner once, of their newest attempt that has another verdict now."""
    newest = {one.attempt.user_id: one for one in sorted(changed, key=lambda one: one.attempt.number)}
    for user, one in newest.items():
        attempt, title = one.attempt, regrade.title.replace("*", "")
        now_it = "passes now" if one.verdict is Verdict.PASSED else "does not pass by them"
        sentence = f"“{title}” has other checks: your attempt {attempt.number} was judged again and {now_it}."
        notices.tell(session, user, "regrade", sentence, f"/attempts/{attempt.id}")


def history(session: Session, attempt: Attempt) -> Sequence[Rejudgement]:
    """When this attempt got another verdict, and what it was before: the newest first."""
    mine = select(Rejudgement).where(
        Rejudgement.attempt_id == attempt.id, Rejudgement.applied_at.is_not(None)
    )
    return session.scalars(mine.order_by(Rejudgement.applied_at.desc())).all()
