"""What operators hear of a run: a line in the log at every stage, under its id, and a count when it is over.

All of it is said once the transaction has committed, so that nothing is told that has not happened; how a run
ended is said to its page first.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import logs
from app.db import on_commit
from app.models import Attempt, Run, State
from app.running import tally

log = logging.getLogger(__name__)

FAULT, CANCELLED = "fault", "cancelled"  # beside those that a learner's code has: how a run ended


def queued(session: Session, run: Run) -> None:
    """It waits for the first time."""
    logs.note(run=run.id)
    _say(session, run, "a run waits", kind=run.kind.value, lesson=run.lesson, cell=run.cell)


def taken(session: Session, run: Run) -> None:
    """A worker has it."""
    waited = _milliseconds(run.queued_at, run.started_at)
    _say(session, run, "a worker has the run", kind=run.kind.value, tries=run.tries, waited_ms=waited)


def given_back(session: Session, run: Run, *, fault: bool) -> None:
    """It waits again, after a fault of ours or because its worker was told to end."""
    level = logging.WARNING if fault else logging.INFO
    _say(session, run, "the run waits again", level, faults=run.faults)
    if fault:
        on_commit(session, lambda: tally.add("faults"), last=True)


def ended(session: Session, run: Run) -> None:
    """It is over, however."""
    how, kind = ending(run), run.kind.value
    level = logging.ERROR if how == FAULT else logging.INFO
    told: dict[str, Any] = {"waited_ms": _milliseconds(run.queued_at, run.started_at)}
    told["ms"] = _milliseconds(run.queued_at, run.finished_at)
    fields: dict[str, Any] = {"kind": kind, "ending": how, "faults": run.faults, **told}
    _say(session, run, "the run is recorded", level, last=True, **fields)
    durations = {f"wait_{kind}": told["waited_ms"], f"all_{kind}": told["ms"]}
    if run.seconds is not None:
        durations[f"code_{kind}"] = 1000 * run.seconds
    seconds = {name: value / 1000 for name, value in durations.items() if value is not None}
    counted = [f"runs|{kind}|{how}", *(["faults"] if how == FAULT else [])]
    on_commit(session, lambda: tally.add(*counted, **seconds), last=True)


def judged(session: Session, run: Run, attempt: Attempt) -> None:
    """The examiner's word on it is written down."""
    word = attempt.verdict.value if attempt.verdict else ""
    fields: dict[str, Any] = {"attempt": attempt.id, "exercise": attempt.exercise, "verdict": word}
    _say(session, run, "the verdict is recorded", last=True, **fields)
    on_commit(session, lambda: tally.add(f"verdicts|{word}"), last=True)


def ending(run: Run) -> str:
    """One word for how a run that is over ended: the code's, or ours."""
    if run.state is State.FAILED:
        return FAULT
    return run.ending.value if run.ending else CANCELLED


def _say(
    session: Session, run: Run, message: str, level: int = logging.INFO, *, last: bool = False, **fields: Any
) -> None:
    told = {"run": run.id, "user": run.user_id, **fields}
    on_commit(session, lambda: logs.say(log, message, level, **told), last=last)


def _milliseconds(begun: datetime, over: datetime | None) -> int | None:
    return round((over - begun).total_seconds() * 1000) if over else None
