"""The supervisor: listens for workers, gives each run a child, and ends everything when it is told to."""

from __future__ import annotations

import contextlib
import platform
import signal
import socket
from pathlib import Path
from typing import Any

from workers import logs
from workers.runner import confine
from workers.runner.loop import Link, Loop
from workers.runner.pool import Pool
from workers.runner.run import Run
from workers.runner.snapshots import Snapshots
from workers.sockets import listen
from workers.wire import Frame, WireError


class Supervisor:
    def __init__(
        self,
        path: Path,
        found: confine.Found,
        pool: Pool,
        loop: Loop,
        snapshots: Snapshots | None = None,
        group: bool = False,
    ) -> None:
        self.failure: str | None = None
        self._path, self._group = path, group
        self._found = found
        self._loop = loop
        self._pool = pool
        self._snapshots = snapshots
        self._layers: list[str] | None = None
        self._runs: set[Run] = set()
        pool.on_warm = self._on_warm
        pool.on_broken = self._on_broken

    def serve(self) -> None:
        """Until SIGTERM or SIGINT, or until no child can be had; then nothing of it is left."""
        self._catch_signals()
        listener = listen(self._path, group=self._group)
        listener.setblocking(False)
        try:
            self._loop.watch(listener, lambda events: self._accept(listener))
            self._pool.start()
            self._loop.run()
        finally:
            if self._snapshots:
                self._snapshots.stop()
            self._pool.stop()
            listener.close()
            with contextlib.suppress(FileNotFoundError):
                self._path.unlink()

    def _catch_signals(self) -> None:
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        signal.set_wakeup_fd(theirs.fileno())
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: setattr(self._loop, "running", False))
        self._wakers = (ours, theirs)  # kept open as long as the supervisor lives
        self._loop.watch(ours, lambda events: _forget_bytes(ours))

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        link = Link(self._loop, connection)
        link.on_frame = lambda frame: self._on_first_frame(link, frame)

    def _on_first_frame(self, link: Link, frame: Frame) -> None:
        header, _ = frame
        if header.get("op") == "status":
            link.send(self._status())
        elif header.get("op") == "renew":
            self._pool.renew()
            link.send({"renewing": True})
        elif header.get("op") == "open":
            self._open(link, header)
        else:
            link.close()

    def _open(self, link: Link, header: dict[str, Any]) -> None:
        try:
            run = Run(self._loop, link, header, self._on_over)
            if run.device not in ("cpu", self._found.plan.device):
                raise WireError(
                    f"a run wants {run.device}, and this runner was started without --device {run.device}"
                )
        except WireError as error:
            logs.say(str(error), "warning", run=logs.known_id(header.get("run")))
            return link.close()
        self._runs.add(run)
        if self._snapshots and run.key:
            return self._snapshots.give(run)
        return self._pool.give(run.begin)

    def _on_over(self, run: Run) -> None:
        self._runs.discard(run)
        if self._snapshots and run.key:
            self._snapshots.take_back(run)
        self._pool.take_back(run.begin)

    def _status(self) -> dict[str, Any]:
        return {
            "layers": self._layers or [],
            "missing": self._found.missing,
            "warm": self._layers is not None,
            "device": self._found.plan.device,
            "python": platform.python_version(),
            "runs": len(self._runs),
            **self._pool.status(),
            "snapshots": self._snapshots.status() if self._snapshots else None,
        }

    def _on_warm(self, layers: list[str]) -> None:
        if self._layers is None:
            self._layers = layers
            logs.ready(layers=layers)

    def _on_broken(self, why: str) -> None:
        self.failure = why
        self._loop.running = False


def _forget_bytes(waker: socket.socket) -> None:
    waker.recv(4096)
