"""Namespaces: an own, small, read-only file system, and neither network nor other processes in sight.

The zygote is process 1 of its own pid namespace, so that with it everything it forked dies; each child is
process 1 of one more, with a scratch folder of its own.
"""

from __future__ import annotations

import os
import signal
import socket
from typing import NoReturn

from workers.runner.confine import kernel, sight
from workers.runner.limits import FILE_BYTES, FILES

SCRATCH = "/cell"  # where a run may write

_INSIDE_ID = 1000  # as what an ordinary user appears in a user namespace of their own
_PLAIN = kernel.MS_NOSUID | kernel.MS_NODEV
_PROC = _PLAIN | kernel.MS_NOEXEC

_pid_namespace = -1  # the zygote's, to come back to after each fork


def enter_zygote(seen: sight.Sight, base: str) -> None:
    """Go behind the walls, over the empty folder `base`. What returns is process 1; its parent only waits."""
    global _pid_namespace
    _unshare()
    kernel.die_with_parent(signal.SIGKILL)
    pid = os.fork()
    if pid:
        _wait_for(pid)
    kernel.die_with_parent(signal.SIGKILL)
    _build_root(seen, base)
    kernel.mount("proc", "/proc", "proc", _PROC)
    socket.sethostname("unembed")
    _pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)


def fork() -> int:
    """Fork a child into a pid namespace of its own."""
    kernel.unshare(kernel.NEWPID)
    pid = -1
    try:
        pid = os.fork()
    finally:
        if pid != 0:
            kernel.setns(_pid_namespace, kernel.NEWPID)
    return pid


def enter_child(forks: bool = False) -> None:
    """An empty scratch folder, and a /proc that shows this process alone; `forks`: also to those it forks."""
    kernel.unshare(kernel.NEWNS | kernel.NEWIPC | kernel.NEWUTS)
    options = f"size={FILE_BYTES},nr_inodes={FILES},mode=1777"
    kernel.mount("tmpfs", SCRATCH, "tmpfs", _PLAIN, options)
    kernel.mount("proc", "/proc", "proc", _PROC, "hidepid=2" if forks else "")
    os.chdir(SCRATCH)


def _unshare() -> None:
    everything = kernel.NEWNS | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWPID
    user, group = os.getuid(), os.getgid()
    if user == 0:
        return kernel.unshare(everything)
    kernel.unshare(everything | kernel.NEWUSER)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{_INSIDE_ID} {user} 1"),
        ("gid_map", f"{_INSIDE_ID} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w") as file:
            file.write(text)
    return None


def _wait_for(pid: int) -> NoReturn:
    """End as process 1 ends. Nothing else may happen here: this process still sees the whole machine."""
    os.closerange(3, 65536)
    _, status = os.waitpid(pid, 0)
    os._exit(abs(os.waitstatus_to_exitcode(status)))


def _build_root(seen: sight.Sight, base: str) -> None:
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    kernel.mount("tmpfs", base, "tmpfs", _PLAIN, "size=4m,mode=755")
    for path in (*seen.reading, *seen.devices):
        _bind(path, base + path, is_device=path in seen.devices)
    for link in seen.links:
        os.makedirs(os.path.dirname(base + link), exist_ok=True)
        os.symlink(os.readlink(link), base + link)
    os.mkdir(base + SCRATCH)
    os.mkdir(base + "/proc")
    if not os.path.exists(base + "/tmp"):  # it does where the source or the interpreter lies below /tmp
        os.symlink(SCRATCH, base + "/tmp")
    # the old /proc stays beneath the new one: where it were hidden, the kernel would refuse the new one
    kernel.mount("/proc", base + "/proc", None, kernel.MS_BIND | kernel.MS_REC)
    kernel.pivot_root(base)
    kernel.mount(None, "/", None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _PLAIN)
    kernel.mount("tmpfs", SCRATCH, "tmpfs", _PLAIN, "size=16m,mode=1777")


def _bind(source: str, target: str, is_device: bool) -> None:
    """Show a file or a folder, read-only but for devices."""
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        open(target, "w").close()
    kernel.mount(source, target, None, kernel.MS_BIND | kernel.MS_REC)
    if not is_device:
        flags = kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | _PLAIN | _inherited(target)
        kernel.mount(None, target, None, flags)


def _inherited(path: str) -> int:
    """Flags of the mount that somebody without privileges must not take away."""
    flags = os.statvfs(path).f_flag
    kept = flags & (kernel.MS_NOEXEC | kernel.MS_NOATIME | kernel.MS_NODIRATIME)
    return kept | (kernel.MS_RELATIME if flags & os.ST_RELATIME else 0)
