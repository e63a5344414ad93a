"""Becomes another program under worse circumstances: as nobody, or where the kernel refuses namespaces.

`python circumstances.py [--nobody] [--refuse-namespaces | --refuse-everything] -- -m workers.runner …`
Only root may be nobody.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from workers.runner.confine import kernel, seccomp, syscalls  # noqa: E402

NOBODY = 65534


def make_passable(paths: list[str]) -> None:
    """In a file system of our own, show each path also to users who may not enter a folder above it."""
    kernel.unshare(kernel.NEWNS)
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    closed: dict[str, list[str]] = {}
    for path in paths:
        parents = [str(parent) for parent in reversed(Path(os.path.realpath(path)).parents)]
        shut = [parent for parent in parents if not os.stat(parent).st_mode & stat.S_IXOTH]
        if shut:
            closed.setdefault(shut[0], []).append(os.path.realpath(path))
    for folder, inside in closed.items():
        _cover(folder, inside)


def _cover(folder: str, inside: list[str]) -> None:
    """An empty folder over this one, with only those paths in it."""
    kept = {path: os.open(path, os.O_PATH) for path in inside}
    kernel.mount("tmpfs", folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755")
    for path, place in kept.items():
        os.makedirs(path, exist_ok=True)
        kernel.mount(f"/proc/self/fd/{place}", path, None, kernel.MS_BIND | kernel.MS_REC)
        os.close(place)


def refuse_namespaces() -> None:
    """As Docker's default profile does: no new namespaces, no mounts."""
    column = syscalls.column()
    assert column is not None
    refuse = (0x06, 0, 0, 0x50000 | errno.EPERM)
    rules: list[seccomp.Instruction] = [(0x20, 0, 0, 0)]
    for name in ("unshare", "mount", "setns", "pivot_root", "umount2"):
        rules += [(0x15, 0, 1, syscalls.number(name) or 0), refuse]
    kernel.no_new_privileges()
    seccomp.install([*rules, (0x06, 0, 0, 0x7FFF0000)])


def refuse_everything() -> None:
    """As an old kernel: neither namespaces nor filters nor Landlock."""
    refuse = (0x06, 0, 0, 0x50000 | errno.EINVAL)
    rules: list[seccomp.Instruction] = [(0x20, 0, 0, 0)]
    for name in ("unshare", "prctl", "seccomp", "landlock_create_ruleset"):
        rules += [(0x15, 0, 1, syscalls.number(name) or 0), refuse]
    kernel.no_new_privileges()
    seccomp.install([*rules, (0x06, 0, 0, 0x7FFF0000)])


def main() -> None:
    here = sys.argv.index("--")
    wanted, command = sys.argv[1:here], [sys.executable, *sys.argv[here + 1 :]]
    if os.getuid() == 0 and "--refuse-everything" not in wanted:
        make_passable([sys.base_prefix, sys.prefix, str(ROOT)])
    if "--nobody" in wanted:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if "--refuse-namespaces" in wanted:
        refuse_namespaces()
    if "--refuse-everything" in wanted:
        refuse_everything()
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
