"""Seconds, CPU-seconds and memory of other processes, and percentiles. Linux: read from /proc."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.processes import spawn, stop

_TICK = os.sysconf("SC_CLK_TCK")
_LOOK = 0.005  # seconds between two looks at who has ended


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which `share` (0 to 1) of them lie; between two neighbours, what lies between.

    >>> percentile([1.0, 2.0, 4.0], 0.5), percentile([1.0, 3.0], 0.75)
    (2.0, 2.5)
    """
    ordered = sorted(values)
    if not ordered:
        raise ValueError("nothing was measured")
    place = share * (len(ordered) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


@dataclass(frozen=True)
class Command:
    """What to run; all it says goes to `log`."""

    words: list[str]
    log: Path
    folder: Path


@dataclass(frozen=True)
class Ran:
    """A command that has ended. `cpu` counts all processes that it started and waited for."""

    seconds: float
    cpu: float
    code: int
    ended: float  # time.monotonic()
    log: Path


def run(command: Command, environment: Mapping[str, str]) -> Ran:
    """To its end."""
    return next(iter(run_all([command], environment, at_once=1)))


def run_all(
    commands: Iterable[Command], environment: Mapping[str, str], at_once: int, start_for: float = 1e9
) -> Iterator[Ran]:
    """Each to its end, `at_once` at a time; after `start_for` seconds no further one is started.

    Whatever is still running when the caller stops listening is ended.
    """
    waiting, begun = iter(commands), time.monotonic()
    running: dict[subprocess.Popen[bytes], tuple[float, Path]] = {}
    try:
        while True:
            while len(running) < at_once and time.monotonic() - begun < start_for:
                command = next(waiting, None)
                if command is None:
                    break
                running[_start(command, environment)] = time.monotonic(), command.log
            if not running:
                return
            time.sleep(_LOOK)
            yield from _ended(running)
    finally:
        stop(running, 2)


def _start(command: Command, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with command.log.open("wb") as output:
        return spawn(command.words, env=environment, cwd=command.folder, output=output, errors=output)


def _ended(running: dict[subprocess.Popen[bytes], tuple[float, Path]]) -> Iterator[Ran]:
    for process, (started, log) in list(running.items()):
        number, status, used = os.wait4(process.pid, os.WNOHANG)
        if number:
            process.returncode = os.waitstatus_to_exitcode(status)
            del running[process]
            now = time.monotonic()
            yield Ran(now - started, used.ru_utime + used.ru_stime, process.returncode, now, log)


# ── processes that stay ─────────────────────────────────────────────────────


def family(root: int) -> list[int]:
    """A process and all that descend from it."""
    return [root, *(below for child in children(root) for below in family(child))]


def children(process: int) -> list[int]:
    """Those that any thread of this process has started, and that live."""
    with suppress(OSError):
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        return [int(word) for task in tasks for word in (task / "children").read_text().split()]
    return []


def cpu(root: int, *, itself: bool = True) -> float:
    """CPU-seconds of a process, of those below it, and of those below it that have ended.

    `itself`: whether its own count, or only the others'.
    """
    return sum(_cpu(process, own=itself or process != root) for process in family(root))


def _cpu(process: int, own: bool) -> float:
    with suppress(OSError):
        words = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, words[11 if own else 13 : 15])) / _TICK
    return 0.0


@dataclass(frozen=True)
class Memory:
    """Of one process or of several, in MB. Shared pages count in `pss` by each one's share."""

    pss: float
    private: float


def memory(processes: Iterable[int]) -> Memory:
    """Raises PermissionError if one of them may not be looked at."""
    pss = private = 0
    for process in processes:
        with suppress(ProcessLookupError, FileNotFoundError):
            found = _rollup(process)
            pss += found.get("Pss", 0)
            private += found.get("Private_Clean", 0) + found.get("Private_Dirty", 0)
    return Memory(pss / 1024, private / 1024)


def _rollup(process: int) -> dict[str, int]:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}


# ── the machine ─────────────────────────────────────────────────────────────


def load() -> float:
    """How many processes wanted to run, over the last minute."""
    return os.getloadavg()[0]
