"""The examiner: a warm process of its own that holds references and checks, and forks once for each grading.

It has no database, no network and no secrets but the course's. What goes wrong with a check is our fault and
said to be: the connection then ends with `fault` instead of a verdict, or with nothing at all.
"""

from __future__ import annotations

import contextlib
import gc
import secrets
import select
import signal
import socket
import time
from pathlib import Path
from typing import Any

import torch

from app import lessons
from workers import lab, logs, wire
from workers.examiner import references
from workers.examiner.answer import Child
from workers.examiner.graders import Graders, Limits
from workers.examiner.grading import CheckBroken, grade
from workers.examiner.pinned import Judges, NotKept, PinnedCourses
from workers.examiner.references import Reference
from workers.lab.models.loading import forget_removed
from workers.rehearsal import rehearse
from workers.runner import confine
from workers.sockets import answers, listen

_STATUS = wire.encode({"op": "status"})


class Examiner:
    """Listens until SIGTERM; then nothing of it is left."""

    def __init__(
        self,
        path: Path,
        course_dir: Path,
        limits: Limits,
        group: bool = False,
        courses_dir: Path | None = None,
    ) -> None:
        """`courses_dir` is where the editions stand that are pinned."""
        self.path, self.course_dir, self.group = path, course_dir, group
        self.pinned = PinnedCourses(courses_dir)
        self.references: dict[str, Reference] = {}
        self.faults: dict[str, str] = {}
        self.course: lessons.Course | None = None
        self.models: dict[str, lab.ModelInfo] = {}
        self.graders = Graders(limits, self._answer, rehearse)
        self.running = True

    def serve(self) -> None:
        """Warms up, says so in one line of JSON on stdout, and grades. Raises OSError if it cannot listen."""
        if answers(self.path):
            raise AlreadyRunning(f"another examiner already answers at {self.path}")
        listener = listen(self.path, group=self.group)
        try:
            self._warm_up()
            waker = self._catch_signals()
            self.graders.close_in_forks(listener, waker)
            logs.ready(exercises=len(self.references))
            while self.running:
                self._turn(listener, waker)
        finally:
            self.graders.end_all()
            listener.close()
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()

    # the parent

    def _warm_up(self) -> None:
        torch.set_num_threads(1)
        self._look_at_course()
        self._look_at_models()
        gc.collect()
        gc.freeze()  # so that children share what is warm instead of copying it to count references
        confine.collapse_heap()  # large pages make a fork several times faster

    def _look_at_course(self) -> None:
        """Runs the files of exercises that are new or changed."""
        try:
            course = lessons.course(self.course_dir)
        except (OSError, UnicodeDecodeError) as error:  # an author is in the middle of saving
            logs.say(f"the course cannot be read: {error}", "error")
            return
        if course is self.course:
            return
        self.graders.discard_spares()
        self.course = course
        self.references, self.faults = references.load(course.exercises, self.references)
        for exercise, fault in self.faults.items():
            logs.say(f"{exercise} cannot be graded: {fault}", "error", exercise=exercise)

    def _look_at_models(self) -> None:
        """Loads those that are new, and lets go of those that were removed."""
        names = {entry.name: entry for entry in lab.models()}
        if names == self.models:
            return
        self.graders.discard_spares()
        forget_removed()
        for name in names.keys() - self.models.keys():
            with contextlib.suppress(Exception):  # whoever needs it is told at that moment
                lab.load(name).run_with_cache(torch.zeros(1, 4, dtype=torch.long))
        self.models = names

    def _catch_signals(self) -> socket.socket:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno())
        self._waker = theirs  # kept open
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: setattr(self, "running", False))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return ours

    def _turn(self, listener: socket.socket, waker: socket.socket) -> None:
        """Waits for a connection, the end of a grading, or a signal."""
        watched = [waker, self.pinned.wishes] + ([] if self.graders.full else [listener])
        ready, _, _ = select.select(watched, [], [], self.graders.patience)
        if waker in ready:
            waker.recv(4096)
        if self.pinned.wishes in ready and self.pinned.grant_wish():
            self.graders.discard_spares()
        self.graders.look_after()
        if listener in ready and self.running:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                self._look_at_course()
                self._look_at_models()
                if not self._told_status(connection):
                    self.graders.give(connection)

    def _told_status(self, connection: socket.socket) -> bool:
        """Who only asks how it goes is answered here, if they have asked by now: no grader is lost on it."""
        connection.setblocking(False)
        try:
            asked = connection.recv(len(_STATUS) + 1, socket.MSG_PEEK)
        except BlockingIOError:  # it comes later: whoever has the connection then will answer
            return False
        if asked != _STATUS:
            return False
        connection.settimeout(1)
        with contextlib.closing(connection):
            wire.send(connection, self._status())
        return True

    # in a fork: one connection, one grading, and then it is gone

    def _answer(self, connection: socket.socket) -> None:
        frame = wire.receive(connection)
        if frame is not None:
            wire.send(connection, self._reply(frame[0], connection))
            connection.recv(1)  # until it hangs up: to end takes the processor, and it still has to record

    def _status(self) -> dict[str, Any]:
        return {"ready": True, "exercises": sorted(self.references), "faults": self.faults}

    def _reply(self, request: dict[str, Any], connection: socket.socket) -> dict[str, Any]:
        if request.get("op") == "status":
            return self._status()
        exercise = str(request.get("exercise"))
        try:
            judges = self._judges(str(request.get("edition", "")), exercise)
        except NotKept as error:
            return {"fault": str(error)}
        if (reference := judges.references.get(exercise)) is None:
            return {"fault": judges.faults.get(exercise, f"there is no exercise {exercise}")}
        if request.get("op") == "variants":
            return {"variants": _form_variants(reference)}
        logs.always(run=logs.known_id(request.get("run")), exercise=exercise)
        began, seed = time.monotonic(), request.get("seed")
        seed = seed if isinstance(seed, int) else secrets.randbits(48)
        try:
            verdict = grade(reference, request.get("answer", ""), Child(connection), seed)
        except (CheckBroken, TimeoutError, MemoryError) as error:
            logs.fault("a check of ours broke")
            return {"fault": str(error) or type(error).__name__}
        seconds = time.monotonic() - began
        logs.say("an answer is judged", verdict=verdict["verdict"], ms=round(1000 * seconds))
        judged_by = {"edition": judges.edition, "version": reference.exercise.version}
        return {**verdict, **judged_by, "seconds": round(seconds, 4)}

    def _judges(self, edition: str, exercise: str) -> Judges:
        """By the newest course, unless another edition is named. Raises NotKept."""
        newest = self.course.edition if self.course else ""
        if edition in ("", newest):
            return Judges(newest, self.references, self.faults)
        return self.pinned.judges(edition, exercise)


def _form_variants(reference: Reference) -> dict[str, Any]:
    """What each mistake and each other right answer of a form fills in."""
    variants = (*reference.exercise.mistakes, *reference.exercise.also_right)
    return {variant.name: reference.form_values(variant) for variant in variants}


class AlreadyRunning(OSError):
    """Another examiner answers on this socket."""
