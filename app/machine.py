"""What this machine, or the container that we are in, has to give."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path

_OF_CONTAINER = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)

_USED = {  # limit → what of it is used
    _OF_CONTAINER[0]: Path("/sys/fs/cgroup/memory.current"),
    _OF_CONTAINER[1]: Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
}


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


def available_memory() -> int | None:
    """Bytes that could still be had; None where nobody can say."""
    limited = [_in_container(limit, used) for limit, used in _USED.items()]
    found = [left for left in (*limited, _available()) if left is not None]
    return min(found) if found else None


def _in_container(limit: Path, used: Path) -> int | None:
    """What its control group leaves; of what it holds, files read before can give way."""
    try:
        left = int(limit.read_text()) - int(used.read_text())
        held = (limit.parent / "memory.stat").read_text().splitlines()
    except (OSError, ValueError):  # no such limit
        return None
    return max(0, left + sum(int(line.split()[1]) for line in held if line.startswith("inactive_file ")))


def _available() -> int | None:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/meminfo").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    return None
