"""One thread that serves all sockets: callbacks when they are ready, timers, and links that never wait."""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from collections.abc import Callable

from workers import logs
from workers.wire import Frame, Reader, WireError, encode

_PIECE = 1 << 18  # bytes read at once
_MUCH = 16 << 20  # bytes waiting to be sent, above which the sender should pause

Watched = int | socket.socket


class Timer:
    """One call at one time, unless it is cancelled before."""

    def __init__(self, call: Callable[[], None]) -> None:
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class Loop:
    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._timers: list[tuple[float, int, Timer]] = []
        self._count = itertools.count()
        self.running = True

    def watch(self, fd: Watched, call: Callable[[int], None], events: int = selectors.EVENT_READ) -> None:
        """Call with the ready events whenever there are some."""
        try:
            self._selector.modify(fd, events, call)
        except KeyError:
            self._selector.register(fd, events, call)

    def forget(self, fd: Watched) -> None:
        """Stop watching; more than once does no harm."""
        try:
            self._selector.unregister(fd)
        except (KeyError, ValueError):
            return

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        timer = Timer(call)
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._count), timer))
        return timer

    def run(self) -> None:
        """Serve until `running` is false."""
        while self.running:
            for key, events in self._selector.select(self._until_next_timer()):
                _guarded(key.data, events)
            self._call_due()

    def _until_next_timer(self) -> float | None:
        while self._timers and self._timers[0][2].call is None:
            heapq.heappop(self._timers)
        return max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None

    def _call_due(self) -> None:
        while self._timers and self._timers[0][0] <= time.monotonic():
            _, _, timer = heapq.heappop(self._timers)
            if timer.call is not None:
                _guarded(timer.call)


def _guarded(call: Callable[..., None], *arguments: object) -> None:
    try:
        call(*arguments)
    except Exception:  # one callback's fault must not end everybody's runs
        logs.fault("a fault of the runner's own")


class Link:
    """A socket in the loop that takes whole frames and gives whole frames."""

    def __init__(self, loop: Loop, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._loop = loop
        self._socket = connection
        self._reader = Reader()
        self._outbox = bytearray()
        self._closing = False
        self._reading = True
        self.closed = False
        self.run = ""  # whose it is, for the log
        self.on_frame: Callable[[Frame], None] = lambda frame: None
        self.on_gone: Callable[[Exception | None], None] = lambda why: None  # None: it closed
        self.on_drained: Callable[[], None] = lambda: None
        loop.watch(connection, self._ready)

    @property
    def is_full(self) -> bool:
        """Whether the other side reads too slowly for us to keep sending."""
        return len(self._outbox) > _MUCH

    @property
    def received(self) -> int:
        """Bytes, ever."""
        return self._reader.received

    def send(self, header: dict[str, object], body: bytes = b"") -> None:
        """Queue a frame, and write at once what goes at once."""
        if not self.closed:
            self._outbox += encode(header, body)
            self._write()

    def pause(self, paused: bool) -> None:
        """Stop reading, or go on: pressure on a side that sends faster than another takes."""
        self._reading = not paused
        self._watch()

    def drain(self) -> None:
        """Take what has arrived by now, as the other side is known to be dead."""
        before = -1
        while not self.closed and self._reader.received != before:
            before = self._reader.received
            self._read()

    def close(self, when_sent: bool = False) -> None:
        """Close, at once or when everything queued is out."""
        self._closing = True
        if self.closed or (when_sent and self._outbox):
            return
        self.closed = True
        self._loop.forget(self._socket)
        self._socket.close()

    def _ready(self, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            self._write()
        if events & selectors.EVENT_READ and not self.closed:
            self._read()

    def _read(self) -> None:
        try:
            data = self._socket.recv(_PIECE)
            frames = self._reader.feed(data)
        except BlockingIOError:
            return
        except (OSError, WireError) as error:
            return self._gone(error)
        for frame in frames:
            if not self.closed:
                self._take(frame)
        if not data:
            self._gone(None)

    def _take(self, frame: Frame) -> None:
        """A fault of ours over one frame costs one connection, never the whole loop."""
        try:
            self.on_frame(frame)
        except Exception as error:
            logs.fault("a fault of the runner's own, over one frame", run=self.run)
            self._gone(error)

    def _write(self) -> None:
        was_full = self.is_full
        try:
            while self._outbox:
                del self._outbox[: self._socket.send(self._outbox[: 1 << 20])]
        except BlockingIOError:
            pass
        except OSError as error:
            self._outbox.clear()
            return self._gone(error)
        if was_full and not self.is_full:
            self.on_drained()
        if self._closing and not self._outbox:
            return self.close()
        return self._watch()

    def _watch(self) -> None:
        if self.closed:
            return
        events = (selectors.EVENT_READ if self._reading else 0) | (
            selectors.EVENT_WRITE if self._outbox else 0
        )
        if events:
            self._loop.watch(self._socket, self._ready, events)
        else:
            self._loop.forget(self._socket)

    def _gone(self, why: Exception | None) -> None:
        if not self.closed:
            self.close()
            self.on_gone(why)
