"""stdout and stderr of a cell: each line leaves as soon as it is complete, and everything at a flush."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

_LARGEST = 8192  # characters held back while a line is not complete


class EventStream(io.TextIOBase):
    """A text stream that sends what is written as `text` events."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, emit: Callable[[dict[str, Any]], None]) -> None:
        self.name = name
        self._emit = emit
        self._held = ""

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._held += text
        if "\n" in text or "\r" in text or len(self._held) > _LARGEST:
            self.flush()
        return len(text)

    def flush(self) -> None:
        held, self._held = self._held, ""
        for start in range(0, len(held), _LARGEST):
            piece = held[start : start + _LARGEST].encode("utf-8", "replace").decode()
            self._emit({"event": "text", "stream": self.name, "text": piece})

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return False

    def fileno(self) -> int:
        """The real descriptor, for C libraries; what they write arrives as stderr."""
        return 1 if self.name == "stdout" else 2
