"""A real examiner of a course written for these tests, beside the runner that all tests share."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from app.config import ROOT
from app.lessons import Course, load
from app.processes import spawn, stop
from workers.examiner.hand_in import Sockets, hand_in
from workers.runner.limits import Limits

COURSE = Path(__file__).parent / "course"
SECRET = "canary-in-the-environment-of-the-examiner"


@dataclass
class Started:
    """An examiner that is warm."""

    process: subprocess.Popen[bytes]
    socket: Path
    log: Path


@dataclass
class Desk:
    """Where answers are handed in, as the worker does it."""

    sockets: Sockets
    course: Course

    def hand_in(self, exercise: str, answer: str, seed: int = 1, **limits: Any) -> dict[str, Any]:
        """The verdict on a text, or of a form on its values as JSON."""
        given = [(used, self.course.exercises[used].solution) for used in self.course.beneath(exercise)]
        found = Limits(**{"wall": 20, "cpu": 20, **limits})
        return hand_in(self.sockets, self.course.exercises[exercise], dedent(answer), given, seed, found)


@pytest.fixture(scope="session")
def examiner() -> Iterator[Started]:
    """One for all tests here, with limits that a test can wait for."""
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as folder:
        started = start_examiner(Path(folder))
        try:
            yield started
        finally:
            stop([started.process], 10)


@pytest.fixture(scope="session")
def desk(examiner: Started, warm_machines: Path) -> Desk:
    return Desk(Sockets(warm_machines / "runner.sock", examiner.socket), load(COURSE))


def start_examiner(folder: Path, course: Path = COURSE, *options: str) -> Started:
    """Starts one with a secret in its environment, and waits until it is warm."""
    log, path = folder / "examiner.log", folder / "examiner.sock"
    limits = ["--cpu-seconds", "4", "--seconds", "20", "--memory-mb", "1024"]
    command = [sys.executable, "-m", "workers.examiner", "--socket", str(path), "--course", str(course)]
    environment = {**os.environ, "UNEMBED_DATABASE_URL": SECRET, "SECRET_KEY": SECRET, "OMP_NUM_THREADS": "1"}
    with log.open("wb") as output:
        process = spawn(
            [*command, *limits, *options], cwd=ROOT, env=environment, output=output, errors=output
        )
    started = Started(process, path, log)
    deadline = time.monotonic() + 120
    while '"ready"' not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
    return started
