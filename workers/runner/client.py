"""How the worker speaks to the runner: one connection is one fresh child and one run. No torch here.

>>> with RunnerClient(path, Limits(wall=10), seed=1) as child:
...     for event in child.cell("load", "print(1)"):
...         ...
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from workers.runner.limits import MOST_SECONDS, Limits
from workers.wire import Frame, WireError, encode, receive

_START_SECONDS = 120  # a runner that was just started may still be warming up
_LENT = b"!"  # what a descriptor travels with
_GRACE_SECONDS = 15  # beyond the run's own limit, after which silence is the runner's fault

Event = dict[str, Any]


class RunnerGone(Exception):
    """The runner is not there, or went away in the middle: our fault, never the learner's."""


class ChildEnded(Exception):
    """The learner's process is over: a limit, a crash, a cancel. `message` is a sentence for the learner."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


class RunnerClient:
    """A fresh child, warm and confined. Leaving the `with` block kills it."""

    def __init__(
        self,
        path: Path | str,
        limits: Limits,
        seed: int,
        snapshots: dict[str, Any] | None = None,
        device: str = "cpu",
        run: str = "",
    ) -> None:
        """`snapshots`: see `wish`. With them the child may be past some of the cells already (`skip`).

        `device`: where it computes; another than `cpu` only at a runner that was started for that one.
        `run`: what the runner's log calls it.
        """
        self.path = str(path)
        self.limits = limits
        self.seed = seed
        self.skip = 0  # cells at the beginning of the chain whose state it has already
        self._wishes: dict[str, Any] = {"run": run, "device": device}
        if snapshots:
            self._wishes["snapshots"] = snapshots
        self.on_event: Callable[[Event], None] | None = None  # gets what is shown during `call` and `ask`
        self._socket: socket.socket | None = None
        self._lent = False
        self._sending = threading.Lock()  # cancel() comes from another thread

    def order(self) -> None:
        """Ask for the child. Who has something else to do meanwhile does it before the `with` block.

        Raises `RunnerGone`.
        """
        self._socket = _connect(self.path, _START_SECONDS)
        try:
            self._send({"op": "open", "limits": self.limits.as_json(), "seed": self.seed, **self._wishes})
        except RunnerGone:
            self.close()
            raise

    def __enter__(self) -> RunnerClient:
        """Wait until learner code may run. Raises `RunnerGone` or `ChildEnded`."""
        if self._socket is None:
            self.order()
        try:
            self.skip = int(self._expect("started")[0].get("skip", 0))
        except BaseException:
            self.close()
            raise
        assert self._socket is not None
        self._socket.settimeout(self.limits.wall + _GRACE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the run and its child, also where it is lent; more than once does no harm."""
        with self._sending:
            if self._socket is not None:
                self._cut()
                self._socket.close()
                self._socket = None

    def cell(self, id: str, source: str, show: bool = True, notes: bool = False) -> Iterator[Event]:
        """Run one cell: yields what it shows as it happens, then the `done` event, whose error may be None.
        With `notes` it also shows the shapes of the tensors that it assigned.

        Raises `ChildEnded` where the run ended inside the cell, `RunnerGone` where the runner did.
        """
        self._request({"op": "cell", "id": id, "source": source, "show": show, "notes": notes})
        while True:
            event, _ = self._next()
            yield event
            if event.get("event") == "done":
                return

    def ask(self, question: dict[str, Any], body: bytes = b"") -> Frame:
        """Put one `call`, `probe` or `get` to the child; its `value` frame, whose `error` may be set."""
        self.put(question, body)
        return self.value()

    def put(self, question: dict[str, Any], body: bytes = b"") -> None:
        """Put a question, whose `value` comes next; nothing else may be asked before it has come."""
        self._request(question, body)

    def value(self) -> Frame:
        """The answer to what was put."""
        return self._expect("value")

    def call(self, name: str, header: dict[str, Any], body: bytes = b"") -> Frame:
        """Call a function of the child with packed `args` and `kwargs`."""
        return self.ask({"op": "call", "name": name, **header}, body)

    def hide(self) -> None:
        """From now on nothing is shown any more: the graded part begins."""
        self._request({"op": "hide"})

    def lend(self, line: socket.socket) -> None:
        """Let whoever `borrowed` at the other end of `line` put the questions from now on.

        Raises `RunnerGone`.
        """
        with self._sending:
            if self._socket is None:
                raise RunnerGone("this run is closed")
            self._lent = True
            with contextlib.suppress(OSError):  # nobody is there any more: whoever listens to them will hear
                socket.send_fds(line, [_LENT], [self._socket.fileno()])

    @classmethod
    def borrowed(cls, line: socket.socket) -> RunnerClient:
        """The child that was lent on `line`, to be asked and no more. Raises `RunnerGone` if none comes."""
        _, descriptors, _, _ = socket.recv_fds(line, len(_LENT), 1)
        if not descriptors:
            raise RunnerGone("no child was lent")
        child = cls("", Limits(), 0)
        child._socket = socket.socket(fileno=descriptors[0])
        child._socket.settimeout(MOST_SECONDS + _GRACE_SECONDS)  # the true limits are the runner's affair
        return child

    def cancel(self) -> None:
        """End the run at once, from any thread; whoever waits for an event gets `ChildEnded`.

        Where it is lent nobody may speak into the other's frames: then the line is cut.
        """
        if self._lent:
            with self._sending:
                return self._cut()
        with contextlib.suppress(RunnerGone):
            return self._send({"op": "cancel"})

    def _cut(self) -> None:
        with contextlib.suppress(OSError):
            if self._socket is not None:
                self._socket.shutdown(socket.SHUT_RDWR)

    def _request(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Send; if the run is over already, raise how it ended, which was told before the line was closed."""
        try:
            self._send(header, body)
        except RunnerGone:
            while True:
                self._next()

    def _send(self, header: dict[str, Any], body: bytes = b"") -> None:
        data = encode(header, body)
        with self._sending:
            if self._socket is None:
                raise RunnerGone("this run is closed")
            try:
                self._socket.sendall(data)
            except OSError as error:
                raise RunnerGone(f"the runner went away: {error}") from error

    def _expect(self, kind: str) -> Frame:
        while True:
            event, body = self._next()
            if event.get("event") == kind:
                return event, body
            if self.on_event is not None:
                self.on_event(event)

    def _next(self) -> Frame:
        connection = self._socket
        if connection is None:
            raise RunnerGone("this run is closed")
        try:
            frame = receive(connection)
        except (OSError, WireError) as error:
            raise RunnerGone(f"the runner went away: {error}") from error
        if frame is None:
            raise RunnerGone("the runner went away")
        if frame[0].get("event") == "ended":
            raise ChildEnded(str(frame[0].get("reason")), str(frame[0].get("message")))
        return frame


def wish(key: str, chain: list[tuple[str, str]]) -> dict[str, Any]:
    """To begin where an earlier run of the same owner (`key`) was, after the same cells (name and text)."""
    names, digest = [], hashlib.sha256()
    for cell in chain:
        digest.update(json.dumps(cell).encode())
        names.append(digest.hexdigest())
    return {"key": key, "chain": names}


def status(path: Path | str, seconds: float = 5) -> dict[str, Any]:
    """What protects this runner and how it is: layers, missing ones, pool. Raises `RunnerGone`."""
    return _ask_once(path, "status", seconds)


def renew(path: Path | str, seconds: float = 5) -> None:
    """Have the runner warm up anew, with the models that are there now; no run is disturbed.

    Raises `RunnerGone`.
    """
    _ask_once(path, "renew", seconds)


def _ask_once(path: Path | str, op: str, seconds: float) -> dict[str, Any]:
    with contextlib.closing(_connect(str(path), seconds)) as connection:
        try:
            connection.sendall(encode({"op": op}))
            frame = receive(connection)
        except (OSError, WireError) as error:
            raise RunnerGone(f"the runner went away: {error}") from error
    if frame is None:
        raise RunnerGone("the runner went away")
    return frame[0]


def _connect(path: str, seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(seconds)
    try:
        connection.connect(path)
    except OSError as error:
        connection.close()
        raise RunnerGone(f"no runner answers at {path}: {error}") from error
    return connection
