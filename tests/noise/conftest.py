"""A real examiner of the shipped course and two lessons for tests, beside the runner that all tests share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import ROOT
from app.lessons import load
from app.processes import stop
from tests.conftest import SMALL_COURSE
from tests.examiner.conftest import Desk, start_examiner
from workers.examiner.hand_in import Sockets

HERE = Path(__file__).parent
LESSONS = (SMALL_COURSE / "01-start" / "counting", HERE / "course" / "handling")


@pytest.fixture(scope="session")
def desk(warm_machines: Path) -> Iterator[Desk]:
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as name:
        course = Path(name) / "course"
        shutil.copytree(ROOT / "app" / "course", course)
        for lesson in LESSONS:
            shutil.copytree(lesson, course / "01-start" / lesson.name)
        started = start_examiner(Path(name), course)
        try:
            yield Desk(Sockets(warm_machines / "runner.sock", started.socket), load(course))
        finally:
            stop([started.process], 10)
