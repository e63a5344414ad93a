"""The jobs: run a cell, grade an attempt.

Claim, do, record; whatever fails on our side goes back to the queue.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, TypeVar

from celery import Task
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from app import jobs, logs
from app.config import settings
from app.db import now, transaction
from app.jobs import CPU, GPU, RUN, celery
from app.learning import attempts
from app.learning.attempts import Verdict
from app.lessons import Course, edition
from app.models import Ending, Run, RunKind, State
from app.models import Verdict as Word
from app.running import events, leases, line
from app.running.leases import Result
from app.running.room import Room
from app.teaching import editions
from workers.claims import quoted
from workers.examiner.client import ExaminerGone, Grading
from workers.heartbeat import Heartbeat, Stop
from workers.outputs import checked
from workers.recorder import Recorder
from workers.replay import replay
from workers.runner.client import RunnerClient, RunnerGone, wish
from workers.runner.limits import Limits

log = logging.getLogger(__name__)

SHUTDOWN = threading.Event()  # set when this worker is told to end: its runs go back to the queue
ROOM = Room()  # this machine's memory
START_SECONDS = 10.0  # how long a run waits for a runner or an examiner that is starting again
LONGEST_ABSENCE = timedelta(minutes=10)  # of runner or examiner; a run that has waited longer has our fault
OUTPUTS = 50  # things shown in one run
_RECORD_TRIES = 3

T = TypeVar("T")


@dataclass
class Job:
    """A claimed run, and what it is done with."""

    run: Run
    recorder: Recorder
    heartbeat: Heartbeat
    opened: ExitStack  # closed when all is recorded: to end processes takes time, and nobody waits for it


Work = Callable[[Job], tuple[Result, Verdict | None]]


class Away(Exception):
    """The runner or the examiner is being started again: no fault of this run, which has not begun."""


@celery.task(name=RUN, bind=True)
def run(self: Task, **_: Any) -> None:
    """Take the run whose turn it is, do it, record it. Nothing is raised: the row says what happened.

    The message names the run that was queued with it, which mostly is the one; but who comes again and again
    must not keep others waiting.
    """
    held = _take((self.request.delivery_info or {}).get("routing_key") or CPU)
    if held is None:  # cancelled, or somebody else has it: a message may come twice; or there is no room
        return
    try:
        _tell_places()
        with logs.about(run=held.id, user=held.user_id):
            _do(held, grade if held.kind is RunKind.GRADE else _run)
    finally:
        for queue in ROOM.give_back(held.id):
            jobs.send(RUN, queue)


def _take(queue: str) -> Run | None:
    """Claim what comes next and fits into this machine's memory. Where something waits and does not, its
    message is owed, until there is room.
    """
    with ROOM.choosing():
        with transaction() as session:
            held = leases.claim_next(session, ROOM, queue, settings().queues)
            waiting = 0 if held else line.count(session, queue, ROOM.total_mb)
        if held is not None:
            ROOM.take(held.id, held.memory_mb)
        ROOM.owe(queue, waiting)
    return held


def _tell_places() -> None:
    """Those who wait have moved up. If they do not hear of it, nothing else is to suffer."""
    try:
        with transaction() as session:
            leases.tell_places(session)
    except SQLAlchemyError as error:
        log.warning("nobody is told that they have moved up: %s", error)


def _do(held: Run, work: Work) -> None:
    with Heartbeat(held.id, held.nonce, SHUTDOWN) as heartbeat, ExitStack() as opened:
        job = Job(held, Recorder(held), heartbeat, opened)
        try:
            _record(held, *work(job))
        except Away as away:
            log.warning("the run waits on: %s", away)
            _give_back(held, fault=now() - held.queued_at > LONGEST_ABSENCE, pause=True)
        except Exception:
            if heartbeat.stop:  # we have ended it ourselves
                return _end_early(job, heartbeat.stop)
            log.exception("the run goes back to the queue")
            _give_back(held, fault=True)


def _end_early(job: Job, reason: Stop) -> None:
    if reason is Stop.CANCELLED:
        job.recorder.finish()
        cancelled = Result(message="Cancelled.", outputs=job.recorder.outputs, cancelled=True)
        _record(job.run, cancelled, None)
    elif reason is Stop.SHUTDOWN:
        _give_back(job.run)


# ---- the work


def _run(job: Job) -> tuple[Result, None]:
    child = _child(job, settings().run_seconds, _wish(job.run))
    chain, recorder = job.run.chain, job.recorder
    return replay(child, chain, recorder, lambda cell: f"The cell “{cell}” above", notes=True), None


def _wish(held: Run) -> dict[str, Any] | None:
    """To begin after the cells above, if the runner has kept that state of this learner's lesson."""
    if not settings().snapshots or held.queue == GPU:
        return None
    return wish(f"{held.user_id}/{held.lesson}", [(link["cell"], link["text"]) for link in held.chain])


def grade(job: Job) -> tuple[Result, Verdict | None]:
    """The examiner hears of the answer first: while its code runs, the first question is prepared."""
    run, known = job.run, _course(job.run)
    exercises = known.exercises
    answer = run.chain[-1]["text"]
    if exercises[run.cell].is_form:
        grading = _announced(job, json.loads(answer))
        job.recorder.started()
        return Result(), _verdict(grading, None)
    grading = _announced(job, answer)
    child = _child(job, settings().grade_seconds)
    result = replay(
        child, run.chain, job.recorder, lambda used: f"“{exercises[used].title}”, which this builds on,"
    )
    if result.ending is not Ending.OK:
        judged_by = known.edition, exercises[run.cell].version
        return result, replace(_not_judged(run, result), edition=judged_by[0], version=judged_by[1])
    child.hide()
    return result, _verdict(grading, child)


def _course(held: Run) -> Course:
    """By which it is judged: the edition pinned when it was handed in, or the newest. Raises CourseError."""
    if held.edition:
        with transaction() as session:
            editions.put(session, held.edition)
    return edition(held.edition)


def _announced(job: Job, answer: Any) -> Grading:
    path = settings().examiner_socket
    return _as_soon_as_there(
        job, lambda: Grading(path, job.run.cell, answer, run=str(job.run.id), edition=job.run.edition)
    )


def _verdict(grading: Grading, child: RunnerClient | None) -> Verdict:
    found = grading.verdict(child)
    details = found.get("details") or {}
    if "beside" in details:  # of two figures one is the learner's
        drawn = checked({"kind": "beside", **details["beside"]})
        details = {**details, "beside": drawn if drawn.pop("kind") == "beside" else None}
    judged_by = found.get("edition", ""), found.get("version", "")
    return Verdict(Word(found["verdict"]), found["message"], details, *judged_by)


def _not_judged(held: Run, result: Result) -> Verdict:
    """The verdict on an answer that did not run to its end."""
    error = next((shown.data for shown in result.outputs if shown.kind == "error"), None)
    if result.message:
        return Verdict(Word.ERROR, result.message)
    assert error is not None
    line = f" in line {error['line']}" if error["line"] and error["cell"] == held.cell else ""
    sentence = f"Your code stopped{line} with {quoted(error['type'] + ': ' + error['message'])}"
    return Verdict(Word.ERROR, sentence, {"line": error["line"], "cell": error["cell"]})


def _child(job: Job, seconds: int, snapshots: dict[str, Any] | None = None) -> RunnerClient:
    """A fresh child that the heartbeat can stop. While it is prepared, the page hears that it begins."""
    memory = (job.run.memory_mb or settings().memory_mb) << 20  # those from before this was known have none
    limits = Limits(wall=seconds, cpu=seconds, memory=memory, outputs=OUTPUTS)
    device = settings().device if job.run.queue == GPU else "cpu"

    def ordered() -> RunnerClient:
        run, path = str(job.run.id), settings().runner_socket
        child = RunnerClient(path, limits, job.run.seed, snapshots, device, run)
        job.heartbeat.watch(child)
        child.order()
        job.recorder.started()
        return child

    return _as_soon_as_there(job, ordered)


def _as_soon_as_there(job: Job, make: Callable[[], AbstractContextManager[T]]) -> T:
    """A runner or an examiner that has just died is started again by those who watch over it.

    Raises Away if it is not.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return job.opened.enter_context(make())
        except (RunnerGone, ExaminerGone) as gone:
            if job.heartbeat.stop:
                raise
            if time.monotonic() > deadline:
                raise Away(str(gone)) from gone
            time.sleep(0.25)


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
            log.info("a late result is dropped")
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
