"""The examiner finds what is installed, or removed, while it runs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import psutil
import pytest

from app.processes import stop
from tests.examiner.conftest import COURSE, start_examiner
from tests.installing import tiny
from workers.examiner import client
from workers.installing import place


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="nobody can say what a process has mapped")
def test_a_model_that_appears_is_loaded_and_one_that_goes_is_let_go(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as folder:
        examiner = start_examiner(Path(folder), COURSE, "--installed", str(tmp_path))
        try:
            assert not _has_it(examiner.process.pid, examiner.socket)
            tiny.installed(tmp_path, "acme/tiny", tiny.gpt2())
            assert _has_it(examiner.process.pid, examiner.socket)
            place.move_out(tmp_path / "acme--tiny")
            assert not _has_it(examiner.process.pid, examiner.socket)
        finally:
            stop([examiner.process], 10)


def _has_it(process: int, socket: Path) -> bool:
    """Whether it has the weights mapped, once it has been asked something."""
    client.status(socket, seconds=120)
    client.status(socket, seconds=120)  # the first is answered by a fork while it still loads
    return any("acme--tiny" in mapped.path for mapped in psutil.Process(process).memory_maps())
