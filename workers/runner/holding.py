"""A process that is kept as it is, to be forked: the state after some cells, for the next press of Run.

It does nothing else: signals are blocked, garbage is not collected, and between two forks the supervisor has
it stopped. Only the supervisor's leave lets a fork happen (`workers.runner.gate`), and with it come the new
lines: a fork has no way of its own to get any.

Names are taken from their modules here and now, as a cell may put something else there later.
"""

from __future__ import annotations

import ctypes
import gc
from os import WNOHANG, _exit, dup2, fstat, getcwd, listdir, unlink, waitpid, write
from os import close as close_descriptor
from os.path import isdir
from resource import RLIMIT_NOFILE, getrlimit
from shutil import rmtree
from signal import (
    ITIMER_PROF,
    ITIMER_REAL,
    ITIMER_VIRTUAL,
    SIG_BLOCK,
    SIG_SETMASK,
    getitimer,
    pthread_sigmask,
    sigpending,
    valid_signals,
)
from typing import Any

from workers import wire
from workers.runner.confine.namespaces import SCRATCH

CHANNEL = 3
NEW_CHANNEL, NEW_NOISE = 200, 201  # where the supervisor puts a fork's lines
HELLO = b"+"  # a fork's first byte; with it the kernel says which process it is

_ANY_KIND_OF_CHILD = 0x40000000
_LINES = range(CHANNEL + 1)

_open = open

# not os.fork: that would draw new seeds for `random` and call what a cell has registered, here and there
_fork = ctypes.PyDLL(None).fork

_here: list[tuple[int, int]] = []  # what our own descriptors are
_mappings = 0  # how much memory was shared before any cell: the models' weights


def remember_ours() -> None:
    """What is there now is ours; what comes later belongs to a cell."""
    global _here, _mappings
    _here, _mappings = _identities(), _shared_mappings()


def obstacle() -> str:
    """What this process has that a fork of it would lack, or share with it; empty if there is nothing."""
    try:
        return next((name for name, found in _OBSTACLES.items() if found()), "")
    except OSError as error:
        return str(error)


def hold() -> dict[str, Any] | None:
    """Fork whenever the supervisor says so. Returns None in each fork, which has lines of its own; or else,
    here, what was said instead.
    """
    mask = pthread_sigmask(SIG_BLOCK, valid_signals())
    collects = gc.isenabled()
    gc.disable()
    wire.send(CHANNEL, {"event": "held", "why": ""})
    said = _fork_until_here_otherwise()
    if collects:
        gc.enable()
    pthread_sigmask(SIG_SETMASK, mask)
    return said


def _fork_until_here_otherwise() -> dict[str, Any] | None:
    while (frame := wire.receive(CHANNEL)) is not None:
        if frame[0]["op"] != "fork":
            return frame[0]
        _tidy_up()
        child = _fork()
        if child == 0:
            _take_lines()
            return None
        for line in (NEW_CHANNEL, NEW_NOISE) if child > 0 else ():
            close_descriptor(line)
        wire.send(CHANNEL, {"event": "forked", "there": child > 0})
    _exit(0)


def _take_lines() -> None:
    global _here
    for line, targets in ((NEW_CHANNEL, (CHANNEL,)), (NEW_NOISE, (1, 2))):
        for target in targets:
            dup2(line, target, inheritable=False)
        close_descriptor(line)
    _here = _identities()
    write(CHANNEL, HELLO)


def _tidy_up() -> None:
    """Bury what was forked before, and remove the files it left: the next fork has an empty folder."""
    try:
        while waitpid(-1, WNOHANG | _ANY_KIND_OF_CHILD)[0]:
            continue
    except ChildProcessError:
        pass
    for name in listdir(SCRATCH):
        path = f"{SCRATCH}/{name}"
        rmtree(path) if isdir(path) else unlink(path)


def _identities() -> list[tuple[int, int]]:
    found = (fstat(line) for line in _LINES)
    return [(each.st_dev, each.st_ino) for each in found]


def _shared_mappings() -> int:
    with _open("/proc/self/maps") as maps:
        return sum(line.split(maxsplit=2)[1].endswith("s") for line in maps)


def _may_not_open() -> bool:
    """Whether a cell has lowered the number of files so far that a fork's lines have no place."""
    return getrlimit(RLIMIT_NOFILE)[0] <= NEW_NOISE


def _has_timer() -> bool:
    with _open("/proc/self/timers") as timers:
        made = bool(timers.read())
    return made or any(any(getitimer(kind)) for kind in (ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF))


def _has_open_file() -> bool:
    """The one with which the folder is listed takes the lowest free number."""
    expected = {str(line) for line in (*_LINES, CHANNEL + 1)}
    return set(listdir("/proc/self/fd")) != expected or _identities() != _here


_OBSTACLES = {
    "a thread": lambda: len(listdir("/proc/self/task")) != 1,
    "an open file": _has_open_file,
    "fewer files": _may_not_open,
    "a file": lambda: bool(listdir(SCRATCH)) or getcwd() != SCRATCH,
    "a timer": _has_timer,
    "a signal": lambda: bool(sigpending()),
    "shared memory": lambda: _shared_mappings() != _mappings,
}
