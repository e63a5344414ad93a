"""Starts a real `unembed serve` on a free port with a data folder of its own, and ends it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.config import ROOT
from app.processes import spawn

_PARTS = 5  # redis, runner, examiner, worker, site
SECONDS_TO_START = 150  # on two busy cores; alone it takes about ten


@dataclass
class Site:
    """A platform that was started; `output` is all that it printed."""

    process: subprocess.Popen[bytes]
    data_dir: Path
    port: int
    output_file: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        return self.output_file.read_text(errors="replace")

    def wait_until_ready(self) -> float:
        """Returns the seconds it took from now."""
        begun = time.monotonic()
        self.wait_for("Unembed is at")
        return time.monotonic() - begun

    def wait_for(self, text: str, seconds: float = SECONDS_TO_START) -> None:
        """Until it has printed `text`."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            ended = self.process.poll()
            assert ended is None, f"it ended with exit code {ended}:\n{self.output}\n{self.logs()}"
            assert time.monotonic() < deadline, f"no {text!r} in {seconds} s:\n{self.output}\n{self.logs()}"
            time.sleep(0.05)

    def logs(self) -> str:
        """The end of every part's log."""
        logs = sorted((self.data_dir / "log").glob("*.log"))
        return "\n".join(f"── {log.name}\n{log.read_text(errors='replace')[-1500:]}" for log in logs)

    def get(self, path: str) -> tuple[int, str]:
        """Status and body of a page."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def processes(self) -> dict[int, str]:
        """Every living process that has to do with this data folder: id → command."""
        return processes_of(self.data_dir)

    def parts(self) -> dict[str, int]:
        """Every part, name → process id, once all are there: one that has ended is being started again."""
        deadline = time.monotonic() + SECONDS_TO_START
        while len(found := self._running_parts()) < _PARTS:
            assert time.monotonic() < deadline, f"only {sorted(found)} run:\n{self.output}\n{self.logs()}"
            time.sleep(0.1)
        return found

    def _running_parts(self) -> dict[str, int]:
        words = {"runner": "workers.runner", "examiner": "workers.examiner", "worker": "workers.worker"}
        words |= {"site": "app.cli site", "redis": "valkey-server"}
        own = _children(self.process.pid)
        commands = {process: command for process, command in self.processes().items() if process in own}
        return {name: p for name, word in words.items() for p, c in commands.items() if word in c}

    def stop(self, how: signal.Signals = signal.SIGINT) -> float:
        """Ask it to end. Returns the seconds until it has."""
        begun = time.monotonic()
        self.process.send_signal(how)
        self.process.wait(20)
        return time.monotonic() - begun


@contextlib.contextmanager
def start_site(folder: Path, command: list[str] | None = None, **settings: str) -> Iterator[Site]:
    """`unembed serve` with its data in `folder`/data, or another `command` with the same settings."""
    data_dir, port = folder / "data", free_port()
    bring_bundle(data_dir)
    ours = {
        "UNEMBED_DATA_DIR": str(data_dir),
        "UNEMBED_PORT": str(port),
        "UNEMBED_HOST": "127.0.0.1",
        **settings,
    }
    output_file = folder / "output"
    with output_file.open("wb") as output:
        process = spawn(  # it dies with the tests, however they end
            command or [sys.executable, "-m", "app.cli", "serve"],
            cwd=ROOT,
            env={**os.environ, **ours, "PYTHONUNBUFFERED": "1"},
            output=output,
            errors=output,
        )
    site = Site(process, data_dir, int(ours["UNEMBED_PORT"]), output_file)
    try:
        yield site
    finally:
        _end(site)


def _end(site: Site) -> None:
    if site.process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            site.stop()
    for process in site.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    site.process.wait()


def bring_bundle(data_dir: Path) -> None:
    """A copy of the front-end bundle beside this environment (or in `.unembed`), brought up to date."""
    data_dir.mkdir(parents=True, exist_ok=True)
    shutil.copytree(_bundle(), data_dir / "assets")


@lru_cache
def _bundle() -> Path:
    beside = Path(sys.prefix).parent
    built = beside if (Path(sys.prefix) / "installed.json").exists() else ROOT / ".unembed"
    env = {**os.environ, "UNEMBED_DATA_DIR": str(built)}
    subprocess.run([sys.executable, "-m", "app.assets"], cwd=ROOT, env=env, check=True, capture_output=True)
    return built / "assets"


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def processes_of(folder: Path) -> dict[int, str]:
    """Living processes whose command or environment names `folder`: id → command."""
    found, word = {}, os.fsencode(folder)
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            state = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            command = (entry / "cmdline").read_bytes()
            if state not in "ZX" and (word in command or word in (entry / "environ").read_bytes()):
                found[int(entry.name)] = command.replace(b"\0", b" ").decode(errors="replace").strip()
    return found


def _children(process: int) -> set[int]:
    return set(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))
