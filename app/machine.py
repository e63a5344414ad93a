"""What this machine, or the container that we are in, has to give."""

from __future__ import annotations

import os
import socket
from pathlib import Path

_OF_CONTAINER = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)


def name() -> str:
    """How this machine is called; a container, too, where it is given a lasting one."""
    return socket.gethostname()


def cores() -> int:
    """Processors that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def memory() -> int:
    """Bytes of memory: the machine's, or fewer if the container is limited."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for path in _OF_CONTAINER:
        try:
            limits.append(int(path.read_text()))
        except (OSError, ValueError):  # no such limit
            continue
    return min(limits)
