"""Child processes that never outlive us: own session, parent-death signal, then terminate and kill."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import IO

_LINUX = sys.platform == "linux"
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36

# Runs in the child before the program it becomes. A launcher of its own rather than `preexec_fn`: Python code
# between fork and exec may deadlock if the parent has threads. The parent may die before prctl, so ask again.
_LAUNCHER = """
import ctypes, os, signal, sys
ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
if os.getppid() != int(sys.argv[1]): sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""


def spawn(
    command: list[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | int | None = None,
    errors: IO[bytes] | int | None = None,
    keep: Iterable[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` (its first word an absolute path) in a session of its own.

    On Linux the kernel kills it when the *thread* that called this ends, so call it from the main thread.
    """
    if _LINUX:
        command = [sys.executable, "-I", "-S", "-B", "-c", _LAUNCHER, str(os.getpid()), *command]
    return subprocess.Popen(
        command,
        env=None if env is None else dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=errors,
        pass_fds=tuple(keep),
        start_new_session=True,
    )


def die_with_parent() -> None:
    """Have the kernel end this process (SIGTERM, so that it can tidy up) when its parent dies."""
    if _LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of our children's orphans, so that `end_orphans` finds them."""
    if _LINUX:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def stop(children: Iterable[subprocess.Popen[bytes]], seconds: float) -> None:
    """Ask `children` to end, wait at most `seconds` for all of them, then kill what is left."""
    children = list(children)
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = monotonic() + seconds
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, deadline - monotonic()))
    for child in children:
        _kill_session(child)


def _kill_session(child: subprocess.Popen[bytes]) -> None:
    """A child's own children share its process group unless they asked for another."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def end_orphans() -> None:
    """Kill every child this process still has: what its children left behind, see `adopt_orphans`."""
    for _ in range(100):  # those killed may leave children in turn
        left = _children()
        if not left:
            return
        for process in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(process, 0)


def _children() -> list[int]:
    with suppress(OSError):  # not on every system
        return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    return []
