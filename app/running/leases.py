"""How a worker holds a run: claim, beat, record, or give back; and the sweeper, for workers that can do
neither.

::

    queued ── claim ──▶ running ── record ──▶ done | cancelled
       ▲                   │
       └── give back ──────┤  (the lease ran out, the runner is gone, the worker is stopped)
                           └──▶ failed, after MAX_FAULTS of ours: it costs the learner nothing

Each claim has a nonce of its own, and whoever comes with an old one changes nothing: late results are
dropped.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Update, and_, or_, select, update
from sqlalchemy.orm import Session

from app import jobs
from app.config import settings
from app.db import now, uuid7
from app.jobs import CPU
from app.models import Ending, Output, Run, State
from app.running import events, line, runs, watch
from app.running.line import Waiting
from app.running.room import Room
from app.running.runs import HINT_SECONDS

MAX_FAULTS = 5  # those that die together share one death, and only one of them can be to blame
PATIENCE = 60  # seconds after which a waiting run gets another message even if the queue is not empty
OUR_FAULT = (
    "Something of ours failed here, several times, and it is not your code's fault. It counts for nothing; "
    "your text is safe. Please try again in a moment."
)
_SWEPT = 100  # runs at a time
_PLACES_TOLD = 50  # how many of those who wait hear that they have moved up


@dataclass
class Shown:
    """One thing that a run showed; the id is given before the row exists, so that the page can name it at
    once.
    """

    kind: str
    data: dict[str, Any]
    id: UUID = field(default_factory=uuid7)


@dataclass
class Result:
    """What became of a run."""

    ending: Ending | None = Ending.OK
    message: str = ""  # one sentence for the learner, where there is something to say
    cell_seconds: dict[str, float] = field(default_factory=dict)
    outputs: list[Shown] = field(default_factory=list)
    cancelled: bool = False

    @property
    def seconds(self) -> float:
        return sum(self.cell_seconds.values())


def claim_next(
    session: Session, room: Room | None = None, queue: str = CPU, queues: Iterable[str] = ()
) -> Run | None:
    """Take the run of this queue whose turn it is, of those that fit into the room. None if there is none.

    One that stands first and does not fit yet lets smaller ones go before, for a while. Then this machine
    takes nothing until there is room: it works for all `queues`, and those who wait long in one of them
    count in each.
    """
    while (waiting := _next(session, room, queue, queues)) is not None:
        if (run := claim(session, waiting.id)) is not None:
            return run
    return None


def _next(session: Session, room: Room | None, queue: str, queues: Iterable[str]) -> Waiting | None:
    if room is None:
        return line.first(session, queue)
    heads = {name: line.first(session, name, room.total_mb) for name in {queue, *queues}}
    if any([room.keeps_others_out(first) for first in heads.values()]):  # all are to be noted
        return None
    head, free = heads[queue], room.free_mb
    return head if head is None or head.memory_mb <= free else line.first(session, queue, free)


def claim(session: Session, run_id: UUID) -> Run | None:
    """Take a waiting run: it is ours until the lease ends. None if it is not waiting (any more)."""
    moment = now()
    values = {
        "state": State.RUNNING,
        "nonce": secrets.token_hex(16),
        "lease_until": _lease_end(),
        "heartbeat_at": moment,
        "started_at": moment,
        "tries": Run.tries + 1,
    }
    waiting = update(Run).where(Run.id == run_id, Run.state == State.QUEUED)
    run = session.scalars(waiting.values(values).returning(Run)).one_or_none()
    if run is not None:
        watch.taken(session, run)
    return run


def beat(session: Session, run_id: UUID, nonce: str) -> bool | None:
    """Renew the lease. Returns whether the learner wants it stopped; None if the run is no longer ours."""
    values = {"heartbeat_at": now(), "lease_until": _lease_end()}
    return session.scalars(_held(run_id, nonce).values(values).returning(Run.cancel_requested)).one_or_none()


def record(session: Session, run_id: UUID, nonce: str, result: Result) -> Run | None:
    """Write down what became of the run, all at once. None, and nothing written, if it is not ours."""
    values = {
        "state": State.CANCELLED if result.cancelled else State.DONE,
        "ending": None if result.cancelled else result.ending,
        "message": result.message,
        "seconds": result.seconds,
        "cell_seconds": result.cell_seconds,
    }
    run = session.scalars(_held(run_id, nonce).values(values | _over()).returning(Run)).one_or_none()
    if run is not None:
        session.add_all(
            Output(id=shown.id, run_id=run_id, seq=seq, kind=shown.kind, data=shown.data)
            for seq, shown in enumerate(result.outputs)
        )
        session.flush()
        watch.ended(session, run)
    return run


def give_back(
    session: Session, run_id: UUID, nonce: str, *, fault: bool = False, pause: bool = False
) -> Run | None:
    """Back to the queue, without a message: to be taken at once, or after a `pause`.

    If that was one `fault` of ours too many it has failed instead, and if its learner wants it no longer it
    is cancelled. None if the run is no longer ours.
    """
    runs.hold(session, run_id)
    held = _held(run_id, nonce)
    unwanted = _end_unwanted(session, held)
    if unwanted:
        return unwanted[0]
    return _fault(session, held, pause=True) if fault else _requeue(session, held, pause=pause)


def resend(run: Run) -> None:
    """Another message for a run that waits."""
    jobs.send(jobs.RUN, run.queue, run_id=run.id)


def sweep(session: Session, *, empty: Collection[str]) -> int:
    """Take back what has no living worker, and send messages that seem lost.

    Returns how many runs were touched.

    `empty`: queues in which no message waits, so whoever has waited there longer than a moment has none.
    """
    orphans = _free(session, State.RUNNING, Run.lease_until < now())
    cancelled = _end_unwanted(session, _orphaned().where(Run.id.in_(orphans)))
    faulty = [_fault(session, _orphaned().where(Run.id == run_id), pause=False) for run_id in orphans]
    touched = [*filter(None, faulty), *_without_message(session, empty)]
    for run in touched:
        if run.state is State.QUEUED:
            jobs.enqueue(session, jobs.RUN, run.queue, run_id=run.id)
    return len(cancelled) + len(touched)


def tell_places(session: Session) -> None:
    """Let the first of those who wait know their place, once this transaction has committed."""
    for run, position in line.places(session, _PLACES_TOLD):
        events.tell(session, run, events.queued(run, position))


def _lease_end() -> datetime:
    return now() + timedelta(seconds=settings().lease_seconds)


def _held(run_id: UUID, nonce: str) -> Update:
    return update(Run).where(Run.id == run_id, Run.nonce == nonce, Run.state == State.RUNNING)


def _orphaned() -> Update:
    return update(Run).where(Run.state == State.RUNNING, Run.lease_until < now())


def _over() -> dict[str, Any]:
    moment = now()
    return {"finished_at": moment, "recorded_at": moment, "lease_until": None, "nonce": ""}


def _fault(session: Session, which: Update, *, pause: bool) -> Run | None:
    """One more fault of ours: failed if that was the last we allow ourselves, else back to the queue."""
    last = which.where(Run.faults >= MAX_FAULTS - 1)
    failed = {"state": State.FAILED, "message": OUR_FAULT, "faults": Run.faults + 1}
    over = _all(session, last.values(failed | _over()))
    _tell_finished(session, over)
    return over[0] if over else _requeue(session, which, faults=1, pause=pause)


def _end_unwanted(session: Session, which: Update) -> Sequence[Run]:
    """Those whose learner has cancelled them."""
    unwanted = which.where(Run.cancel_requested).values({"state": State.CANCELLED} | _over())
    cancelled = _all(session, unwanted)
    _tell_finished(session, cancelled)
    return cancelled


def _requeue(session: Session, which: Update, *, faults: int = 0, pause: bool) -> Run | None:
    hint_due = now() + timedelta(seconds=HINT_SECONDS)
    values = {"state": State.QUEUED, "nonce": "", "lease_until": hint_due, "faults": Run.faults + faults}
    values["ready_at"] = hint_due if pause else None
    waiting = _all(session, which.values(values))
    for run in waiting:
        watch.given_back(session, run, fault=faults > 0)
        events.tell(session, run, events.queued(run, line.place(session, run)))
    return waiting[0] if waiting else None


def _without_message(session: Session, empty: Collection[str]) -> Sequence[Run]:
    """Those who have waited for longer than a message takes; each is due again after another such while."""
    moment = now()
    lately, long_ago = (Run.lease_until < moment - timedelta(seconds=late) for late in (0, PATIENCE))
    due = or_(long_ago, and_(lately, Run.queue.in_(empty)))
    silent = update(Run).where(Run.id.in_(_free(session, State.QUEUED, due)), Run.state == State.QUEUED, due)
    return _all(session, silent.values(lease_until=moment + timedelta(seconds=HINT_SECONDS)))


def _free(session: Session, state: State, due: ColumnElement[bool]) -> list[UUID]:
    """Those in this state which are due, and which nobody else is changing just now.

    We hold several rows: whoever does so and waits for others may wait for ever. SQLite has one writer, and
    no such lock: there the change has to ask again.
    """
    which = select(Run.id).where(Run.state == state, due).limit(_SWEPT)
    return list(session.scalars(which.with_for_update(skip_locked=True)))


def _all(session: Session, change: Update) -> Sequence[Run]:
    fresh = {"populate_existing": True}
    return session.scalars(change.returning(Run), execution_options=fresh).all()


def _tell_finished(session: Session, over: Iterable[Run]) -> None:
    for run in over:
        watch.ended(session, run)
        events.tell(session, run, events.finished(run))
