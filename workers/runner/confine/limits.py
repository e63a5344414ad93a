"""Limits that the kernel holds for us: memory, processor time, size and number of files, threads."""

from __future__ import annotations

import math
import resource
import sys

from workers.runner.limits import FILE_BYTES, OPEN_FILES, THREADS, Limits

_THREADS_OF_ALL = 512  # where all children count as one user
_KEPT = 32  # processes of one learner beside the one that runs: snapshots, and dead ones not yet buried


def set_fixed(own_user: bool, own_namespace: bool, forks: bool = False, pins: bool = False) -> None:
    """What is the same for every run. The kernel counts threads by user, so their limit needs an own one.

    `pins`: a GPU's driver may hold memory in its place.
    """
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, FILE_BYTES)
    _lower(resource.RLIMIT_NOFILE, OPEN_FILES)
    if not pins:
        _lower(resource.RLIMIT_MEMLOCK, 0)
    if hasattr(resource, "RLIMIT_MSGQUEUE"):
        _lower(resource.RLIMIT_MSGQUEUE, 0)
    if own_user:
        _lower(resource.RLIMIT_NPROC, THREADS + (_KEPT if forks else 0))
    elif own_namespace:
        _lower(resource.RLIMIT_NPROC, _THREADS_OF_ALL)


def set_for_run(limits: Limits, address_space: bool = True) -> None:
    """Memory on top of what the warm process has, and processor time: hard, until this process ends.

    Without `address_space` only a control group limits memory: a GPU's driver reserves more addresses than
    there could ever be memory.
    """
    if address_space and sys.platform.startswith("linux"):  # elsewhere the kernel does not hold it
        _lower(resource.RLIMIT_AS, _held() + limits.memory)
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_seconds, limits.cpu_seconds + 1))


def set_processor_time(left: float) -> None:
    """For a fork, whose clock of the processor starts anew: what those before it have left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CPU)
    seconds = max(1, math.ceil(left))
    resource.setrlimit(resource.RLIMIT_CPU, (min(seconds, soft), min(seconds + 1, hard)))


def _lower(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(kind, (value, value))


def _held() -> int:
    """Bytes of address space of this process."""
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()
