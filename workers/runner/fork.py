"""One fork of a learner's process, from the order to its death: for its run a child like any other.

Its parent is one of the learner's own processes, and believed in nothing: the kernel says which process the
fork is, how it ended and what it used.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import struct
from collections.abc import Callable
from pathlib import Path

from workers.runner import confine
from workers.runner.gate import Gate
from workers.runner.holding import HELLO
from workers.runner.loop import Loop, Timer
from workers.runner.pool import Child
from workers.wire import Frame

PATIENCE = 5.0  # seconds in which a process of ours does what it is told
_CREDENTIALS = struct.Struct("3i")
_KILLED = -9


class Fork(Child):
    """`cpu_before`: seconds of processor time that the processes before it used for the same cells."""

    def __init__(
        self,
        loop: Loop,
        plan: confine.Plan,
        number: int,
        channel: socket.socket,
        noise: int,
        cpu_before: float,
    ) -> None:
        super().__init__(loop, plan, number, channel, noise)
        self.cpu_before = cpu_before
        self.on_buried: Callable[[], None] = lambda: None
        self._watched = -1

    def is_born(self, pid: int, handle: int | None) -> None:
        assert handle is not None
        self._watched = handle
        self._loop.watch(handle, lambda events: self._on_death())
        super().is_born(pid, handle)

    def freeze(self) -> None:
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def cpu(self) -> float:
        """Seconds of processor time up to now, with those of the processes before it."""
        return self.cpu_before + _remains(self.seen_as)[1]

    def forget(self) -> None:
        if self._watched >= 0:
            self._loop.forget(self._watched)
            self._watched = -1
            super().forget()

    def _on_death(self) -> None:
        status, cpu = _remains(self.seen_as)
        self.is_dead(status, self.cpu_before + cpu)
        self.on_buried()

    def _signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._watched, number)


def _remains(pid: int) -> tuple[int, float]:
    """How a process ended, and its processor time; of one that somebody has buried already it was killed."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _KILLED, 0.0
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return os.waitstatus_to_exitcode(int(fields[49])), cpu


class Forking:
    """One order to fork `base`. `done` is called once: with the fork, or with None if none came in time."""

    def __init__(
        self,
        loop: Loop,
        gate: Gate,
        base: Child,
        number: int,
        cpu_before: float,
        done: Callable[[Fork | None], None],
    ) -> None:
        self._loop, self._gate, self._base = loop, gate, base
        self._number, self._cpu_before, self._done = number, cpu_before, done
        self._fork: Fork | None = None
        self._base_is_back = False
        self._channel, self._theirs = socket.socketpair()
        self._noise, self._their_noise = os.pipe()
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._timer: Timer = loop.later(PATIENCE, self._fail)
        loop.watch(self._channel, lambda events: self._on_hello())
        base.link.on_frame = self._on_base
        base.link.on_gone = lambda why: self._fail()
        gate.expect(base.seen_as, self._theirs.fileno(), self._their_noise)
        if isinstance(base, Fork):
            base.thaw()
        base.link.send({"op": "fork"})

    def _on_base(self, frame: Frame) -> None:
        """It has forked; its copies of the fork's lines are closed."""
        if isinstance(self._base, Fork):
            self._base.freeze()
        if frame[0].get("there") is not True:
            return self._fail()
        self._base_is_back = True
        return self._look()

    def _on_hello(self) -> None:
        said, ancillary, _, _ = self._channel.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
        pids = [_CREDENTIALS.unpack(data)[0] for _, kind, data in ancillary if kind == socket.SCM_CREDENTIALS]
        if said != HELLO or not pids or _parent(pids[0]) != self._base.seen_as:
            return self._fail()
        self._loop.forget(self._channel)
        self._channel.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
        self._fork = Fork(
            self._loop, self._base.plan, self._number, self._channel, self._noise, self._cpu_before
        )
        self._fork.is_born(pids[0], os.pidfd_open(pids[0]))
        return self._look()

    def _look(self) -> None:
        if self._fork is not None and self._base_is_back:
            self._end(self._fork if self._fork.is_here else None)

    def _fail(self) -> None:
        """Its processes are not to be trusted with another one: whoever ordered this fork ends them."""
        if self._timer.call is None:
            return
        if self._fork is not None:
            self._fork.kill()
        else:
            self._loop.forget(self._channel)
            self._channel.close()
            os.close(self._noise)
        self._end(None)

    def _end(self, fork: Fork | None) -> None:
        if self._timer.call is None:
            return
        self._timer.cancel()
        self._gate.shut()
        self._theirs.close()
        os.close(self._their_noise)
        self._base.link.on_frame = lambda frame: self._base.kill()  # it has nothing to say until it is asked
        self._done(fork)


def _parent(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[1])
