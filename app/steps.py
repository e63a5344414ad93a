"""What an operator sees while something takes time, and when it can't go on. Standard library only."""

from __future__ import annotations

import sys
import time
from types import TracebackType


class Failed(Exception):
    """Why it can't go on, and the mend, in one sentence."""


class Step:
    """One line of progress: rewritten in place on a terminal, a new line now and then elsewhere."""

    def __init__(self, title: str) -> None:
        self.title, self.begun, self.printed, self.last = title, time.monotonic(), 0.0, ""
        self.terminal = sys.stdout.isatty()

    def __enter__(self) -> Step:
        self.say("")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        how = "done" if kind is None else "stopped"
        print(f"{self._start()}  {self.title}: {how} in {time.monotonic() - self.begun:.0f} s", flush=True)

    def say(self, what: str) -> None:
        """Show `what` is going on now; on anything but a terminal, at most every five seconds."""
        if what == self.last and what:
            return
        self.last, now = what, time.monotonic()
        if self.terminal:
            print(f"{self._start()}  {self.title}: {what or '…'}", end="", flush=True)
        elif now - self.printed >= 5 or not what:
            self.printed = now
            print(f"  {self.title}: {what or '…'}", flush=True)

    def _start(self) -> str:
        return "\r\x1b[K" if self.terminal else ""
