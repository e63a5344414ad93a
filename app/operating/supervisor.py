"""Watches over child processes: starts them, sees when they are warm, brings the dead back, ends them all."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.processes import spawn, stop
from app.steps import Failed

LARGE_LOG = 50 << 20  # bytes; then the log is put aside once, and the one before it dropped
_LONGEST_PAUSE, _SETTLED = 30.0, 60.0  # seconds: between two starts; after which a death is a new one
_TRIES_AT_START = 3


@dataclass
class Part:
    """One process to watch over.

    Without `ready` it counts as ready once it has printed a line of JSON with `"ready": true`.
    """

    name: str
    command: list[str]
    env: Mapping[str, str]
    log: Path
    cwd: Path
    ready: Callable[[], bool] | None = None
    keep: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    greeting: dict[str, Any] = field(default_factory=dict)
    is_ready: bool = False
    ever_ready: bool = False
    begun: float = 0.0
    deaths: int = 0
    start_at: float = 0.0  # when to start it again, if it is not running
    log_begins: int = 0

    def start(self) -> None:
        """Start it, all it says going to its log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.bound_log()
        with self.log.open("ab") as output:
            self.log_begins = output.tell()
            self.process = spawn(
                self.command, env=self.env, cwd=self.cwd, output=output, errors=output, keep=self.keep
            )
        self.begun, self.is_ready, self.greeting = time.monotonic(), False, {}

    def bound_log(self) -> None:
        """Put a large log aside. Whoever writes it has it open and only appends: copy it, then empty it."""
        if not self.log.exists() or self.log.stat().st_size <= LARGE_LOG:
            return
        with self.log.open("r+b") as full:
            # a disk that is full has no room for it; a line that comes in between is lost
            with suppress(OSError), self.log.with_suffix(".log.1").open("wb") as aside:
                shutil.copyfileobj(full, aside, 1 << 20)
            full.truncate(0)
        self.log_begins = 0

    def look(self) -> bool:
        """Whether it has just become ready."""
        if self.is_ready or self.process is None:
            return False
        self.is_ready = self.ready() if self.ready else self._has_greeted()
        self.ever_ready |= self.is_ready
        return self.is_ready

    def _has_greeted(self) -> bool:
        for line in self.said():
            with suppress(ValueError):
                found = json.loads(line) if line.startswith("{") else None
                if isinstance(found, dict) and found.get("ready") is True:
                    self.greeting = found
                    return True
        return False

    def said(self) -> list[str]:
        """The lines of its log since it was last started."""
        with suppress(OSError), self.log.open("rb") as log:
            log.seek(self.log_begins)
            return log.read(1 << 20).decode(errors="replace").splitlines()
        return []

    def last_words(self) -> str:
        """The last line it left that is not empty; of one for machines, its message."""
        last = next((line.strip() for line in reversed(self.said()) if line.strip()), "it said nothing")
        with suppress(ValueError, TypeError, KeyError):
            return str(json.loads(last)["message"])
        return last


class Supervisor:
    """Parts under watch. Call everything from the main thread: the parent-death signal follows the thread."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.parts: list[Part] = []
        self.say = say

    def add(self, part: Part) -> None:
        """Start a part and watch over it from now on."""
        self.parts.append(part)
        part.start()

    def tend(self) -> None:
        """One round: who has become ready, who has died, who is due to start again. Raises Failed."""
        for part in self.parts:
            part.bound_log()
            if part.process is not None and part.process.poll() is not None:
                self._has_died(part)
            elif part.process is None and time.monotonic() >= part.start_at:
                part.start()
            elif part.look():
                took = time.monotonic() - part.begun
                self.say(f"  {part.name}: ready in {took:.1f} s{_details(part.greeting)}")

    def _has_died(self, part: Part) -> None:
        assert part.process is not None
        lived = time.monotonic() - part.begun
        part.deaths = 1 if part.ever_ready and lived > _SETTLED else part.deaths + 1
        if not part.ever_ready and part.deaths >= _TRIES_AT_START:
            raise Failed(
                f"The {part.name} does not start ({part.last_words()}): all it said is in {part.log}."
            )
        pause = min(_LONGEST_PAUSE, 0.25 * 2**part.deaths)
        self.say(
            f"  {part.name}: ended ({_how(part.process.returncode)}), starts again in {pause:.1f} s; "
            f"its log is {part.log}"
        )
        stop([part.process], 0)  # what it may have left behind
        part.process, part.is_ready, part.start_at = None, False, time.monotonic() + pause

    @property
    def all_ready(self) -> bool:
        return all(part.is_ready for part in self.parts)

    def stop(self, seconds: float, last: str = "redis") -> None:
        """End all parts within about `seconds`; `last` only after the others, which may still talk to it."""
        running = {part.name: part.process for part in self.parts if part.process is not None}
        final = [running.pop(last)] if last in running else []
        stop(running.values(), seconds * 0.75)
        stop(final, seconds * 0.25)


def _details(greeting: Mapping[str, Any]) -> str:
    layers = greeting.get("layers")
    return f" ({', '.join(map(str, layers))})" if isinstance(layers, list) and layers else ""


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
