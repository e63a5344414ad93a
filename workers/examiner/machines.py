"""A runner and an examiner: those of a running installation, or some for as long as a command needs them."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.config import ROOT, Settings, settings
from app.processes import spawn, stop
from workers.examiner import client
from workers.examiner.hand_in import Sockets
from workers.runner.client import RunnerGone
from workers.runner.client import status as runner_status

_SECONDS_TO_WARM_UP = 240
_SHIPPED = ROOT / "workers" / "lab" / "models" / "shipped"


class CannotStart(Exception):
    """Runner or examiner did not come up; the message says why."""


def installed(config: Settings) -> Sockets | None:
    """The machines of this installation, if they answer."""
    sockets = Sockets(config.runner_socket, config.examiner_socket)
    try:
        runner_status(sockets.runner)
        client.status(sockets.examiner)
    except (RunnerGone, client.ExaminerGone):
        return None
    return sockets


@contextmanager
def temporary(course_dir: Path, sandbox: str = "auto") -> Iterator[Sockets]:
    """Starts both, waits until they are warm, and leaves nothing of them. Raises CannotStart."""
    with tempfile.TemporaryDirectory(prefix="unembed-") as name:  # a short path: it holds sockets
        folder = Path(name)
        models = ["--models", str(_SHIPPED), "--sandbox", sandbox, "--pool", "2"]
        installed = ["--installed", str(settings().models_dir)]
        started = [
            _start("runner", folder, *models, *installed),
            _start("examiner", folder, "--course", str(course_dir.resolve()), *installed),
        ]
        try:
            for process, log in started:
                _wait_until_warm(process, log)
            yield Sockets(folder / "runner.sock", folder / "examiner.sock")
        finally:
            stop([process for process, _ in started], 5)


def _start(part: str, folder: Path, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
    log = folder / f"{part}.log"
    command = [sys.executable, "-m", f"workers.{part}", "--socket", str(folder / f"{part}.sock"), *options]
    with log.open("wb") as output:
        return spawn(command, cwd=ROOT, env=dict(os.environ), output=output, errors=output), log


def _wait_until_warm(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_WARM_UP
    while '"ready"' not in log.read_text():
        if process.poll() is not None or time.monotonic() > deadline:
            raise CannotStart(f"{log.stem} did not start: {log.read_text()[-2000:].strip()}")
        time.sleep(0.05)
