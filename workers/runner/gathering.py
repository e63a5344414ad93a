"""What a run says, on its way: text is joined, outputs are renewed as fast as a page can follow."""

from __future__ import annotations

import time

from workers.outputs import Output
from workers.runner.loop import Link, Loop, Timer

_TEXT_PAUSE = 0.03  # seconds in which printed text is gathered into one event
_TEXT_PIECE = 32_768  # characters of one event
_RENEWAL_PAUSE = 0.05  # seconds between two outputs that take the place of earlier ones
_RENEWALS = 40  # that a child may send a second, all its keys together; ours sends half as many at most
_MUCH_RENEWED = 256 << 20  # bytes of all that a child may have said by then …
_RENEWED_BYTES = 4 << 20  # … and as many more a second
PATIENCE = 500  # outputs beyond those shown, until a run is stopped


class TextGatherer:
    """Joins what is printed within a moment, so that ten thousand short lines are not ten thousand events."""

    def __init__(self, loop: Loop, client: Link) -> None:
        self._loop = loop
        self._client = client
        self._stream = ""
        self._pieces: list[str] = []
        self._length = 0
        self._timer: Timer | None = None
        self._last = 0.0

    def add(self, stream: str, text: str) -> None:
        if stream != self._stream:
            self.flush()
            self._stream = stream
        self._pieces.append(text)
        self._length += len(text)
        if self._length > _TEXT_PIECE or time.monotonic() - self._last > _TEXT_PAUSE:
            self.flush()
        elif self._timer is None:
            self._timer = self._loop.later(_TEXT_PAUSE, self.flush)

    def flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pieces:
            return
        text = "".join(self._pieces)
        self._pieces.clear()
        self._length = 0
        self._last = time.monotonic()
        self._client.send({"event": "text", "stream": self._stream, "text": text})


class Renewals:
    """Outputs that take the place of earlier ones: of each key the newest, sent on one after another."""

    def __init__(self, loop: Loop, client: Link) -> None:
        self.keys: dict[str, bool] = {}  # those that were shown → whether there was room for them
        self._loop = loop
        self._client = client
        self._newest: dict[str, Output] = {}
        self._timer: Timer | None = None
        self._count = 0

    def too_many(self, seconds: float, received: int) -> bool:
        """Whether one more, of so many bytes in all, is more than any honest child sends in this time."""
        self._count += 1
        much = received > _MUCH_RENEWED + _RENEWED_BYTES * seconds
        return much or self._count > PATIENCE + _RENEWALS * seconds

    def add(self, key: str, output: Output) -> None:
        self._newest[key] = output
        if self._timer is None:
            self._send_one()

    def flush(self) -> None:
        while self._newest:
            self._client.send({"event": "output", "output": self._newest.pop(next(iter(self._newest)))})

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._newest.clear()

    def _send_one(self) -> None:
        self._timer = None
        if self._newest:
            self._client.send({"event": "output", "output": self._newest.pop(next(iter(self._newest)))})
            self._timer = self._loop.later(_RENEWAL_PAUSE, self._send_one)
