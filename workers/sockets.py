"""The unix sockets that the worker asks runner and examiner by. Standard library only."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

_BACKLOG = 128


def listen(path: Path, *, group: bool = False) -> socket.socket:
    """A socket that only this user may connect to, or also its `group`; what a dead process left is removed.

    Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117 if group else 0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    listener.listen(_BACKLOG)
    return listener


def answers(path: Path) -> bool:
    """Whether somebody listens there."""
    with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as probe:
        probe.settimeout(2)
        return probe.connect_ex(str(path)) == 0
