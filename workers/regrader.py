"""Judges attempts again (`app.teaching.rejudgements`): a thread beside the worker's jobs, one at a time.

It takes no slot of the learners': it begins only while none of them waits and one of their slots is free, and
gives back what it is at as soon as somebody waits.
"""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack

from sqlalchemy.exc import SQLAlchemyError

from app import jobs, lessons, logs
from app.config import settings
from app.db import transaction
from app.jobs import CPU, RUN
from app.learning.attempts import Verdict
from app.lessons import Course, CourseError
from app.models import Rejudgement, Run, RunKind
from app.running import events, line
from app.running.chains import Chain
from app.teaching import editions, rejudgements
from workers import heartbeat, tasks
from workers.heartbeat import Heartbeat, Stop
from workers.recorder import Recorder

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
_GONE = "The edition of the course that should judge it has no such exercise."


class Regrader(threading.Thread):
    """Sees to what there is to judge again, until `end`."""

    def __init__(self) -> None:
        super().__init__(name="regrader", daemon=True)
        self._over = threading.Event()
        self._at_work = threading.Lock()

    def run(self) -> None:
        while not self._over.is_set():
            did = False
            try:
                did = self.look()
            except Exception:  # a database that is away for a moment must not end it
                log.exception("nothing was judged again; the next look comes in %s s", _LOOK_SECONDS)
            if not did:
                self._over.wait(_LOOK_SECONDS)

    def end(self) -> None:
        """Stop what is under way: it is given back."""
        self._over.set()
        heartbeat.nudge_all()
        if self._at_work.acquire(timeout=5):
            self._at_work.release()

    def look(self) -> bool:
        """Judge one, if there is one and nobody is in its way. Whether there was."""
        if heartbeat.going() >= max(1, settings().runs_at_once - 1):
            return False
        with transaction() as session:
            one = None if line.count(session, CPU, tasks.ROOM.total_mb) else rejudgements.claim(session)
        if one is None:
            return False
        with self._at_work, logs.about(run=one.id):
            return self._judge(one)

    def _judge(self, one: Rejudgement) -> bool:
        """Whether there was memory for it."""
        memory = one.attempt.run.memory_mb
        with tasks.ROOM.choosing():
            if fits := memory <= tasks.ROOM.free_mb:
                tasks.ROOM.take(one.id, memory)
        if not fits:
            with transaction() as session:
                rejudgements.give_back(session, one)
            return False
        try:
            _Judging(one, self._over).do()
            return True
        finally:
            for queue in tasks.ROOM.give_back(one.id):
                jobs.send(RUN, queue)


class _Judging:
    """One attempt, from its claim to what became of it."""

    def __init__(self, one: Rejudgement, over: threading.Event) -> None:
        self._one, self._over = one, over

    def do(self) -> None:
        try:
            known = self._course()
        except CourseError as error:
            return self._give_up(error.sentence)
        if self._one.attempt.exercise not in known.exercises:
            return self._give_up(_GONE)
        self._judged_by(known)

    def _course(self) -> Course:
        with transaction() as session:
            editions.put(session, self._one.edition)
        return lessons.edition(self._one.edition)

    def _judged_by(self, known: Course) -> None:
        run = _as_run(self._one, known)
        with _Beat(self._one, self._over) as beat, ExitStack() as opened:
            try:
                _, verdict = tasks.grade(tasks.Job(run, _Silent(run), beat, opened))
            except Exception as error:
                self._give_back(error, beat.stop)
            else:
                assert verdict is not None  # a grading always has one
                self._record(verdict)

    def _give_back(self, error: Exception, stop: Stop | None) -> None:
        """Where we have ended it ourselves, or runner or examiner are being started, that is no fault."""
        ours = stop is None and not isinstance(error, tasks.Away)
        if ours:
            log.exception("an attempt could not be judged again")
        with transaction() as session:
            rejudgements.give_back(session, self._one, str(error) or type(error).__name__ if ours else "")

    def _record(self, verdict: Verdict) -> None:
        with transaction() as session:
            if not rejudgements.record(session, self._one, verdict):
                log.info("a late result is dropped")

    def _give_up(self, why: str) -> None:
        with transaction() as session:
            rejudgements.give_up(session, self._one, why)


def _as_run(one: Rejudgement, known: Course) -> Run:
    """The grading once more, in no database: the same texts, under the same conditions."""
    attempt, was = one.attempt, one.attempt.run
    return Run(
        id=one.id,
        user_id=attempt.user_id,
        kind=RunKind.GRADE,
        lesson=attempt.lesson,
        cell=attempt.exercise,
        chain=_chain(one, known),
        seed=was.seed,
        memory_mb=was.memory_mb,
        queue=CPU,
        edition=one.edition,
        tries=0,
    )


def _chain(one: Rejudgement, known: Course) -> Chain:
    """What it was handed in upon. What it did not build on then, as its exercise does now, is ours."""
    exercise, had = one.attempt.exercise, {link["cell"]: link["text"] for link in one.attempt.run.chain}
    beneath = () if known.exercises[exercise].is_form else known.beneath(exercise)
    given = [{"cell": used, "text": had.get(used, known.exercises[used].solution)} for used in beneath]
    return [*given, {"cell": exercise, "text": one.attempt.answer}]


class _Silent(Recorder):
    """No page of the learner hears of it."""

    def _publish(self, event: events.Event, instead: str = "") -> str:
        return ""


class _Beat(Heartbeat):
    """Keeps it ours; hears that it is wanted no more, and that a learner waits."""

    def __init__(self, one: Rejudgement, over: threading.Event) -> None:
        super().__init__(one.id, one.nonce, over)
        self._one = one

    def _reason(self) -> Stop | None:
        if self._shutdown.is_set() or tasks.SHUTDOWN.is_set():
            return Stop.SHUTDOWN
        try:
            with transaction() as session:
                ours = rejudgements.beat(session, self._one)
                waiting = line.count(session, CPU, tasks.ROOM.total_mb)
        except SQLAlchemyError as error:
            log.warning("no heartbeat: %s", error)
            return None
        if not ours:
            return Stop.LOST
        return Stop.YIELD if waiting else None
