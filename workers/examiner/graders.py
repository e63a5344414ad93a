"""The processes that grade: a fork of the examiner for each connection, and then it is gone.

Some wait, and have rehearsed: after a fork each page of memory is copied when it is first touched, and that
takes longer than most gradings. Better before somebody waits for it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from workers import logs, wire
from workers.examiner import seclusion

AT_ONCE = 16  # gradings in parallel; more wait in the socket's queue
SPARE = 2  # that wait
_REFILL_SECONDS = 0.25  # after one was taken: to fork at once would compete with what it does
_REHEARSAL_SECONDS = 20
_WORD = b"!"  # of a spare that it waits, and to it that a connection comes along
_GRACE = 5  # seconds after which a grading that ignores its own alarm is killed


@dataclass(frozen=True)
class Limits:
    """Of one grading: seconds from the question to the verdict, seconds of calculating, bytes of memory."""

    wall: int = 120  # the learner's process has a shorter limit of its own
    cpu: int = 30
    memory: int = 2 << 30


@dataclass
class Graders:
    """`grade` answers one connection, and `rehearse` goes its way without one. Both run in a fork."""

    limits: Limits
    grade: Callable[[socket.socket], None]
    rehearse: Callable[[], None]
    _busy: dict[int, float] = field(default_factory=dict)  # process → when its patience ends
    _spare: dict[int, socket.socket] = field(default_factory=dict)  # process → where it waits
    _refill_at: float = 0.0
    _kept: list[socket.socket] = field(default_factory=list)  # ours, which no fork may hold

    def close_in_forks(self, *sockets: socket.socket) -> None:
        """The examiner's own: a grading has no use for them."""
        self._kept = list(sockets)

    @property
    def full(self) -> bool:
        return len(self._busy) >= AT_ONCE

    @property
    def patience(self) -> float | None:
        """Seconds until there is something to do here; None for whenever something happens."""
        if len(self._spare) < SPARE:
            return max(0.0, self._refill_at - time.monotonic())
        return 1.0 if self._busy else None

    def give(self, connection: socket.socket) -> None:
        """To one that waits, or to a new one. The connection is closed here."""
        process = self._hand_over(connection) or self._fork(lambda: self._work(connection))
        connection.close()
        self._busy[process] = time.monotonic() + self.limits.wall + _GRACE
        self._refill_at = time.monotonic() + _REFILL_SECONDS

    def _hand_over(self, connection: socket.socket) -> int | None:
        """To a spare one that has said that it waits; None if there is none."""
        for process, line in list(self._spare.items()):
            if not select.select([line], [], [], 0)[0]:
                continue  # it still rehearses
            with contextlib.suppress(OSError):  # it has died
                line.recv(1)
                socket.send_fds(line, [_WORD], [connection.fileno()])
                self._spare.pop(process).close()
                return process
        return None

    def look_after(self) -> None:
        """Bury the dead, end what takes too long, and have enough who wait."""
        for process in [*self._busy, *self._spare]:
            if time.monotonic() > self._busy.get(process, float("inf")):
                _kill(process)
            if os.waitpid(process, os.WNOHANG)[0]:
                self._forget(process)
        if time.monotonic() >= self._refill_at and len(self._spare) < SPARE:
            self._add_spare()

    def _forget(self, process: int) -> None:
        self._busy.pop(process, None)
        if line := self._spare.pop(process, None):
            line.close()
            self._refill_at = time.monotonic() + _REFILL_SECONDS  # one that dies must not keep us busy

    def _add_spare(self) -> None:
        ours, theirs = socket.socketpair()
        self._kept.append(ours)
        process = self._fork(lambda: self._wait(theirs))
        self._kept.remove(ours)
        theirs.close()
        self._spare[process] = ours

    def discard_spares(self) -> None:
        """They know a course that is no longer so."""
        for process, line in self._spare.items():
            _kill(process)  # first: one that saw its line close would call that a fault
            line.close()
            self._busy[process] = 0.0  # to be buried
        self._spare.clear()

    def end_all(self) -> None:
        """Now."""
        self.discard_spares()
        for process in self._busy:
            _kill(process)
        for process in self._busy:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(process, 0)

    # in the fork

    def _fork(self, do: Callable[[], None]) -> int:
        process = os.fork()
        if process == 0:
            for held in [*self._kept, *self._spare.values()]:
                held.close()
            _do_and_end(self.limits, do)
        return process

    def _wait(self, line: socket.socket) -> None:
        """Rehearse, then take the one connection that comes; if none comes any more, that is all."""
        signal.alarm(_REHEARSAL_SECONDS)
        self.rehearse()
        signal.alarm(0)
        line.sendall(_WORD)
        _, descriptors, _, _ = socket.recv_fds(line, 1, 1)
        line.close()
        if descriptors:
            self._work(socket.socket(fileno=descriptors[0]))

    def _work(self, connection: socket.socket) -> None:
        signal.alarm(self.limits.wall)
        connection.setblocking(True)
        with contextlib.suppress(OSError, wire.WireError):  # the worker went away: nobody waits any more
            self.grade(connection)


def _kill(process: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


def _do_and_end(limits: Limits, do: Callable[[], None]) -> NoReturn:
    status = 1
    try:
        _settle(limits)
        do()
        status = 0
    except BaseException:
        logs.fault("a grading ended before its verdict")
    finally:
        sys.stderr.flush()
        os._exit(status)


def _settle(limits: Limits) -> None:
    signal.set_wakeup_fd(-1)
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(name, signal.SIG_DFL)
    seclusion.limit(limits.cpu, limits.memory)
    signal.signal(signal.SIGALRM, _took_too_long)
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  a check that prints has nobody to read it


def _took_too_long(*_: object) -> NoReturn:
    raise TimeoutError("the grading took too long")
