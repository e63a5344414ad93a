"""Landlock: which files a run may touch, no TCP, and no signals or abstract sockets out of its own domain."""

from __future__ import annotations

import contextlib
import os
import stat
import struct
from collections.abc import Iterable

from workers.runner.confine import kernel

# access rights to files, as the kernel numbers them
_EXECUTE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 2, 1 << 3
_ON_FILES = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15  # execute, write, read, truncate, ioctl on devices
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}  # how many rights each version of the interface knows; later ones: 16
_BIND_AND_CONNECT_TCP = 3
_ABSTRACT_SOCKETS_AND_SIGNALS = 3
_VERSION_FLAG, _PATH_BENEATH = 1, 1

READ = _EXECUTE | _READ_FILE | _READ_DIR
LIST = _READ_DIR


def version() -> int:
    """Of the kernel's Landlock interface; 0 if there is none."""
    try:
        return max(0, kernel.syscall("landlock_create_ruleset", None, 0, _VERSION_FLAG))
    except OSError:
        return 0


def restrict(version: int, reading: Iterable[str], listing: Iterable[str], writing: Iterable[str]) -> None:
    """For ever: read below `reading`, see only names below `listing`, write below `writing`.

    One ruleset per process: rules added to a shared one would add up, and /proc/self must be our own.
    """
    rights = (1 << _RIGHTS.get(version, 16)) - 1
    ruleset = _create(version, rights)
    try:
        for paths, access in ((reading, READ), (listing, LIST), (writing, rights & ~_EXECUTE)):
            for path in paths:
                _allow(ruleset, path, access & rights)
        kernel.checked(kernel.syscall("landlock_restrict_self", ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)


def _create(version: int, rights: int) -> int:
    attributes = struct.pack("=Q", rights)
    if version >= 4:
        attributes += struct.pack("=Q", _BIND_AND_CONNECT_TCP)
    if version >= 6:
        attributes += struct.pack("=Q", _ABSTRACT_SOCKETS_AND_SIGNALS)
    created = kernel.syscall("landlock_create_ruleset", attributes, len(attributes), 0)
    return kernel.checked(created, "landlock_create_ruleset")


def _allow(ruleset: int, path: str, access: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        try:
            if not stat.S_ISDIR(os.fstat(place).st_mode):
                access &= _ON_FILES
            if access:
                rule = struct.pack("=Qi", access, place)
                added = kernel.syscall("landlock_add_rule", ruleset, _PATH_BENEATH, rule, 0)
                kernel.checked(added, f"landlock_add_rule {path}")
        finally:
            os.close(place)
