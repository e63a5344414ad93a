"""What a run shows: kept for the database, and told to the learner's pages as it happens."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from app import events
from app.leases import Shown
from app.models import Run
from app.redis import client
from workers.outputs import checked, clean_text

JOIN_SECONDS = 0.05  # text printed within so short a time travels together
MOST_SHOWN = 16 << 20  # bytes of everything one run shows, text apart
_QUIET_SECONDS = 5  # after Redis was not heard, so that a run does not wait for it at every line
_TOO_MUCH = (
    f"This run has shown {MOST_SHOWN >> 20} MB of figures, the most a page can hold; the rest is left out. "
    "Show fewer, or with fewer points."
)


class Recorder:
    """Of one run under one claim. Events are numbered in the order in which they are told.

    Safe for the threads that touch it: the one that runs, and the timer that sends what was printed last.
    """

    def __init__(self, run: Run) -> None:
        self.outputs: list[Shown] = []
        self._run = run
        self._seq = run.tries * events.PER_TRY
        self._lock = threading.RLock()
        self._unsent: list[tuple[str, str]] = []  # (stream, text), streams alternating
        self._sent_at = 0.0
        self._timer: threading.Timer | None = None
        self._quiet_until = 0.0
        self._bytes, self._full, self._started = 0, False, False

    def started(self) -> None:
        """The learner's code begins. More than once says no more."""
        with self._lock:
            if not self._started:
                self._started = True
                self._publish(events.Started(*self._place()))

    def take(self, event: dict[str, Any]) -> None:
        """What the runner reports: text or an output. What cannot be shown becomes a sentence saying so."""
        if event.get("event") == "text":
            stream = "stderr" if event.get("stream") == "stderr" else "stdout"
            self.print(stream, clean_text(event.get("text")))
        elif event.get("event") == "output":
            self._take_output(checked(event.get("output")))

    def _take_output(self, output: dict[str, Any]) -> None:
        self._bytes += len(json.dumps(output))
        if self._bytes <= MOST_SHOWN:
            self.show(str(output.pop("kind")), output)
        elif not self._full:
            self._full = True
            self.show("notice", {"text": _TOO_MUCH})

    def print(self, stream: str, text: str) -> None:
        """Text, joined with what was printed just before on the same stream."""
        with self._lock:
            last = self.outputs[-1] if self.outputs else None
            if last and last.kind == "text" and last.data["stream"] == stream:
                last.data["text"] += text
            else:
                self.outputs.append(Shown("text", {"stream": stream, "text": text}))
            _append(self._unsent, stream, text)
            self._send_soon()

    def show(self, kind: str, data: dict[str, Any]) -> None:
        """Anything that is not text."""
        with self._lock:
            self.flush()
            shown = Shown(kind, data)
            self.outputs.append(shown)
            small = len(json.dumps(data)) <= events.LARGEST_OUTPUT
            self._publish(events.Shown(*self._place(), str(shown.id), kind, data if small else None))

    def flush(self) -> None:
        """Send what was printed and not sent yet."""
        with self._lock:
            if self._timer:
                self._timer.cancel()
                self._timer = None
            for stream, text in self._unsent:
                self._publish(events.Text(*self._place(), stream, text))
            self._unsent.clear()
            self._sent_at = time.monotonic()

    def _send_soon(self) -> None:
        """At once if nothing was sent lately; else a moment later, together with what comes until then."""
        wait = self._sent_at + JOIN_SECONDS - time.monotonic()
        if wait <= 0:
            self.flush()
        elif self._timer is None:
            self._timer = threading.Timer(wait, self.flush)
            self._timer.daemon = True
            self._timer.start()

    def _place(self) -> tuple[str, str, int]:
        self._seq += 1
        return str(self._run.id), self._run.cell, self._seq

    def _publish(self, event: events.Event) -> None:
        if time.monotonic() < self._quiet_until:
            return
        if not events.publish(client(), self._run.user_id, self._run.lesson, event):
            self._quiet_until = time.monotonic() + _QUIET_SECONDS


def _append(unsent: list[tuple[str, str]], stream: str, text: str) -> None:
    if unsent and unsent[-1][0] == stream:
        unsent[-1] = (stream, unsent[-1][1] + text)
    else:
        unsent.append((stream, text))
