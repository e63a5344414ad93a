"""How a worker judges attempts again: one at a time, and only while no learner waits.

The same lease as a run's (`leases`): who is silent for too long has lost it, and what comes late is dropped.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from sqlalchemy import Update, exists, select, update
from sqlalchemy.orm import Session, joinedload

from app.config import settings
from app.db import now
from app.guard import storable
from app.learning.attempts import Verdict
from app.models import Attempt, Regrade, RegradeState, Rejudged, Rejudgement
from app.running.runs import HINT_SECONDS

MAX_FAULTS = 3


def claim(session: Session) -> Rejudgement | None:
    """The next that waits, with its attempt and that one's run: ours until the lease ends. None if none does.

    Those that are complete become ready to be looked at.
    """
    judging = select(Regrade.id).where(Regrade.state == RegradeState.JUDGING)
    if session.scalar(judging.limit(1)) is None:  # mostly; to look takes no lock
        return None
    _complete(session)
    free = Rejudgement.lease_until.is_(None) | (Rejudgement.lease_until < now())
    waiting = select(Rejudgement.id).where(
        Rejudgement.state == Rejudged.WAITING, free, Rejudgement.regrade_id.in_(judging)
    )
    found = session.scalar(waiting.order_by(Rejudgement.id).limit(1).with_for_update(skip_locked=True))
    if found is None:
        return None
    nonce = secrets.token_hex(16)
    mine = update(Rejudgement).where(Rejudgement.id == found, Rejudgement.state == Rejudged.WAITING, free)
    taken = mine.values(nonce=nonce, lease_until=_lease_end()).returning(Rejudgement.id)
    if session.scalar(taken) is None:
        return None
    whole = joinedload(Rejudgement.attempt).joinedload(Attempt.run)
    one = select(Rejudgement).where(Rejudgement.id == found).options(whole)
    return session.scalars(one.execution_options(populate_existing=True)).one()


def beat(session: Session, one: Rejudgement) -> bool:
    """Whether it is still ours, and wanted."""
    wanted = exists().where(Regrade.id == Rejudgement.regrade_id, Regrade.state == RegradeState.JUDGING)
    kept = _held(one).where(wanted).values(lease_until=_lease_end())
    return session.scalar(kept.returning(Rejudgement.id)) is not None


def record(session: Session, one: Rejudgement, verdict: Verdict) -> bool:
    """Write down what was found; whether it was still ours."""
    said = {
        "verdict": verdict.verdict,
        "message": storable(verdict.message),
        "details": verdict.details,
        "version": verdict.version,
        "edition": verdict.edition or one.edition,
    }
    done = _held(one).values(state=Rejudged.JUDGED, lease_until=None, nonce="", **said)
    ours = session.scalar(done.returning(Rejudgement.id)) is not None
    _complete(session)
    return ours


def give_back(session: Session, one: Rejudgement, fault: str = "") -> None:
    """To those that wait, a moment later; after several faults of ours it is given up, and says why."""
    last = bool(fault) and one.faults + 1 >= MAX_FAULTS
    if last:
        return give_up(session, one, fault)
    later = now() + timedelta(seconds=HINT_SECONDS)
    session.execute(
        _held(one).values(nonce="", lease_until=later, faults=Rejudgement.faults + int(bool(fault)))
    )


def give_up(session: Session, one: Rejudgement, why: str) -> None:
    """It cannot be judged; the attempt stays as it is."""
    session.execute(_held(one).values(state=Rejudged.GIVEN_UP, why=storable(why), nonce="", lease_until=None))
    _complete(session)


def _held(one: Rejudgement) -> Update:
    return update(Rejudgement).where(
        Rejudgement.id == one.id, Rejudgement.nonce == one.nonce, Rejudgement.state == Rejudged.WAITING
    )


def _complete(session: Session) -> None:
    """Nothing waits any more: also where the last to wait went away with its learner."""
    waits = exists().where(Rejudgement.regrade_id == Regrade.id, Rejudgement.state == Rejudged.WAITING)
    session.execute(
        update(Regrade)
        .where(Regrade.state == RegradeState.JUDGING, ~waits)
        .values(state=RegradeState.READY)
        .execution_options(synchronize_session=False)
    )


def _lease_end() -> datetime:
    return now() + timedelta(seconds=settings().lease_seconds)
