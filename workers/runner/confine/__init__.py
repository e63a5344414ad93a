"""The walls around a run: which ones this machine gives, and how zygote and children go behind them.

A missing wall is never passed over in silence: the supervisor settles at its start which ones there are, and
a child that cannot build exactly those runs nothing.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from workers.runner.confine import cgroup, kernel, landlock, limits, namespaces, seccomp, sight
from workers.runner.limits import FILE_BYTES, FILES, Limits

__all__ = [
    "Found",
    "Plan",
    "can_ask",
    "clean_up",
    "collapse_heap",
    "enter_child",
    "enter_zygote",
    "find",
    "fork",
    "handle",
    "host_pid",
    "lives",
    "overfull",
    "set_processor_time",
    "set_run_limits",
    "threads",
]

set_processor_time = limits.set_processor_time
can_ask = seccomp.can_ask

_USERS = 50_000  # run n gets user id base + n, modulo this many
_HIGH_USER, _LOW_USER = 2_000_000, 10_000  # the second where a container knows only 65536 ids
_HUGE_PAGE = 2 << 20


@dataclass(frozen=True)
class Plan:
    """The walls to build, and what stays visible. Made once by the supervisor, and passed on as JSON."""

    namespaces: bool = False
    landlock: int = 0  # version of the kernel's interface
    seccomp: bool = False
    user: int = 0  # the first of the user ids that runs get; 0 if they keep ours
    base: str = ""  # an empty folder of ours: under the new root, or for scratch folders
    seen: sight.Sight = field(default_factory=sight.Sight)
    groups: cgroup.Groups | None = None  # into which the supervisor puts each run
    device: str = "cpu"  # what a run may compute on; with a GPU the walls have a door

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, given: dict[str, Any]) -> Plan:
        groups = cgroup.Groups(**given["groups"]) if given["groups"] else None
        return cls(**{**given, "seen": sight.Sight(**given["seen"]), "groups": groups})

    @property
    def confines(self) -> bool:
        return self.namespaces or self.landlock > 0 or self.seccomp

    @property
    def scratch(self) -> str:
        """The folder in which the zygote may write."""
        return namespaces.SCRATCH if self.namespaces else self.base

    @property
    def layers(self) -> list[str]:
        named = {
            "namespaces": self.namespaces,
            "landlock": self.landlock > 0,
            "seccomp": self.seccomp,
            "uid": self.user > 0,
            "cgroup": self.groups is not None,
            "gpu": self.device != "cpu",  # no wall but a hole in them, and named so that everybody sees it
        }
        return [*(name for name, there in named.items() if there), "limits"] if self.confines else []


@dataclass(frozen=True)
class Found:
    """What this machine gives: the plan, and for each missing wall a sentence that says why."""

    plan: Plan
    missing: dict[str, str]

    @property
    def enough(self) -> bool:
        """The least behind which a stranger's code may run."""
        return self.plan.seccomp and (self.plan.namespaces or self.plan.landlock > 0)


def find(mode: str, models: list[str], base: Path, device: str = "cpu") -> Found:
    """Try which walls hold here, in processes of their own. `base` is made anew; `clean_up` removes it."""
    plan = Plan(base=_make_base(base), seen=sight.look(models, device), device=device)
    if mode == "off":
        return Found(plan, {"sandbox": "The sandbox is switched off: only run code that you trust."})
    if not sys.platform.startswith("linux"):
        return Found(plan, {"sandbox": "This system has no sandbox for cells: only run code that you trust."})
    return _find_walls(replace(plan, landlock=landlock.version(), seccomp=seccomp.available()))


def _find_walls(plan: Plan) -> Found:
    missing = {}
    if not plan.landlock:
        missing["landlock"] = "Landlock is not there; it needs Linux 5.13 or later."
    if not plan.seccomp:
        missing["seccomp"] = "seccomp filters are not there, or not for this kind of processor."
    why = _try(replace(plan, namespaces=True))
    if why:
        missing["namespaces"] = f"Namespaces are refused here ({why})."
    plan = replace(plan, namespaces=not why)
    plan, no_user = _find_user(plan)
    if no_user:
        missing["uid"] = no_user
    if not plan.namespaces and (why := _try(plan)):
        missing["sandbox"] = f"No sandbox holds here ({why})."
        plan = replace(plan, landlock=0, seccomp=False, user=0)
    plan = replace(plan, groups=cgroup.find())
    if plan.groups is None:
        missing["cgroup"] = _without_groups(plan)
    if plan.device != "cpu":
        missing["gpu"] = (
            "Runs may give every order to the GPU's driver, which is part of the kernel: a weaker wall than "
            "without. Nobody has tried these walls with a GPU yet."
        )
    return Found(plan, missing)


def _without_groups(plan: Plan) -> str:
    if plan.device == "cpu":
        return "No control groups may be made here: memory and threads are limited without them."
    return (
        "No control groups may be made here, and a process with a GPU can have no limit on its addresses: "
        "nothing limits the memory of a run."
    )


def _find_user(plan: Plan) -> tuple[Plan, str]:
    """The plan with user ids of their own for runs, or as it is and the reason why they keep ours."""
    if os.getuid() != 0:
        alone = "" if plan.namespaces else "Runs share our user id, as only root can give each its own."
        return plan, alone
    if not plan.namespaces and not sight.open_to_others(plan.base, with_parents=True):
        os.rmdir(plan.base)
        plan = replace(plan, base=os.path.realpath(tempfile.mkdtemp(prefix="unembed-")))
        os.chmod(plan.base, 0o711)
    closed = [path for path in plan.seen.reading if not sight.open_to_others(path, not plan.namespaces)]
    if closed:
        return plan, f"Runs keep our user id, as another one could not read {closed[0]}."
    why = ""
    for user in (_HIGH_USER, _LOW_USER):
        if not (why := _try(replace(plan, user=user))):
            return replace(plan, user=user), ""
    return plan, f"Runs keep our user id, as changing it is refused ({why})."


def _make_base(base: Path) -> str:
    """A fresh folder; what a killed runner left there is removed."""
    shutil.rmtree(base, ignore_errors=True)
    base.mkdir(parents=True)
    base.chmod(0o711)
    return os.path.realpath(base)


def _try(plan: Plan) -> str:
    """Build these walls in a process that then ends; empty, or the reason why they cannot be built."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        _rehearse(plan, writing)
    os.close(writing)
    with open(reading, "rb") as pipe:
        said = pipe.read(4000).decode("utf-8", "replace")
    _, status = os.waitpid(pid, 0)
    clean_up(plan, 0)
    return "" if said == "ok" else said or f"it ended with status {os.waitstatus_to_exitcode(status)}"


def _rehearse(plan: Plan, pipe: int) -> None:
    said = "ok"
    try:
        enter_zygote(plan)
        pid = fork(plan)
        if pid:
            os.waitpid(pid, 0)
            os._exit(0)
        enter_child(plan, 0)
    except OSError as error:
        said = str(error)
    except Exception:
        said = traceback.format_exc(limit=-1)
    finally:
        os.write(pipe, said.encode())
        os._exit(0)


# -- building them -----------------------------------------------------------------------------------


def enter_zygote(plan: Plan) -> None:
    """The walls that all children share. With namespaces, the process that returns is another one."""
    if plan.namespaces:
        namespaces.enter_zygote(plan.seen, plan.base)
    elif sys.platform.startswith("linux"):
        kernel.die_with_parent(signal.SIGKILL)


def fork(plan: Plan) -> int:
    """As `os.fork`, behind one wall more where there are namespaces."""
    return namespaces.fork() if plan.namespaces else os.fork()


def set_run_limits(plan: Plan, of_run: Limits) -> None:
    """Hard, until this process ends."""
    limits.set_for_run(of_run, address_space=plan.device == "cpu")


def enter_child(plan: Plan, number: int, listener: Callable[[int], None] | None = None) -> list[str]:
    """Build every wall of the plan around this process. Returns their names; raises if one does not stand.

    `listener`: the process may fork with the leave of whoever gets this descriptor.
    """
    forks = listener is not None
    scratch = _enter_scratch(plan, number, forks)
    if not plan.confines:
        return []
    gpu = plan.device != "cpu"
    limits.set_fixed(plan.user > 0, plan.namespaces and os.getuid() != 0, forks, pins=gpu)
    kernel.forbid_capabilities()
    if plan.user:
        _become(plan.user + number % _USERS)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    kernel.die_with_parent(signal.SIGKILL)
    if plan.landlock:
        _restrict_files(plan, scratch)
    if listener is not None:
        kernel.hide_memory()
        listener(seccomp.ask_before_forks())
    if plan.seccomp:
        seccomp.restrict(own_files=plan.namespaces, forks=forks, drives=gpu)
    return plan.layers


def _enter_scratch(plan: Plan, number: int, forks: bool) -> str:
    if plan.namespaces:
        namespaces.enter_child(forks)
        return namespaces.SCRATCH
    scratch = os.path.join(plan.base, str(number))
    os.mkdir(scratch, 0o700)
    if plan.user:
        user = plan.user + number % _USERS
        os.chown(scratch, user, user)
    os.chdir(scratch)
    os.environ["TMPDIR"] = os.environ["HOME"] = scratch
    tempfile.tempdir = None
    return scratch


def _become(user: int) -> None:
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)


def _restrict_files(plan: Plan, scratch: str) -> None:
    writing = [scratch, *plan.seen.devices]
    if plan.namespaces:
        return landlock.restrict(plan.landlock, ["/"], [], writing)
    reading = [*plan.seen.reading, *plan.seen.devices, "/proc/self", "/proc/cpuinfo", "/proc/meminfo"]
    return landlock.restrict(plan.landlock, reading, plan.seen.listing, writing)


def clean_up(plan: Plan, number: int | None = None) -> None:
    """Remove what a dead child left, or all there is. With namespaces a child's files went with it."""
    if number is None:
        shutil.rmtree(plan.base, ignore_errors=True)
        if plan.groups:
            plan.groups.remove()
    elif not plan.namespaces:
        shutil.rmtree(os.path.join(plan.base, str(number)), ignore_errors=True)


def overfull(plan: Plan, number: int) -> bool:
    """Whether a child has written more than it may; with namespaces its scratch folder has that size."""
    if plan.namespaces:
        return False
    files = [os.path.join(at, name) for at, _, names in os.walk(f"{plan.base}/{number}") for name in names]
    return len(files) > FILES or sum(map(_stored, files)) > FILE_BYTES


def _stored(path: str) -> int:
    try:
        return os.lstat(path).st_blocks * 512
    except OSError:
        return 0


def handle(pid: int) -> int | None:
    """A descriptor that stands for the process, where the system has such."""
    return os.pidfd_open(pid) if hasattr(os, "pidfd_open") else None


def host_pid(handle: int) -> int:
    """The process's number as we see it, whatever it is called in its own namespace; 0 if it is gone."""
    with open(f"/proc/self/fdinfo/{handle}") as file:
        numbers = [int(line.split()[1]) for line in file if line.startswith("Pid:")]
    return max(0, *numbers, 0)


def lives(handle: int) -> bool:
    """Whether the process has not ended yet."""
    return not select.select([handle], [], [], 0)[0]


def threads(pid: int) -> int:
    """How many threads a process has; 0 if nobody can say."""
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


def collapse_heap() -> None:
    """Put our memory on huge pages, if the kernel likes: a fork then copies far fewer page tables."""
    with contextlib.suppress(OSError):
        with open("/proc/self/maps") as file:
            lines = file.read().splitlines()
        for line in lines:
            fields = line.split()
            if fields[1] == "rw-p" and (len(fields) < 6 or fields[5] == "[heap]"):
                start, end = (int(part, 16) for part in fields[0].split("-"))
                start = -(-start // _HUGE_PAGE) * _HUGE_PAGE
                for place in range(start, end // _HUGE_PAGE * _HUGE_PAGE, _HUGE_PAGE):
                    kernel.collapse(place, _HUGE_PAGE)
