"""What a run may see of the file system: interpreter, libraries, the lab, the models and public data. Nothing
else.

Above all not the course (it holds the references) and not the data folder.
"""

from __future__ import annotations

import glob
import os
import stat
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from workers import digits

PACKAGE = Path(__file__).resolve().parents[2]  # workers/
ROOT = PACKAGE.parent

_OF_WORKERS = (
    "__init__.py", "wire.py", "values.py", "rehearsal.py", "digits.py", "lab", "runner",
    "training/__init__.py", "training/corpus.py", "training/lexicon.py",  # `lab.tales`
    "training/giving.py",  # `lab.indirect_objects`
    "training/bracket_strings.py",  # `lab.brackets`
)  # fmt: skip
_SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime",
    "/sys/devices/system/cpu",
)  # fmt: skip
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
# What NVIDIA's libraries open and read, as they are documented; nobody has run this with a GPU.
_OF_GPUS = ("/dev/nvidia[0-9]*", "/dev/nvidiactl", "/dev/nvidia-uvm*", "/dev/nvidia-caps")
_SYSTEM_OF_GPUS = ("/sys/bus/pci/devices", "/sys/devices", "/sys/module/nvidia", "/sys/module/nvidia_uvm")


@dataclass(frozen=True)
class Sight:
    """Real paths to read, folders whose names (only) may be listed, and links that lead to them."""

    reading: tuple[str, ...] = ()
    listing: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    devices: tuple[str, ...] = DEVICES  # that may be written to


def look(models: Iterable[str], device: str = "cpu") -> Sight:
    """What is to be seen on this machine, with these model folders, by runs that compute on this device."""
    wanted = [*_libraries(), *_SYSTEM, *(str(PACKAGE / name) for name in _OF_WORKERS), *models]
    wanted.append(str(digits.public_file()))
    wanted += _SYSTEM_OF_GPUS if device != "cpu" else ()
    hidden = [str(ROOT / "app"), str(PACKAGE)]
    reading: dict[str, None] = {}
    listing: dict[str, None] = {}
    for path in wanted:
        real = os.path.realpath(path)
        if not os.path.exists(real):
            continue
        inside = [secret for secret in hidden if _holds(real, secret)]
        if inside:
            listing[real] = None
            reading |= dict.fromkeys(_without(real, inside))
        else:
            reading[real] = None
    links = tuple(path for path in _SYSTEM if os.path.islink(path))
    gpus = [path for pattern in _OF_GPUS for path in sorted(glob.glob(pattern))] if device != "cpu" else []
    return Sight(_outermost(reading), tuple(listing), links, (*DEVICES, *gpus))


def _libraries() -> Iterator[str]:
    """Where Python's own modules, installed packages and the interpreter's shared library are."""
    paths = sysconfig.get_paths()
    yield from (paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    # of the module path only these: the rest is the current folder, or a source folder installed in place
    yield from (path for path in sys.path if path.endswith(("site-packages", "dist-packages")))
    base = Path(sys.base_prefix)
    if base != Path("/usr"):  # below /usr the system's library folders are enough
        yield str(base / "lib")


def _without(folder: str, hidden: list[str]) -> Iterator[str]:
    """Everything in `folder` but `hidden`: a rule for the whole could not make an exception."""
    for entry in sorted(os.listdir(folder)):
        path = os.path.join(folder, entry)
        inside = [secret for secret in hidden if _holds(os.path.realpath(path), secret)]
        if not inside:
            yield path
        elif path not in hidden:
            yield from _without(path, inside)


def _holds(folder: str, path: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Without those that lie in another one."""
    kept: list[str] = []
    for path in sorted(paths):
        if not kept or not _holds(kept[-1], path):
            kept.append(path)
    return tuple(kept)


def open_to_others(path: str, with_parents: bool) -> bool:
    """Whether a user who owns nothing here may read it, and (`with_parents`) get there."""
    mode = os.stat(path).st_mode
    if not mode & (stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH):
        return False
    parents = Path(path).parents if with_parents else ()
    return all(os.stat(parent).st_mode & stat.S_IXOTH for parent in parents)
