"""Becomes one service of the cohort, in a container made of namespaces: `python inside.py SPEC`, as root.

It has a file system of its own that it may only read where Compose says so, a host name, a network (or none),
and neither root's rights nor a way back to them. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

_NEWNS, _NEWUTS, _NEWIPC, _NEWNET = 0x20000, 0x4000000, 0x8000000, 0x40000000
_RDONLY, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 32, 4096, 16384, 1 << 18
_DEATH_SIGNAL, _DROP_CAPABILITY, _NO_NEW_PRIVILEGES = 1, 24, 38
_SYSTEM = ("usr", "bin", "sbin", "lib", "lib64", "etc", "dev", "proc")
_libc = ctypes.CDLL(None, use_errno=True)


def main(spec: dict[str, Any]) -> None:
    parent = os.getppid()
    _check(_libc.unshare(_NEWNS | _NEWUTS | _NEWIPC | _NEWNET), "unshare")
    socket.sethostname(spec["name"])
    if spec["network"]:
        _plug_in(**spec["network"])
    _build(Path(spec["root"]), spec)
    os.chroot(spec["root"])
    os.chdir(spec["home"])
    _become(*spec["user"])
    # to change the user takes back what `spawn` arranged
    _libc.prctl(_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)
    os.execve(spec["command"][0], spec["command"], spec["environment"])


def _plug_in(switch: int, address: str, name: str) -> None:
    """One end of a cable here, the other in the network of process `switch`, on its bridge."""
    there = ["nsenter", "-t", str(switch), "-n", "ip"]
    for command in (
        f"ip link add eth0 type veth peer name {name} netns {switch}",
        f"ip address add {address}/24 dev eth0",
        "ip link set eth0 up",
        "ip link set lo up",
    ):
        subprocess.run(command.split(), check=True)
    subprocess.run([*there, "link", "set", name, "master", "bridge", "up"], check=True)


def _build(root: Path, spec: dict[str, Any]) -> None:
    _mount("", "/", "", _REC | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", 0, "mode=755")
    for name in _SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            (root / name).symlink_to(path.readlink())
        elif path.is_dir():
            _bind(str(path), root / name, name not in ("dev", "proc"))
    for folder, mode, user, group in spec["folders"]:
        inner = root / folder.lstrip("/")
        inner.mkdir(parents=True, exist_ok=True)
        os.chown(inner, user, group)
        inner.chmod(mode)
    for source, target, read_only in spec["binds"]:
        _bind(source, root / target.lstrip("/"), read_only)
    for place, options in spec["tmpfs"].items():
        inner = root / place.lstrip("/")
        inner.mkdir(parents=True, exist_ok=True)
        _mount("tmpfs", inner, "tmpfs", 0, options)
    if spec["read_only"]:
        _mount("", root, "", _REMOUNT | _RDONLY)


def _bind(source: str, target: Path, read_only: bool) -> None:
    if not target.exists():
        if Path(source).is_dir():
            target.mkdir(parents=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
    _mount(source, target, "", _BIND | _REC)
    if read_only:
        _mount("", target, "", _BIND | _REMOUNT | _RDONLY)


def _mount(source: str, target: Path | str, kind: str, flags: int, options: str = "") -> None:
    words = (source.encode(), str(target).encode(), kind.encode(), flags, options.encode())
    _check(_libc.mount(*words), f"mount {target}")


def _become(user: int, group: int) -> None:
    _libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    for capability in range(64):  # numbers that this kernel does not know are refused, and do no harm
        _libc.prctl(_DROP_CAPABILITY, capability, 0, 0, 0)
    os.setgroups([])
    os.setresgid(group, group, group)
    os.setresuid(user, user, user)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
