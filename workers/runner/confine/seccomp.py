"""seccomp: the system calls a run may make. Everything not named does not exist for it.

The filter is a program for the kernel's packet-filter machine: load a word, compare, jump, return.
"""

from __future__ import annotations

import ctypes
import errno
import os

from workers.runner.confine import kernel, syscalls

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, value

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER_OFFSET, _ARCHITECTURE_OFFSET = 0, 4
_X32_CALLS = 0x40000000  # a second set of calls on x86-64, with other numbers for the same things
_SET_MODE_FILTER, _ACTION_AVAILABLE, _ALL_THREADS, _LISTENER = 1, 2, 1, 8

_ALLOW: Instruction = (_RETURN, 0, 0, 0x7FFF0000)
_KILL: Instruction = (_RETURN, 0, 0, 0x80000000)
_ASK: Instruction = (_RETURN, 0, 0, 0x7FC00000)

_NAMESPACE_FLAGS = 0x7E020080
_THREAD_FLAGS = 0x10100  # CLONE_THREAD | CLONE_VM
_PLAIN_FORK = 0x1200011  # as the C library's fork() has it: nothing is shared, and the parent gets SIGCHLD
_CONTINUE_SIGNAL = 18
_SHARED_ANONYMOUS = 0x21  # MAP_SHARED | MAP_ANONYMOUS
_UNIX, _STREAM = 1, 1
_PRCTL_OPTIONS = (3, 15, 16, 21, 23, 38, 39, 41, 42, 0x53564D41)  # names, reading state, huge pages
_IOCTLS = (
    0x5401,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
)  # is it a terminal, bytes waiting, blocking, close-on-exec
_FCNTLS_REFUSED = (8, 10, 15, 1024, 1026)  # signals to others on I/O, leases, notices
_METADATA = ("chmod", "fchmod", "fchmodat", "utime", "utimes", "utimensat", "futimesat")


class _Filter(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("if_true", ctypes.c_ubyte),
        ("if_false", ctypes.c_ubyte),
        ("value", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filters", ctypes.POINTER(_Filter)))


def available() -> bool:
    """Whether this machine's calls are known to us and its kernel takes filters."""
    if syscalls.column() is None:
        return False
    kernel.prctl(22, 2, 0)  # PR_SET_SECCOMP with no filter: EFAULT where filters exist, EINVAL where not
    return ctypes.get_errno() == errno.EFAULT


def restrict(own_files: bool, forks: bool = False, drives: bool = False) -> None:
    """From now on, and for ever, only these calls. Needs no-new-privileges or CAP_SYS_ADMIN.

    `own_files`: every file that could be written is this run's own, so their modes and times are its affair
    (Landlock alone does not guard those). `forks`: a plain fork is for another filter to judge. `drives`: it
    may say anything to the devices it can open, as whoever uses a GPU does.

    For all threads at once: the driver of a GPU has started some by now.
    """
    install(program(os.getpid(), own_files, forks, drives), _ALL_THREADS)


def ask_before_forks() -> int:
    """From now on a plain fork waits for leave. Returns the descriptor on which whoever holds it is asked."""
    clone = syscalls.number("clone")
    assert clone is not None
    asked = [_argument(0), (_EQUAL, 0, 1, _PLAIN_FORK), _ASK]
    return install([(_LOAD, 0, 0, _NUMBER_OFFSET), (_EQUAL, 0, len(asked), clone), *asked, _ALLOW], _LISTENER)


def can_ask() -> bool:
    """Whether the kernel can ask another process about a call."""
    action = ctypes.c_uint(_ASK[3])
    return kernel.syscall("seccomp", _ACTION_AVAILABLE, 0, ctypes.byref(action)) == 0


def install(instructions: list[Instruction], flags: int = 0) -> int:
    """Put a filter in place. It can be joined by others, never taken away."""
    filters = (_Filter * len(instructions))(*(_Filter(*instruction) for instruction in instructions))
    filled = _Program(len(instructions), filters)
    result = kernel.checked(
        kernel.syscall("seccomp", _SET_MODE_FILTER, flags, ctypes.byref(filled)), "seccomp"
    )
    if flags == _ALL_THREADS and result:
        raise OSError(errno.EBUSY, f"seccomp: thread {result} could not be brought behind the filter")
    return result


def program(own_pid: int, own_files: bool, forks: bool = False, drives: bool = False) -> list[Instruction]:
    """The whole filter, for this process on this machine."""
    column = syscalls.column()
    assert column is not None
    rules = [(_LOAD, 0, 0, _ARCHITECTURE_OFFSET), (_EQUAL, 1, 0, syscalls.AUDIT_ARCHITECTURES[column]), _KILL]
    rules.append((_LOAD, 0, 0, _NUMBER_OFFSET))
    if column == 0:
        rules += [(_AT_LEAST, 0, 1, _X32_CALLS), _KILL]
    for name in [*syscalls.ALLOWED, *(_METADATA if own_files else ())]:
        rules += _when(name, [_ALLOW])
    bodies = {
        **judged(own_pid),
        **(_among_forks() if forks else {}),
        **({"ioctl": [_ALLOW]} if drives else {}),
    }
    for name, body in bodies.items():
        rules += _when(name, body)
    for name in syscalls.REFUSED:
        rules += _when(name, [_fail(errno.EPERM)])
    return [*rules, _fail(errno.ENOSYS)]


def judged(own_pid: int) -> dict[str, list[Instruction]]:
    """Calls that depend on an argument; each body ends in a return."""
    refuse = _fail(errno.EPERM)
    no_network = _fail(errno.EACCES)
    return {
        # threads, but no processes and no namespaces; of clone3 the flags cannot be read, so it is not there
        "clone": [_argument(0), (_ANY_BIT, 0, 1, _NAMESPACE_FLAGS), refuse, *_only_with(_THREAD_FLAGS)],
        "clone3": [_fail(errno.ENOSYS)],
        # memory that several mappings share could be hidden from the memory limit
        "mmap": [
            _argument(3),
            (_AND, 0, 0, _SHARED_ANONYMOUS),
            (_EQUAL, 0, 1, _SHARED_ANONYMOUS),
            refuse,
            _ALLOW,
        ],
        "prctl": _one_of(0, _PRCTL_OPTIONS, _fail(errno.EINVAL)),
        "ioctl": _one_of(1, _IOCTLS, _fail(errno.ENOTTY)),
        "fcntl": _none_of(1, _FCNTLS_REFUSED),
        # a pair of datagram sockets could send to any socket by name
        "socketpair": [
            *(_argument(0), (_EQUAL, 1, 0, _UNIX), refuse),
            *(_argument(1), (_AND, 0, 0, 0xF), (_EQUAL, 0, 1, _STREAM), _ALLOW, refuse),
        ],
        **{name: [no_network] for name in ("socket", "connect", "bind", "listen", "accept", "accept4")},
        **{name: _one_of(0, (own_pid,), refuse) for name in ("kill", "tgkill")},
        "tkill": [refuse],
        "prlimit64": _one_of(0, (0, own_pid), refuse),
        "setrlimit": [_ALLOW],
        "sched_setaffinity": _one_of(0, (0, own_pid), refuse),
    }


def _among_forks() -> dict[str, list[Instruction]]:
    """What differs in a process that is to be forked: nobody knows its number before. All it could reach is
    in its own pid namespace, and none of that may be set going again.
    """
    refuse = _fail(errno.EPERM)
    return {
        "clone": [_argument(0), (_EQUAL, 0, 1, _PLAIN_FORK), _ALLOW, *judged(0)["clone"]],
        "kill": _signal_to_one(1),
        "tgkill": _signal_to_one(2),
        "prlimit64": _one_of(0, (0,), refuse),
        "sched_setaffinity": _one_of(0, (0,), refuse),
    }


def _signal_to_one(index: int) -> list[Instruction]:
    """To one process, not to all or to a group; argument `index` is the signal."""
    return [
        *(_argument(0), (_EQUAL, 4, 0, 0), (_AT_LEAST, 3, 0, 1 << 31)),
        *(_argument(index), (_EQUAL, 1, 0, _CONTINUE_SIGNAL), _ALLOW, _fail(errno.EPERM)),
    ]


def _when(name: str, body: list[Instruction]) -> list[Instruction]:
    number = syscalls.number(name)
    return [] if number is None else [(_EQUAL, 0, len(body), number), *body]


def _argument(index: int) -> Instruction:
    return (_LOAD, 0, 0, 16 + 8 * index)  # its lower half: both machines are little-endian


def _only_with(flags: int) -> list[Instruction]:
    return [(_AND, 0, 0, flags), (_EQUAL, 0, 1, flags), _ALLOW, _fail(errno.EPERM)]


def _one_of(index: int, values: tuple[int, ...], otherwise: Instruction) -> list[Instruction]:
    checks = [step for value in values for step in ((_EQUAL, 0, 1, value), _ALLOW)]
    return [_argument(index), *checks, otherwise]


def _none_of(index: int, values: tuple[int, ...]) -> list[Instruction]:
    checks = [step for value in values for step in ((_EQUAL, 0, 1, value), _fail(errno.EPERM))]
    return [_argument(index), *checks, _ALLOW]


def _fail(number: int) -> Instruction:
    return (_RETURN, 0, 0, 0x50000 | number)
