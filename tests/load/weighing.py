"""How much memory a platform takes: shared pages are counted once, each process' own in full."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path

from tests.chaos.monkey import descendants

_PAUSE = 0.5  # seconds between two looks


def proportional(process: int) -> int:
    """Bytes of a process and of all below it (PSS). Those that may not be looked at count nothing."""
    found = 0
    for one in descendants(process):
        with contextlib.suppress(OSError):
            found += _pss(one)
    return found


def _pss(process: int) -> int:
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) << 10
    return 0


class Scales:
    """Looks again and again, and remembers the most."""

    def __init__(self, process: int) -> None:
        self.most = 0
        self._process, self._over = process, threading.Event()
        self._thread = threading.Thread(target=self._look, name="scales", daemon=True)

    def __enter__(self) -> Scales:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(_PAUSE):
            self.most = max(self.most, proportional(self._process))
