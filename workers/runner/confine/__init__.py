"""The walls around a run: which ones this machine gives, and how zygote and child go behind them."""

from __future__ import annotations

import os
import resource
from dataclasses import asdict, dataclass
from typing import Any

from workers.runner.limits import Limits


@dataclass(frozen=True)
class Plan:
    """The walls to build. Made once by the supervisor; zygote and children build exactly these or fail."""

    namespaces: bool = False

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def fork(plan: Plan) -> int:
    return os.fork()


def enter_child(plan: Plan, number: int) -> list[str]:
    return []


def set_run_limits(limits: Limits) -> None:
    """Memory on top of what the warm process has, and processor time: hard, for the rest of this process."""
    with open("/proc/self/statm") as statm:
        held = int(statm.read().split()[0]) * resource.getpagesize()
    most = held + limits.memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))


@dataclass(frozen=True)
class Found:
    """What this machine gives: the plan, the names of its walls, and why others are missing."""

    plan: Plan
    layers: list[str]
    missing: dict[str, str]
    enough: bool

    def sentence(self) -> str:
        return ""


def find(mode: str, models: list[str]) -> Found:
    return Found(Plan(), [], {}, False)


def enter_zygote(plan: Plan) -> None:
    pass


def handle(pid: int) -> int | None:
    """A descriptor that stands for the process, where the system has such."""
    return os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None


def clean_up(plan: Plan, number: int) -> None:
    pass


def collapse_heap() -> None:
    pass
