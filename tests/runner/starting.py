"""Starts real runners for tests: as we are, as nobody, and where the kernel refuses namespaces."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from workers.runner.confine.sight import ROOT

START_SECONDS = 180
NOBODY = 65534


@dataclass
class Started:
    """A runner that is warm: its process, its socket, and what it wrote to stderr."""

    process: subprocess.Popen[str]
    socket: Path
    log: Path


@contextmanager
def runner(*options: str, pool: int = 2, as_nobody: bool = False, refused: bool = False) -> Iterator[Started]:
    """A warm runner with a secret in its environment, ended at the end with everything it started."""
    folder = Path(tempfile.mkdtemp(prefix="unembed-test-"))
    folder.chmod(0o755)
    if as_nobody:
        for weights in (ROOT / "workers" / "lab" / "models" / "shipped").glob("*.safetensors"):
            weights.chmod(0o644)  # as in a fresh clone
        os.chown(folder, NOBODY, NOBODY)
    started = launch(folder, *options, "--pool", str(pool), as_nobody=as_nobody, refused=refused)
    try:
        await_ready(started)
        yield started
    finally:
        end(started)
        shutil.rmtree(folder, ignore_errors=True)


def launch(folder: Path, *options: str, as_nobody: bool = False, refused: bool = False) -> Started:
    """Start one, warm or not."""
    log = folder / "log"
    circumstances = [*(["--nobody"] if as_nobody else []), *(["--refuse-namespaces"] if refused else [])]
    before = (
        [str(Path(__file__).with_name("circumstances.py")), *circumstances, "--"] if circumstances else []
    )
    command = [sys.executable, *before, "-m", "workers.runner", "--socket", str(folder / "r.sock"), *options]
    with log.open("w") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "UNEMBED_TEST_SECRET": "canary-in-the-environment", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    return Started(process, folder / "r.sock", log)


def await_ready(started: Started) -> None:
    """Until it says so, or an assertion with its log."""
    assert started.process.stdout is not None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        ready, _, _ = select.select([started.process.stdout], [], [], 1)
        if ready:
            line = started.process.stdout.readline()
            assert '"ready"' in line, started.log.read_text()
            return
    raise AssertionError(f"not ready in {START_SECONDS} s: {started.log.read_text()}")


def end(started: Started) -> None:
    """SIGTERM, and SIGKILL if that does not help."""
    started.process.terminate()
    try:
        started.process.wait(10)
    except subprocess.TimeoutExpired:
        started.process.kill()
        started.process.wait()
    if started.process.stdout:
        started.process.stdout.close()
