"""The few calls of the Linux kernel that Python has no words for."""

from __future__ import annotations

import ctypes
import os
import struct

from workers.runner.confine import syscalls

NEWNS, NEWUTS, NEWIPC = 0x0002_0000, 0x0400_0000, 0x0800_0000
NEWUSER, NEWPID, NEWNET = 0x1000_0000, 0x2000_0000, 0x4000_0000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_REC = 1 << 10, 1 << 11, 1 << 12, 1 << 14
MS_PRIVATE, MS_RELATIME = 1 << 18, 1 << 21

_SET_DUMPABLE = 4
_SET_DEATH_SIGNAL, _DROP_BOUNDING, _NO_NEW_PRIVILEGES, _AMBIENT, _CLEAR_ALL = 1, 24, 38, 47, 4
_CAPABILITY_VERSION = 0x20080522
_MNT_DETACH = 2
_COLLAPSE = 25

_libc = ctypes.CDLL(None, use_errno=True)


def checked(result: int, what: str) -> int:
    """The result of a C call, or `OSError` with what was tried."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(name: str, *arguments: object) -> int:
    """A system call by name; -1 with errno set on failure."""
    number = syscalls.number(name)
    if number is None:
        raise OSError(38, f"{name}: unknown on this machine")
    whole = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return _libc.syscall(ctypes.c_long(number), *whole)


def unshare(flags: int) -> None:
    checked(_libc.unshare(flags), "unshare")


def setns(descriptor: int, kind: int) -> None:
    checked(_libc.setns(descriptor, kind), "setns")


def mount(source: str | None, target: str, kind: str | None = None, flags: int = 0, data: str = "") -> None:
    result = _libc.mount(
        source.encode() if source else None,
        target.encode(),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode() or None,
    )
    checked(result, f"mount {target}")


def pivot_root(new: str) -> None:
    """Make `new` the root, and let go of the old one."""
    os.chdir(new)
    checked(syscall("pivot_root", b".", b"."), "pivot_root")
    checked(_libc.umount2(b".", _MNT_DETACH), "umount the old root")
    os.chdir("/")


def prctl(option: int, *arguments: int) -> int:
    filled = [*arguments, 0, 0, 0, 0][:4]
    return _libc.prctl(option, *(ctypes.c_ulong(argument) for argument in filled))


def die_with_parent(signal: int) -> None:
    """Get this signal when the thread that forked us ends. Changing the uid clears it."""
    checked(prctl(_SET_DEATH_SIGNAL, signal), "prctl PDEATHSIG")


def no_new_privileges() -> None:
    checked(prctl(_NO_NEW_PRIVILEGES, 1), "prctl NO_NEW_PRIVS")


def hide_memory() -> None:
    """From other processes of the same user, forks of ours among them."""
    checked(prctl(_SET_DUMPABLE, 0), "prctl DUMPABLE")


def forbid_capabilities() -> None:
    """No program we start could gain one; to be called while we still may."""
    capability = 0
    while prctl(_DROP_BOUNDING, capability) == 0:
        capability += 1


def drop_capabilities() -> None:
    """All of them, for good."""
    prctl(_AMBIENT, _CLEAR_ALL)
    header = struct.pack("=Ii", _CAPABILITY_VERSION, 0)
    checked(syscall("capset", header, bytes(24)), "capset")


def collapse(start: int, length: int) -> bool:
    """Back this part of our memory with huge pages, which makes a fork of it several times cheaper."""
    return _libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), _COLLAPSE) == 0
