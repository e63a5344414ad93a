"""An environment for each peer, made once below the data folder; torch and what the course needs are shared.

A peer's packages come first on its path, so it has the versions its lock file names; what it lacks (torch,
TransformerLens, `workers.lab`) it takes from our environment: all compute with the same libraries.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from app.config import ROOT
from app.environment import pip_install, private_places, run_to_the_end, size_of
from app.steps import Step
from workers.runner.zygote import ENVIRONMENT

_LOCKS = Path(__file__).parent / "locks"
_DISK_MB = {
    "nbgrader": 240,
    "otter": 165,
    "papermill": 75,
    "kernel": 70,
    "jupyter": 130,
    "locust": 90,
}  # measured, compiled
_DOWNLOAD_MB = {
    "nbgrader": 50,
    "otter": 35,
    "papermill": 15,
    "kernel": 12,
    "jupyter": 20,
    "locust": 25,
}  # less from the second on


@dataclass(frozen=True)
class Peer:
    """An environment of a peer's own."""

    name: str
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def program(self, name: str) -> str:
        """One of its programs."""
        return str(self.folder / "bin" / name)

    @property
    def packages(self) -> Path:
        return next((self.folder / "lib").glob("python3*")) / "site-packages"

    def variables(self, home: Path) -> dict[str, str]:
        """What a peer's processes see: the same as a learner's code with us, and folders of their own."""
        places = {"HOME": str(home), "TMPDIR": str(home), "XDG_CACHE_HOME": str(home / "cache")}
        jupyter = {
            f"JUPYTER_{what}_DIR": str(home / "jupyter" / what) for what in ("CONFIG", "DATA", "RUNTIME")
        }
        quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "IPYTHONDIR": str(home / "ipython")}
        path = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "MPLBACKEND": "agg"}
        return {**ENVIRONMENT, **places, **jupyter, **quiet, **path}


def prepare(names: list[str], data: Path) -> dict[str, Peer]:
    """All that are not there yet are made; says first what that takes. Raises Failed."""
    folder = data / "bench"
    peers = {name: Peer(name, folder / name) for name in names}
    missing = [peer for peer in peers.values() if not _is_made(peer)]
    if missing:
        print(f"For comparison, these are installed into {folder}, the first time only:")
    for peer in missing:
        asked = ", ".join(main_packages(peer.name))
        size, download = _DISK_MB[peer.name], _DOWNLOAD_MB[peer.name]
        print(
            f"  {peer.name:10} {asked} (about {size} MB on disk, {download} MB to download; torch is shared)"
        )
    for peer in missing:
        _make(peer, folder)
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return peers


def _lock(name: str) -> Path:
    return _LOCKS / f"{name}.txt"


def main_packages(name: str) -> list[str]:
    """Those a lock file was made for; it names them in its first line."""
    return _lock(name).read_text().splitlines()[0].removeprefix("# ").split()


def _mark(peer: Peer) -> Path:
    return peer.folder / "installed-from"


def _wanted(peer: Peer) -> str:
    """The lock file, and where the shared packages are."""
    return hashlib.sha256(_lock(peer.name).read_bytes() + _shared().encode()).hexdigest()


def _is_made(peer: Peer) -> bool:
    mark = _mark(peer)
    return mark.exists() and mark.read_text() == _wanted(peer) and os.access(peer.python, os.X_OK)


def _shared() -> str:
    return "\n".join([sysconfig.get_path("purelib"), str(ROOT)]) + "\n"


def _make(peer: Peer, folder: Path) -> None:
    environment = {**os.environ, **private_places(folder)}
    pins = re.findall(r"^[^#\s].*", _lock(peer.name).read_text(), re.M)
    with Step(f"{peer.name} and its packages") as step:
        venv.EnvBuilder(symlinks=True, clear=True).create(peer.folder)
        (peer.packages / "shared.pth").write_text(_shared())  # pip is there too
        what = ["--no-deps", "--ignore-installed", "-r", str(_lock(peer.name))]
        pip_install(peer.python, what, folder, environment, step, len(pins))
        step.say("compiling them")
        command = [str(peer.python), "-m", "compileall", "-q", "-x", "/tests?/", str(peer.packages)]
        run_to_the_end(command, folder / "install.log", environment, lambda: None)
    _mark(peer).write_text(_wanted(peer))
    print(f"  {peer.name}: {size_of(peer.folder)} MB in {peer.folder}")
