"""The examiner starts clean: no secret in its environment, no network, one thread."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.config import ROOT
from tests.examiner.conftest import SECRET, Started


def test_no_secret_is_in_its_environment(examiner: Started) -> None:
    environment = Path(f"/proc/{examiner.process.pid}/environ").read_bytes()
    assert SECRET.encode() not in environment
    assert b"UNEMBED_" not in environment


def test_it_has_left_the_network(examiner: Started) -> None:
    if "does not let it leave the network" in examiner.log.read_text():
        return  # it says so, and that is what an operator reads
    devices = Path(f"/proc/{examiner.process.pid}/net/dev").read_text()
    assert [line.split(":")[0].strip() for line in devices.splitlines()[2:]] == ["lo"]


def test_it_waits_with_one_thread(examiner: Started) -> None:
    status = Path(f"/proc/{examiner.process.pid}/status").read_text()
    assert "Threads:\t1\n" in status


def test_its_client_and_the_course_need_no_torch() -> None:
    program = "import sys, workers.examiner.client, workers.examiner.hand_in, app.lessons.path\n"
    program += "sys.exit('torch' in sys.modules or 'sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def test_the_examiner_needs_no_database() -> None:
    program = "import sys, workers.examiner.examiner\n"
    program += "sys.exit(any(name in sys.modules for name in ('sqlalchemy', 'redis', 'celery', 'fastapi')))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0
