"""What a run shows: kept for the database, and told to the learner's pages as it happens."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from app.models import Run
from app.redis import client
from app.running import events
from app.running.leases import Shown
from workers.outputs import checked, clean_text

JOIN_SECONDS = 0.05  # text printed within so short a time travels together
MOST_SHOWN = 16 << 20  # bytes of everything one run shows, text apart
RENEWAL_PAUSE = 0.05  # seconds between two outputs that take the place of others …
RENEWAL_RATE = 1 << 20  # … and bytes of them a second, whatever a run sends
_QUIET_SECONDS = 5  # after Redis was not heard, so that a run does not wait for it at every line
_TOO_MUCH = (
    f"This run has shown {MOST_SHOWN >> 20} MB of figures, the most a page can hold; the rest is left out. "
    "Show fewer, or with fewer points."
)


@dataclass
class _Keyed:
    """An output that others with the same key take the place of."""

    shown: Shown | None  # None if there was no room for it
    size: int  # bytes
    alike: bool  # whether all were of one kind, and small enough to be streamed
    entry: str = ""  # of the stream, with the newest


class Recorder:
    """Of one run under one claim. Events are numbered in the order in which they are told.

    Outputs with a key take each other's place: here at once, on the page as often as it can follow. Of those
    that come faster only the newest is looked at.

    Safe for the threads that touch it: the one that runs, and the timers that send what came last.
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
        self._keyed: dict[str, _Keyed] = {}
        self._newer: dict[str, Any] = {}  # key → what takes its place and was not looked at yet
        self._renewer: threading.Timer | None = None
        self._renew_at = 0.0

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
            with self._lock:
                self._take_output(event.get("output"))

    def _take_output(self, given: Any) -> None:
        key = given.get("key") if isinstance(given, dict) else None
        if isinstance(key, str) and key in self._keyed:
            if self._keyed[key].shown is not None:
                self._newer[key] = given
                self._renew_soon()
            return
        output = checked(given)
        size = len(json.dumps(output))
        shown = self.show(str(output.pop("kind")), output) if self._has_room(size) else None
        if isinstance(key, str):
            self._keyed[key] = _Keyed(shown, size, shown is not None and _streamed(shown.data) is not None)

    def _has_room(self, size: int) -> bool:
        """For so many bytes more; if there is none, the run is told so once."""
        if self._bytes + size <= MOST_SHOWN:
            self._bytes += size
            return True
        if not self._full:
            self._full = True
            self.show("notice", {"text": _TOO_MUCH})
        return False

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

    def show(self, kind: str, data: dict[str, Any]) -> Shown:
        """Anything that is not text."""
        with self._lock:
            self.flush()
            shown = Shown(kind, data)
            self.outputs.append(shown)
            self._publish(events.Shown(*self._place(), str(shown.id), kind, _streamed(data)))
            return shown

    def finish(self) -> None:
        """The run is over: what was not sent yet goes, and nothing is on its way any more."""
        with self._lock:
            self.flush()
            while self._newer:
                self._renew()
            if self._renewer:
                self._renewer.cancel()
            for shown in self.outputs:
                if shown.kind == "progress" and shown.data["state"] == "running":
                    shown.data["state"] = "stopped"

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

    def _renew_soon(self) -> None:
        """One of those that wait, and the others after it, as fast as a page can follow."""
        wait = self._renew_at - time.monotonic()
        if wait <= 0:
            self._renew()
        if self._newer and self._renewer is None:
            self._renewer = threading.Timer(max(wait, RENEWAL_PAUSE), self._renew_later)
            self._renewer.daemon = True
            self._renewer.start()

    def _renew_later(self) -> None:
        with self._lock:
            self._renewer = None
            if self._newer:
                self._renew_soon()

    def _renew(self) -> None:
        """Put one output in the place of the one before."""
        key = next(iter(self._newer))
        output, keyed = checked(self._newer.pop(key)), self._keyed[key]
        size = len(json.dumps(output))
        self._renew_at = time.monotonic() + max(RENEWAL_PAUSE, size / RENEWAL_RATE)
        if keyed.shown is None or not self._has_room(size - keyed.size):
            return
        kind, sent = str(output.pop("kind")), _streamed(output)
        keyed.alike = keyed.alike and kind == keyed.shown.kind and sent is not None
        keyed.size, keyed.shown.kind, keyed.shown.data = size, kind, output
        event = events.Replaced(*self._place(), str(keyed.shown.id), kind, sent, keyed.alike)
        keyed.entry = self._publish(event, keyed.entry) or keyed.entry

    def _place(self) -> tuple[str, str, int]:
        self._seq += 1
        return str(self._run.id), self._run.cell, self._seq

    def _publish(self, event: events.Event, instead: str = "") -> str:
        """The entry's id, or "" if nobody heard it."""
        if time.monotonic() < self._quiet_until:
            return ""
        entry = events.publish(client(), self._run.user_id, self._run.lesson, event, instead)
        if not entry:
            self._quiet_until = time.monotonic() + _QUIET_SECONDS
        return entry


def _streamed(data: dict[str, Any]) -> dict[str, Any] | None:
    """The data, or None if they are too large to be sent before the run is over."""
    return data if len(json.dumps(data)) <= events.LARGEST_OUTPUT else None


def _append(unsent: list[tuple[str, str]], stream: str, text: str) -> None:
    if unsent and unsent[-1][0] == stream:
        unsent[-1] = (stream, unsent[-1][1] + text)
    else:
        unsent.append((stream, text))
