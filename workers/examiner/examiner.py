"""The examiner: a warm process of its own that holds references and checks, and forks once for each grading.

It has no database, no network and no secrets but the course's. What goes wrong with a check is our fault and
said to be: the connection then ends with `fault` instead of a verdict, or with nothing at all.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import secrets
import select
import signal
import socket
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch

from app import lessons
from workers import lab, wire
from workers.examiner import references, seclusion
from workers.examiner.answer import Child
from workers.examiner.grading import CheckBroken, grade
from workers.examiner.references import Reference
from workers.runner import confine

_BACKLOG = 64
_AT_ONCE = 16  # gradings in parallel; more wait in the socket's queue
_GRACE = 5  # seconds after which a grading that ignores its own alarm is killed


@dataclass(frozen=True)
class Limits:
    """Of one grading: seconds from the question to the verdict, seconds of calculating, bytes of memory."""

    wall: int = 120  # the learner's process has a shorter limit of its own
    cpu: int = 30
    memory: int = 2 << 30


class Examiner:
    """Listens until SIGTERM; then nothing of it is left."""

    def __init__(self, path: Path, course_dir: Path, limits: Limits) -> None:
        self.path, self.course_dir, self.limits = path, course_dir, limits
        self.references: dict[str, Reference] = {}
        self.faults: dict[str, str] = {}
        self.course: lessons.Course | None = None
        self.deadlines: dict[int, float] = {}  # of the processes that grade
        self.running = True

    def serve(self) -> None:
        """Warms up, says so in one line of JSON on stdout, and grades. Raises OSError if it cannot listen."""
        listener = listen(self.path)
        try:
            self._warm_up()
            waker = self._catch_signals()
            print(json.dumps({"ready": True, "exercises": len(self.references)}), flush=True)
            while self.running:
                self._turn(listener, waker)
        finally:
            self._end_all()
            listener.close()
            with contextlib.suppress(FileNotFoundError):
                self.path.unlink()

    # the parent

    def _warm_up(self) -> None:
        torch.set_num_threads(1)
        self._look_at_course()
        for entry in lab.models():
            with contextlib.suppress(lab.ModelUnavailable):  # whoever needs it is told at that moment
                model = lab.load(entry.name)
                model.run_with_cache(torch.zeros(1, 4, dtype=torch.long))
        gc.collect()
        gc.freeze()  # so that children share what is warm instead of copying it to count references
        confine.collapse_heap()  # large pages make a fork several times faster

    def _look_at_course(self) -> None:
        """Runs the files of exercises that are new or changed."""
        try:
            course = lessons.course(self.course_dir)
        except (OSError, UnicodeDecodeError) as error:  # an author is in the middle of saving
            print(f"examiner: the course cannot be read: {error}", file=sys.stderr, flush=True)
            return
        if course is self.course:
            return
        self.course = course
        self.references, self.faults = references.load(course.exercises, self.references)
        for exercise, fault in self.faults.items():
            print(f"examiner: {exercise} cannot be graded: {fault}", file=sys.stderr, flush=True)

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
        watched = [waker] if len(self.deadlines) >= _AT_ONCE else [waker, listener]
        ready, _, _ = select.select(watched, [], [], 1.0 if self.deadlines else None)
        if waker in ready:
            waker.recv(4096)
        self._bury()
        if listener in ready and self.running:
            with contextlib.suppress(OSError):
                connection, _ = listener.accept()
                self._give_to_child(connection, listener)

    def _give_to_child(self, connection: socket.socket, listener: socket.socket) -> None:
        self._look_at_course()
        connection.setblocking(True)
        pid = os.fork()
        if pid == 0:
            listener.close()
            self._in_child(connection)
        connection.close()
        self.deadlines[pid] = time.monotonic() + self.limits.wall + _GRACE

    def _bury(self) -> None:
        for pid, deadline in list(self.deadlines.items()):
            if time.monotonic() > deadline:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if os.waitpid(pid, os.WNOHANG)[0]:
                del self.deadlines[pid]

    def _end_all(self) -> None:
        for pid in self.deadlines:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in self.deadlines:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)

    # the child: one connection, one grading, and then it is gone

    def _in_child(self, connection: socket.socket) -> NoReturn:
        status = 1
        try:
            self._settle(connection)
            frame = wire.receive(connection)
            if frame is not None:
                wire.send(connection, self._reply(frame[0], connection))
            status = 0
        except (OSError, wire.WireError):
            pass  # the worker went away, and nobody waits for this verdict any more
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _settle(self, connection: socket.socket) -> None:
        signal.set_wakeup_fd(-1)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
            signal.signal(name, signal.SIG_DFL)
        seclusion.limit(self.limits.cpu, self.limits.memory)
        signal.signal(signal.SIGALRM, _took_too_long)
        signal.alarm(self.limits.wall)
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115  a check that prints has nobody to read it

    def _reply(self, request: dict[str, Any], connection: socket.socket) -> dict[str, Any]:
        if request.get("op") == "status":
            return {"ready": True, "exercises": sorted(self.references), "faults": self.faults}
        exercise = str(request.get("exercise"))
        if exercise not in self.references:
            return {"fault": self.faults.get(exercise, f"there is no exercise {exercise}")}
        if request.get("op") == "variants":
            return {"variants": _form_variants(self.references[exercise])}
        began, seed = time.monotonic(), request.get("seed")
        seed = seed if isinstance(seed, int) else secrets.randbits(48)
        try:
            verdict = grade(self.references[exercise], request.get("answer", ""), Child(connection), seed)
        except (CheckBroken, TimeoutError, MemoryError) as error:
            traceback.print_exc()
            return {"fault": str(error) or type(error).__name__}
        return {**verdict, "seconds": round(time.monotonic() - began, 4)}


def _form_variants(reference: Reference) -> dict[str, Any]:
    """What each mistake and each other right answer of a form fills in."""
    variants = (*reference.exercise.mistakes, *reference.exercise.also_right)
    return {variant.name: reference.form_values(variant) for variant in variants}


class AlreadyRunning(OSError):
    """Another examiner answers on this socket."""


def listen(path: Path) -> socket.socket:
    """The socket, for this user only. Raises AlreadyRunning; what a dead examiner left is removed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as probe:
        probe.settimeout(2)
        if probe.connect_ex(str(path)) == 0:
            raise AlreadyRunning(f"another examiner already answers at {path}")
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(_BACKLOG)
    return listener


def _took_too_long(*_: object) -> NoReturn:
    raise TimeoutError("the grading took too long")
