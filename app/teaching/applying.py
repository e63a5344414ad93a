"""A regrade comes to count, and is taken back: what becomes of attempts, and who is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import admin_only
from app.learning import standings
from app.models import Attempt, Regrade, RegradeState, Rejudgement, User, Verdict
from app.people import deeds
from app.people.deeds import Kind
from app.post import notices
from app.teaching import regrades


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
    regrades.close(session, regrade, RegradeState.APPLIED, (RegradeState.READY,))
    regrade.takes_passes = takes_passes
    different = regrades.changes(session, regrade)
    kept = [] if takes_passes else [one for one in different if regrades.takes_pass(one)]
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
    attempt.graded_at = attempt.graded_at or now()  # where it had never been judged
    one.applied_at = now()


def _refresh(session: Session, changed: Sequence[Rejudgement]) -> None:
    session.flush()
    for user, exercise in {(one.attempt.user_id, one.attempt.exercise) for one in changed}:
        standings.refresh(session, user, exercise)


def _tell(session: Session, regrade: Regrade, changed: Sequence[Rejudgement]) -> None:
    """Each learner once, of their newest attempt that has another verdict now."""
    for one in _newest_of_each(changed):
        attempt, title = one.attempt, regrade.title.replace("*", "")
        now_it = "passes now" if one.verdict is Verdict.PASSED else "does not pass by them"
        sentence = f"“{title}” has other checks: your attempt {attempt.number} was judged again and {now_it}."
        if one.old_verdict is None:
            word = "passes" if one.verdict is Verdict.PASSED else "does not pass"
            sentence = f"“{title}”: your attempt {attempt.number}, which we had failed to judge, {word}."
        notices.tell(session, attempt.user_id, "regrade", sentence, f"/attempts/{attempt.id}")


def _newest_of_each(some: Iterable[Rejudgement]) -> Iterable[Rejudgement]:
    """Of each learner the one with the highest number."""
    by_number = sorted(some, key=lambda one: one.attempt.number)
    return {one.attempt.user_id: one for one in by_number}.values()


# ---- taken back


@dataclass(frozen=True)
class Undone:
    """What became of it."""

    restored: int
    meanwhile: int  # attempts with yet another verdict since, which stay as they are


def undo(session: Session, admin: User, regrade: Regrade) -> Undone:
    """Give the attempts back the verdicts that they had before it was applied; whose verdict changes is told.

    Raises NotAllowed, Unusable.
    """
    admin_only(admin)
    regrades.close(session, regrade, RegradeState.UNDONE, (RegradeState.APPLIED,))
    applied = session.scalars(regrades.of(regrade, Rejudgement.applied_at.is_not(None))).all()
    restored = [one for one in applied if _as_applied(one)]
    for one in restored:
        _restore(one)
    _refresh(session, restored)
    for one in _newest_of_each(one for one in restored if one.differs and one.attempt.ruling is None):
        title, attempt = regrade.title.replace("*", ""), one.attempt
        sentence = (
            f"“{title}”: judging it again was taken back, your attempt {attempt.number} counts as before."
        )
        notices.tell(session, attempt.user_id, "regrade", sentence, f"/attempts/{attempt.id}")
    deeds.note(session, admin, Kind.REGRADE_UNDONE, exercise=regrade.exercise, attempts=len(restored))
    return Undone(len(restored), len(applied) - len(restored))


def _as_applied(one: Rejudgement) -> bool:
    attempt = one.attempt
    said = (one.verdict, one.message, one.version or one.old_version)
    return said == (attempt.verdict, attempt.message, attempt.exercise_version)


def _restore(one: Rejudgement) -> None:
    attempt = one.attempt
    attempt.verdict, attempt.message, attempt.details = one.old_verdict, one.old_message, one.old_details
    attempt.edition, attempt.exercise_version = one.old_edition, one.old_version
    if one.old_verdict is None:
        attempt.graded_at = None
    one.applied_at = None


def history(session: Session, attempt: Attempt) -> Sequence[Rejudgement]:
    """When this attempt got another verdict, and what it was before: the newest first."""
    mine = select(Rejudgement).where(
        Rejudgement.attempt_id == attempt.id, Rejudgement.applied_at.is_not(None)
    )
    return session.scalars(mine.order_by(Rejudgement.applied_at.desc())).all()
