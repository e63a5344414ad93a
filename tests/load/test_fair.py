"""Who presses Run again and again keeps nobody else waiting: the real worker, with one thread, says so."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.config import ROOT
from app.learning import attempts
from app.lessons import Lesson
from app.models import Run, State, User
from app.processes import spawn, stop
from app.running import runs

PATIENCE = 120.0  # seconds
BUSY = "import time\ntime.sleep(3)"


@pytest.fixture
def worker(
    session: Session, lesson: Lesson, machines: None, change_settings: Callable[..., None], tmp_path: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """It has one thread, and a learner may have as many runs as they like."""
    change_settings(worker_threads=1, runs_per_learner=10)
    with (tmp_path / "worker.log").open("wb") as log:
        command = [sys.executable, "-m", "workers.worker"]
        started = spawn(command, cwd=ROOT, env=os.environ, output=log, errors=log)
    yield started
    stop([started], 10)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def states(session: Session) -> list[State]:
    session.rollback()
    return list(session.scalars(select(Run.state)))


def test_one_run_is_not_kept_waiting_by_many_of_somebody_else(
    session: Session, ada: User, ben: User, worker: subprocess.Popen[bytes]
) -> None:
    runs.submit(session, ada, "counting", "one", {"one": BUSY})
    session.commit()
    until(lambda: states(session) == [State.RUNNING])
    for cell in ("two", "double", "quadruple"):
        runs.submit(session, ada, "counting", cell, {})
    for exercise, answer in (("double", "def double(x):\n    return 2 * x"), ("largest", {"largest": "two"})):
        attempts.hand_in(session, ada, exercise, answer)
    runs.submit(session, ben, "counting", "two", {})
    session.commit()
    until(lambda: set(states(session)) == {State.DONE})
    began = list(session.scalars(select(Run.user_id).order_by(Run.started_at)))
    assert began.index(ben.id) == 2  # after what ran already, and one turn of Ada's
    assert len(began) == 7
