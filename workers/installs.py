"""What admins want of this machine's models, done: a thread beside the worker's jobs, one thing at a time.

The work itself is a process of its own (`python -m workers.installing`), as the worker never imports torch.
"""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
import threading
import time
from typing import Any

from app import machine
from app.config import ROOT, settings
from app.db import transaction
from app.models import Install, InstallState
from app.operating import without_secrets
from app.processes import spawn, stop
from app.running import catalogue, installs

log = logging.getLogger(__name__)

_LOOK_SECONDS = 2.0
_REPORT_SECONDS = 20.0
_BEAT_SECONDS = 1.0
_STOP_SECONDS = 5.0
_OPTIONS = {InstallState.ASKED: ["--ask"], InstallState.UNWANTED: ["--remove"], InstallState.WANTED: []}
_DIED = (
    "The installation ended without a word, as if it had been killed: perhaps there was too little memory."
)


class Installer(threading.Thread):
    """Sees to what there is to do on this machine, until `end`."""

    def __init__(self) -> None:
        super().__init__(name="installer", daemon=True)
        self._over = threading.Event()
        self._reported_at = 0.0
        self._at_work = threading.Lock()

    def run(self) -> None:
        while not self._over.is_set():
            try:
                self.look()
            except Exception:  # a database that is away for a moment must not end it
                log.exception("models could not be looked after; the next look comes in %s s", _LOOK_SECONDS)
            self._over.wait(_LOOK_SECONDS)

    def end(self) -> None:
        """Stop what is under way: it goes on with the next worker of this machine."""
        self._over.set()
        if self._at_work.acquire(timeout=2 * _STOP_SECONDS):
            self._at_work.release()

    def look(self) -> bool:
        """Do what there is to do, and now and then say what this machine has. Whether there was anything."""
        if time.monotonic() - self._reported_at > _REPORT_SECONDS or not self._reported_at:
            self._report()
        with transaction() as session:
            row = installs.claim(session, machine.name())
        if row is None:
            return False
        log.info("%s: %s", row.model, row.state.value)
        with self._at_work:
            _Task(row, self._over).run()
        self._report()
        return True

    def _report(self) -> None:
        with transaction() as session:
            installs.report(session, machine.name(), catalogue.all_installed())
        self._reported_at = time.monotonic()


class _Task:
    """One row, from its claim to what became of it."""

    def __init__(self, row: Install, over: threading.Event) -> None:
        self._row, self._over = row, over
        self._lines: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._at: dict[str, Any] = {}
        self._last: dict[str, Any] = {}

    def run(self) -> None:
        options = _OPTIONS[self._row.state]
        command = [sys.executable, "-m", *without_secrets.installer(settings(), self._row.model, *options)]
        env = without_secrets.with_network(settings())
        process = spawn(command, env=env, cwd=ROOT, output=subprocess.PIPE)
        reading = threading.Thread(target=self._read, args=(process,), daemon=True)
        reading.start()
        try:
            why = self._follow()
        finally:
            stop([process], _STOP_SECONDS)
            reading.join()
        self._conclude(why)

    def _read(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self._lines.put(json.loads(line))
        self._lines.put(None)

    def _follow(self) -> str:
        """Until it is over by itself (""), or why it has to stop."""
        beaten_at = 0.0
        while True:
            try:
                line = self._lines.get(timeout=_BEAT_SECONDS)
            except queue.Empty:
                line = {}
            if line is None:
                return ""
            self._at = line if "stage" in line else self._at
            self._last = line or self._last
            if self._over.is_set():
                return "over"
            if time.monotonic() - beaten_at >= _BEAT_SECONDS:
                beaten_at = time.monotonic()
                if (why := self._beat()) is not None:
                    return why

    def _beat(self) -> str | None:
        stage, done, total = (self._at.get(key, other) for key, other in _NOWHERE)
        with transaction() as session:
            unwanted = installs.beat(session, self._row.id, self._row.nonce, stage, done, total)
        if unwanted is None:
            return "lost"
        return "cancelled" if unwanted else None

    def _conclude(self, why: str) -> None:
        mine = (self._row.id, self._row.nonce)
        if why == "lost":
            return
        with transaction() as session:
            if why == "over":
                installs.give_back(session, *mine)
            elif why == "cancelled" or "removed" in self._last:
                installs.forget(session, *mine)
            elif "installed" in self._last:
                installs.settle(session, *mine, InstallState.INSTALLED, **self._last["installed"])
            elif "offer" in self._last:
                installs.settle(session, *mine, InstallState.OFFERED, **self._last["offer"])
            else:
                message = self._last.get("refused", _DIED)
                log.warning("%s: %s", self._row.model, message)
                installs.settle(session, *mine, InstallState.FAILED, message)


_NOWHERE = (("stage", ""), ("done", 0), ("total", 0))
