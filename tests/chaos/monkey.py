"""Who kills: finds the processes of a running platform, and ends or stops one at random."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.serve.starting import Site

PATIENCE = 240.0  # seconds until something that was killed is there again
KILLS = {"children": 4, "zygote": 2, "runner": 2, "examiner": 2, "worker": 3, "redis": 2, "site": 3}
STOPS = {"children": 1, "zygote": 1, "runner": 1, "examiner": 1, "worker": 1, "redis": 1, "site": 1}
LONGEST_PAUSE = 2.5  # seconds between two incidents


@dataclass(frozen=True)
class Incident:
    """Something bad that happens to one process, `after` seconds of peace."""

    target: str
    after: float
    stopped: float = 0.0  # seconds; 0 kills

    def __str__(self) -> str:
        return f"{self.target} stopped for {self.stopped:.1f} s" if self.stopped else f"{self.target} killed"


def plan(seed: int, share: float, lease: int) -> list[Incident]:
    """Every target often enough, in random order. A worker is also stopped for longer than its lease."""
    dice = random.Random(seed)
    targets = [(name, False) for name, count in KILLS.items() for _ in range(round(count * share))]
    targets += [(name, True) for name, count in STOPS.items() for _ in range(round(count * share))]
    dice.shuffle(targets)
    return [_incident(dice, name, stops, lease) for name, stops in targets]


def _incident(dice: random.Random, name: str, stops: bool, lease: int) -> Incident:
    longest = lease + 3.0 if name == "worker" else 3.0
    stopped = dice.uniform(longest / 3, longest) if stops else 0.0
    return Incident(name, dice.uniform(0.2, LONGEST_PAUSE), stopped)


class Monkey:
    """Does to a site what it is told, and keeps count."""

    def __init__(self, site: Site) -> None:
        self.site, self.done = site, Counter[str]()

    def commit(self, incident: Incident) -> None:
        time.sleep(incident.after)
        processes = self._find(incident.target)
        if incident.stopped:
            _send(signal.SIGSTOP, processes)
            time.sleep(incident.stopped)
        _send(signal.SIGCONT if incident.stopped else signal.SIGKILL, processes)
        self.done[incident.target + (" stopped" if incident.stopped else "")] += 1

    def _find(self, target: str) -> list[int]:
        deadline = time.monotonic() + PATIENCE
        while not (found := self._processes(target)):
            assert time.monotonic() < deadline, f"no {target}:\n{self.site.output}\n{self.site.logs()}"
            time.sleep(0.1)
        return found

    def _processes(self, target: str) -> list[int]:
        with contextlib.suppress(OSError, KeyError):  # of processes that end while we look
            if target in ("children", "zygote"):
                zygotes = _zygotes(self.site.parts()["runner"])
                return zygotes if target == "zygote" else [pid for one in zygotes for pid in children(one)]
            return [self.site.parts()[target]]
        return []


def _send(what: signal.Signals, processes: list[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):  # children end by themselves, too
            os.kill(process, what)


def children(process: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def descendants(process: int) -> list[int]:
    """Everything that `process` started and what that started, with itself."""
    found = [process]
    for one in found:
        with contextlib.suppress(OSError):
            found += children(one)
    return found


def _zygotes(runner: int) -> list[int]:
    """The warm processes below a runner: where there are namespaces, below a launcher each."""
    return [inner for outer in children(runner) for inner in _inside(outer) or [outer]]


def _inside(launcher: int) -> list[int]:
    return [
        one
        for one in children(launcher)
        if _is_first_of_namespace(one) and not _is_first_of_namespace(launcher)
    ]


def _is_first_of_namespace(process: int) -> bool:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return line.split()[1:][-1] == "1"
    return False
