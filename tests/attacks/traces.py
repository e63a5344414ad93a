"""What an attack could leave behind: processes, descriptors, memory, files, cgroups. Read from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MARK = "unembed-attack"  # begins the name of whatever an attack creates on purpose


def children() -> dict[int, list[int]]:
    """Process → its children, of all that there are."""
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit() and (parent := _parent(int(name))):
            found.setdefault(parent, []).append(int(name))
    return found


def _parent(pid: int) -> int:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    state, parent = stat.rpartition(")")[2].split()[:2]
    return 0 if state == "X" else int(parent)


@dataclass(frozen=True)
class Tree:
    """A process and everything beneath it: those that have children of their own, and those without."""

    inner: frozenset[int]
    leaves: frozenset[int]

    @classmethod
    def of(cls, pid: int) -> Tree:
        known = children()
        inner, leaves, waiting = set(), set(), [pid]
        while waiting:
            here = waiting.pop()
            below = known.get(here, [])
            (inner if below else leaves).add(here)
            waiting += below
        return cls(frozenset(inner), frozenset(leaves))


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory(pid: int) -> int:
    """Bytes that are this process's own."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) << 10
    return 0


def cgroups(pids: Iterable[int]) -> set[str]:
    """The cgroups that these processes are in, as /proc writes them: `memory:/path`, `:/path`."""
    found: set[str] = set()
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/cgroup").read_text().splitlines()
        except OSError:
            continue
        found |= {line.partition(":")[2] for line in lines}
    return found


def existing_cgroups(names: Iterable[str]) -> list[Path]:
    """Their folders, as far as there are any."""
    found = []
    for name in names:
        controllers, _, path = name.partition(":")
        mounts = [f"/sys/fs/cgroup/{controllers.removeprefix('name=')}", "/sys/fs/cgroup/unified"]
        mounts += ["/sys/fs/cgroup"] if not controllers else []
        found += [place for mount in mounts if path != "/" and (place := Path(mount + path)).is_dir()]
    return found


def files(folder: Path) -> set[str]:
    """Everything in a folder, by its path in it."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def marked(folders: Iterable[Path]) -> list[Path]:
    """What attacks have created in these folders."""
    return [path for folder in folders if folder.is_dir() for path in folder.glob(f"*{MARK}*")]
