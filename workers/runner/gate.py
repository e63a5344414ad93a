"""The gate before every fork of a learner's processes: open for the one that was ordered, shut for all else.

The kernel stops a process that wants to fork and asks us. With our leave we put the fork's lines into it, so
that it need not, and may not, receive any by itself.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import select
import struct

from workers.runner.holding import NEW_CHANNEL, NEW_NOISE
from workers.runner.loop import Loop

_RECEIVE, _ANSWER, _ADD = 0xC0502100, 0xC0182101, 0x40182103
_NOTICE_SIZE = 80
_SET_NUMBER, _GO_ON = 1, 1
_PATIENCE = 1000  # refusals, until nobody is listened to any more


class Gate:
    def __init__(self, loop: Loop, listener: int) -> None:
        """The descriptor is ours from now on."""
        self._loop, self._listener = loop, listener
        self._expected = 0  # the process that may fork, once
        self._lines: tuple[int, int] = (-1, -1)
        self._refused = 0
        self.closed = False
        loop.watch(listener, lambda events: self._on_notice())

    def expect(self, pid: int, channel: int, noise: int) -> None:
        """Let this process fork once, and give it these lines for the fork; they stay open until then."""
        self._expected, self._lines = pid, (channel, noise)

    def shut(self) -> None:
        """For those who were expected, too."""
        self._expected = 0

    def close(self) -> None:
        """Whoever asks now gets an error from the kernel."""
        if not self.closed:
            self.closed = True
            self._loop.forget(self._listener)
            os.close(self._listener)

    def _on_notice(self) -> None:
        poll = select.poll()
        poll.register(self._listener, select.POLLIN)
        if not any(events & select.POLLIN for _, events in poll.poll(0)):
            return self.close()  # the last of them is dead
        notice = bytearray(_NOTICE_SIZE)
        with contextlib.suppress(OSError):  # it died while it asked
            fcntl.ioctl(self._listener, _RECEIVE, notice)
            self._judge(*struct.unpack_from("=QI", notice))
        return None

    def _judge(self, notice: int, pid: int) -> None:
        if pid != self._expected or not pid:
            return self._refuse(notice)
        self._expected = 0
        try:
            for line, number in zip(self._lines, (NEW_CHANNEL, NEW_NOISE), strict=True):
                fcntl.ioctl(self._listener, _ADD, struct.pack("=QIIII", notice, _SET_NUMBER, line, number, 0))
        except OSError:  # a cell has lowered how many files may be open
            return self._refuse(notice)
        fcntl.ioctl(self._listener, _ANSWER, struct.pack("=QqiI", notice, 0, 0, _GO_ON))
        return None

    def _refuse(self, notice: int) -> None:
        fcntl.ioctl(self._listener, _ANSWER, struct.pack("=QqiI", notice, 0, -errno.EPERM, 0))
        self._refused += 1
        if self._refused > _PATIENCE:
            self.close()
