"""What the examiner gives up before it learns any secret: its environment, the network, being looked into."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from workers.runner.zygote import ENVIRONMENT

_KEPT: tuple[str, ...] = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "PYTHONPATH",
    "PYTHONUNBUFFERED",
)
_KEPT += ("PYTHONDONTWRITEBYTECODE", "MPLCONFIGDIR", "XDG_CACHE_HOME")
# not the zygote's other settings: those are for learners
_SETTLED: tuple[str, ...] = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MALLOC_ARENA_MAX",
    "HF_HUB_OFFLINE",
)
_SETTLED += ("ARROW_DEFAULT_MEMORY_POOL", "JE_ARROW_MALLOC_CONF", "HF_HUB_DISABLE_PROGRESS_BARS")
_SETTLED += ("TOKENIZERS_PARALLELISM", "TRANSFORMERS_VERBOSITY", "MPLBACKEND")
CLEAN = "--clean"  # says that this has been done

_LINUX = sys.platform == "linux"
_PDEATHSIG, _DUMPABLE = 1, 4
_NEWUSER, _NEWNET = 0x10000000, 0x40000000


def clean_environment() -> dict[str, str]:
    """Of all variables, those that tell no secret; and one thread for everything that calculates."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    return kept | {name: ENVIRONMENT[name] for name in _SETTLED}


def start_over_if_needed(arguments: list[str]) -> None:
    """Becomes a new process if the environment holds more: what it started with stays readable in /proc."""
    clean = clean_environment()
    if CLEAN not in arguments and dict(os.environ) != clean:
        os.execve(sys.executable, [sys.executable, "-m", "workers.examiner", CLEAN, *arguments], clean)


def leave_network() -> bool:
    """Into a network without any device, where the kernel lets us; unix sockets still work by their path.

    Has to come before the first thread, so before torch is imported.
    """
    if not _LINUX:
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    if user == 0:
        return kernel.unshare(_NEWNET) == 0
    if kernel.unshare(_NEWUSER | _NEWNET) != 0:
        return False
    with contextlib.suppress(OSError):  # so that files we make still have an owner
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    return True


def close_to_others() -> None:
    """No other process of this user may read our memory or environment."""
    if _LINUX:
        ctypes.CDLL(None).prctl(_DUMPABLE, 0, 0, 0, 0)


def limit(cpu_seconds: int, memory_bytes: int) -> None:
    """Of one grading, in its own process: time to calculate, more memory, and an end with its parent."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 2))
    signal.signal(signal.SIGXCPU, _out_of_time)
    if _LINUX:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
    end_with_parent()


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Raises TimeoutError where this process calculates for longer than that. For the main thread."""
    before = signal.signal(signal.SIGPROF, _out_of_time)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def end_with_parent() -> None:
    """The kernel kills this process when the one that forked it is gone."""
    if _LINUX:
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _out_of_time(*_: object) -> NoReturn:
    raise TimeoutError("this was calculated for too long")
