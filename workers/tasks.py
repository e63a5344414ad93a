"""The jobs: run a cell, grade an attempt.

Claim, do, record; whatever fails on our side goes back to the queue.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import OperationalError

from app import attempts, events, leases
from app.attempts import Verdict
from app.config import settings
from app.db import now, transaction
from app.jobs import RUN, celery
from app.leases import Result
from app.lessons import course
from app.models import Ending, Run, RunKind, State
from app.models import Verdict as Word
from workers.claims import quoted
from workers.examiner import client as examiner
from workers.heartbeat import Heartbeat, Stop
from workers.recorder import Recorder
from workers.replay import replay
from workers.runner.client import ChildEnded, RunnerClient, RunnerGone, wish
from workers.runner.limits import Limits

log = logging.getLogger(__name__)

SHUTDOWN = threading.Event()  # set when this worker is told to end: its runs go back to the queue
START_SECONDS = 10.0  # how long a run waits for a runner or an examiner that is starting again
LONGEST_ABSENCE = timedelta(minutes=10)  # of runner or examiner; a run that has waited longer has our fault
OUTPUTS = 50  # things shown in one run
_RECORD_TRIES = 3
_NOBODY_LISTENS = (ConnectionRefusedError, FileNotFoundError)

Work = Callable[[Run, Recorder, Heartbeat], tuple[Result, Verdict | None]]


class Stopped(Exception):
    """The run has to end before it is over; the heartbeat knows why."""


class Away(Exception):
    """The runner or the examiner is being started again: no fault of this run, which has not begun."""


@celery.task(name=RUN)
def run(**_: Any) -> None:
    """Take the run whose turn it is, do it, record it. Nothing is raised: the row says what happened.

    The message names the run that was queued with it, which mostly is the one; but who comes again and again
    must not keep others waiting.
    """
    with transaction() as session:
        held = leases.claim_next(session)
        if held is not None:
            leases.tell_places(session)
    if held is not None:  # else cancelled, or somebody else has it: a message may come twice
        _do(held, _grade if held.kind is RunKind.GRADE else _run)


def _do(held: Run, work: Work) -> None:
    recorder = Recorder(held)
    with Heartbeat(held.id, held.nonce, SHUTDOWN) as heartbeat:
        try:
            _record(held, *work(held, recorder, heartbeat))
        except Stopped:
            _end_early(held, recorder, heartbeat.stop)
        except Away as away:
            log.warning("run %s waits on: %s", held.id, away)
            _give_back(held, fault=now() - held.queued_at > LONGEST_ABSENCE, pause=True)
        except Exception:
            log.exception("run %s goes back to the queue", held.id)
            _give_back(held, fault=True)


def _end_early(held: Run, recorder: Recorder, reason: Stop | None) -> None:
    if reason is Stop.CANCELLED:
        recorder.flush()
        _record(held, Result(message="Cancelled.", outputs=recorder.outputs, cancelled=True), None)
    elif reason is Stop.SHUTDOWN:
        _give_back(held)


# ---- the work


def _run(held: Run, recorder: Recorder, heartbeat: Heartbeat) -> tuple[Result, None]:
    with _child(held, heartbeat, settings().run_seconds, _wish(held)) as child:
        recorder.started()
        return replay(child, held.chain, recorder, lambda cell: f"The cell “{cell}” above"), None


def _wish(held: Run) -> dict[str, Any] | None:
    """To begin after the cells above, if the runner has kept that state of this learner's lesson."""
    if not settings().snapshots:
        return None
    return wish(f"{held.user_id}/{held.lesson}", [(link["cell"], link["text"]) for link in held.chain])


def _grade(held: Run, recorder: Recorder, heartbeat: Heartbeat) -> tuple[Result, Verdict | None]:
    answer, exercises = held.chain[-1]["text"], course().exercises
    if exercises[held.cell].is_form:
        recorder.started()
        return Result(), _judge(held.cell, json.loads(answer), None)
    with _child(held, heartbeat, settings().grade_seconds) as child:
        recorder.started()
        result = replay(
            child, held.chain, recorder, lambda used: f"“{exercises[used].title}”, which this builds on,"
        )
        if result.ending is not Ending.OK:
            return result, _not_judged(held, result)
        child.hide()
        return result, _judge(held.cell, answer, child)


def _judge(exercise: str, answer: Any, child: RunnerClient | None) -> Verdict:
    """The examiner's verdict; one that has just died is started again by those who watch over it."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            found = examiner.grade(settings().examiner_socket, exercise, answer, child)
            return Verdict(Word(found["verdict"]), found["message"], found.get("details") or {})
        except examiner.ExaminerGone as gone:
            if not isinstance(gone.__cause__, _NOBODY_LISTENS):
                raise  # it went away in the middle: the answer has seen inputs, so it takes a fresh child
            if time.monotonic() > deadline:
                raise Away(str(gone)) from gone
            time.sleep(0.25)


def _not_judged(held: Run, result: Result) -> Verdict:
    """The verdict on an answer that did not run to its end."""
    error = next((shown.data for shown in result.outputs if shown.kind == "error"), None)
    if result.message:
        return Verdict(Word.ERROR, result.message)
    assert error is not None
    line = f" in line {error['line']}" if error["line"] and error["cell"] == held.cell else ""
    sentence = f"Your code stopped{line} with {quoted(error['type'] + ': ' + error['message'])}"
    return Verdict(Word.ERROR, sentence, {"line": error["line"], "cell": error["cell"]})


@contextmanager
def _child(
    held: Run, heartbeat: Heartbeat, seconds: int, snapshots: dict[str, Any] | None = None
) -> Iterator[RunnerClient]:
    """A fresh child that the heartbeat can stop.

    Raises RunnerGone, and Stopped where there is a reason to stop.
    """
    memory = settings().memory_mb << 20
    limits = Limits(wall=seconds, cpu=seconds, memory=memory, outputs=OUTPUTS)
    try:
        with _connected(limits, held.seed, heartbeat, snapshots) as child:
            yield child
    except (ChildEnded, RunnerGone) as end:
        if heartbeat.stop:
            raise Stopped from end
        raise


@contextmanager
def _connected(
    limits: Limits, seed: int, heartbeat: Heartbeat, snapshots: dict[str, Any] | None
) -> Iterator[RunnerClient]:
    """A child as soon as there is one: a runner that has just died is started again by those who watch over
    it.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        child = RunnerClient(settings().runner_socket, limits, seed, snapshots)
        heartbeat.watch(child)
        try:
            child.__enter__()
            break
        except RunnerGone as gone:
            if heartbeat.stop:
                raise
            if time.monotonic() > deadline:
                raise Away(str(gone)) from gone
            time.sleep(0.25)
    try:
        yield child
    finally:
        child.close()


# ---- what becomes of it


def _record(held: Run, result: Result, verdict: Verdict | None) -> None:
    """Write it down, then tell the page. A database that is busy for a moment is asked again."""
    for attempt in range(1, _RECORD_TRIES + 1):
        try:
            return _record_once(held, result, verdict)
        except OperationalError:
            if attempt == _RECORD_TRIES:
                raise
            time.sleep(attempt)


def _record_once(held: Run, result: Result, verdict: Verdict | None) -> None:
    with transaction() as session:
        recorded = leases.record(session, held.id, held.nonce, result)
        if recorded is None:
            log.info("a late result of run %s is dropped", held.id)
            return
        if verdict is not None:
            attempt = attempts.record_verdict(session, recorded, verdict)
            events.tell(session, recorded, events.verdict(recorded, attempt))
        events.tell(session, recorded, events.finished(recorded))


def _give_back(held: Run, *, fault: bool = False, pause: bool = False) -> None:
    """To the queue. After a fault or a pause the next try comes with the sweeper, a few seconds later."""
    with transaction() as session:
        back = leases.give_back(session, held.id, held.nonce, fault=fault, pause=pause)
    if back is not None and back.state is State.QUEUED and not (fault or pause):
        leases.resend(back)
