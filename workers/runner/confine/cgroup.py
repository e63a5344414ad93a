"""Control groups: what a run has in memory and how many tasks, counted by the kernel for each run alone.

A limit on address space knows only what one process maps. A group also counts what the kernel keeps for it,
and says afterwards whether it was this run that ran out of memory, or a neighbour.

Both versions are known: in the second one folder holds all controllers, in the first each has its own.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from workers.runner.limits import FILE_BYTES, THREADS

_NAME = "unembed-"
_CONTROLLERS = ("memory", "pids")
_LIMIT = {"cgroup2": "memory.max", "cgroup": "memory.limit_in_bytes"}
_EVENTS = {"cgroup2": "memory.events", "cgroup": "memory.oom_control"}
_BOTH = "+memory +pids"
_TRIES = 20


@dataclass(frozen=True)
class Groups:
    """The folders below which each run gets its groups, one for each controller or one for all."""

    kind: str  # the file system: "cgroup2", or "cgroup" for the first version
    folders: tuple[str, ...]

    def enter(self, number: int, pid: int) -> None:
        """Put a process into new groups. Raises OSError."""
        for folder in self.folders:
            group = os.path.join(folder, str(number))
            os.mkdir(group)
            if os.path.exists(f"{group}/pids.max"):
                _write(f"{group}/pids.max", THREADS)
            _write(f"{group}/cgroup.procs", pid)

    def set_memory(self, number: int, count: int) -> None:
        """Bytes that the run may have from now on, its scratch files among them. Raises OSError."""
        for folder in self.folders:
            limit = f"{folder}/{number}/{_LIMIT[self.kind]}"
            if os.path.exists(limit):
                _write(limit, count + FILE_BYTES)

    def ran_out(self, number: int) -> bool:
        """Whether the kernel ended a process of this run because the run itself had too much memory."""
        for folder in self.folders:
            with contextlib.suppress(OSError):
                for line in Path(folder, str(number), _EVENTS[self.kind]).read_text().splitlines():
                    if line.startswith("oom_kill ") and line != "oom_kill 0":
                        return True
        return False

    def leave(self, number: int) -> bool:
        """Remove the groups of a run; False if one is still busy, as its process has not quite gone."""
        return all([_remove(os.path.join(folder, str(number))) for folder in self.folders])

    def remove(self) -> None:
        """Remove everything, once all runs are dead."""
        for folder in self.folders:
            _remove_patiently(Path(folder))


def find() -> Groups | None:
    """Groups below the first folder above us in which we may make some; None if there is none."""
    for kind, folders in _candidates():
        _remove_leftovers(folders)
        groups = Groups(kind, tuple(os.path.join(folder, f"{_NAME}{os.getpid()}") for folder in folders))
        if _try(groups):
            return groups
        groups.remove()
    return None


def _candidates() -> Iterator[tuple[str, list[str]]]:
    """From our own group upwards: the second version first."""
    mounted, ours = _mounted(), _own_groups()
    if "" in mounted:
        for folder in _upwards(mounted[""], ours.get("", "/")):
            yield "cgroup2", [folder]
    if all(name in mounted for name in _CONTROLLERS):
        yield "cgroup", [_existing(mounted[name], ours.get(name, "/")) for name in _CONTROLLERS]


def _try(groups: Groups) -> bool:
    """Whether a process can be put into a group with both limits. It is a process of its own that tries."""
    try:
        for folder in groups.folders:
            os.mkdir(folder)
            if groups.kind == "cgroup2":
                _hand_down(os.path.dirname(folder))
                _write(f"{folder}/cgroup.subtree_control", _BOTH)
        with subprocess.Popen(["sleep", "60"]) as process:
            try:
                groups.enter(0, process.pid)
                groups.set_memory(0, FILE_BYTES)
            finally:
                process.kill()
    except OSError:
        return False
    return groups.leave(0)


def _hand_down(folder: str) -> None:
    """Let the groups below have the controllers; mostly somebody has done so, and we may not."""
    with contextlib.suppress(OSError):
        _write(f"{folder}/cgroup.subtree_control", _BOTH)


def _mounted() -> dict[str, str]:
    """Controller → where its tree is mounted; the second version's tree has the name ""."""
    found: dict[str, str] = {}
    for line in _lines("/proc/self/mountinfo"):
        left, _, right = line.partition(" - ")
        place, (kind, _, options) = left.split()[4], right.split()[:3]
        if kind == "cgroup2":
            found[""] = place
        elif kind == "cgroup":
            found |= dict.fromkeys(set(options.split(",")) & set(_CONTROLLERS), place)
    return found


def _own_groups() -> dict[str, str]:
    """Controller → the group of this process in its tree."""
    found: dict[str, str] = {}
    for line in _lines("/proc/self/cgroup"):
        _, names, path = line.split(":", 2)
        found |= dict.fromkeys(names.split(","), path)
    return found


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text().splitlines()
    except OSError:
        return []


def _upwards(root: str, path: str) -> Iterator[str]:
    folder = Path(_existing(root, path))
    yield str(folder)
    while folder != Path(root):
        folder = folder.parent
        yield str(folder)


def _existing(root: str, path: str) -> str:
    """Our group's folder; the tree's root where the path is another namespace's."""
    folder = root + path.rstrip("/")
    return folder if os.path.isdir(folder) else root


def _remove_leftovers(folders: list[str]) -> None:
    """Groups of runners that are dead."""
    for folder in folders:
        for left in Path(folder).glob(f"{_NAME}*"):
            if not os.path.exists(f"/proc/{left.name.removeprefix(_NAME)}"):
                _remove_patiently(left)


def _remove_patiently(folder: Path) -> None:
    """With all groups in it; who has just been killed is there for a moment more."""
    for _ in range(_TRIES):
        for group in folder.glob("*/"):
            _remove(str(group))
        if _remove(str(folder)):
            return
        time.sleep(0.05)


def _remove(group: str) -> bool:
    try:
        os.rmdir(group)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _write(path: str, value: int | str) -> None:
    with open(path, "w") as file:
        file.write(str(value))
