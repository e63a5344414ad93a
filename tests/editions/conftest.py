"""A course that an author goes on writing while people learn by it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.config import settings
from app.learning import attempts
from app.lessons import newest, reading
from app.models import Attempt, Cohort, User
from app.processes import stop
from app.teaching import editions
from tests.conftest import SMALL_COURSE
from tests.examiner.conftest import start_examiner

STRICT = '''def check_negative(answer):
    """Twice -2 is -4."""
    assert answer.double(-2) == -4, "Twice -2 is -4."


def mistake_square__double(x):'''


@pytest.fixture(scope="session")
def place() -> Iterator[Path]:
    """Where the course is written, and pinned ones are kept: one examiner knows both."""
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as folder:
        yield Path(folder)


@pytest.fixture
def written(place: Path, change_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a copy of the small course, whose changes are seen at once."""
    folder = place / "course"
    for old in (folder, place / "courses"):
        shutil.rmtree(old, ignore_errors=True)
    shutil.copytree(SMALL_COURSE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("app.lessons.loading.LOOK_AGAIN", -1.0)
    monkeypatch.setattr("app.lessons.loading._older", OrderedDict())
    change_settings(course_dir=folder, courses_dir=place / "courses")
    return folder


@pytest.fixture(scope="session")
def examiner(place: Path) -> Iterator[Path]:
    """The socket of an examiner of that course."""
    shutil.copytree(SMALL_COURSE, place / "course", dirs_exist_ok=True)
    started = start_examiner(place, place / "course", "--courses", str(place / "courses"))
    try:
        yield started.socket
    finally:
        stop([started.process], 10)


@pytest.fixture
def judges(warm_machines: Path, examiner: Path, database: str, written: Path) -> None:
    """A runner and that examiner stand where the settings say."""
    settings().run_dir.mkdir(parents=True, exist_ok=True)
    settings().runner_socket.symlink_to(warm_machines / "runner.sock")
    settings().examiner_socket.symlink_to(examiner)


@dataclass
class Bench:
    """Hands in as somebody, by the edition that they learn by, and waits for the verdict."""

    session: Session
    run_jobs: Callable[[], list[str]]
    seen: str = ""  # the newest course, as the examiner last saw it

    def hand_in(self, user: User, answer: str, exercise: str = "double") -> Attempt:
        attempt = self.waiting(user, answer, exercise)
        self.run_jobs()
        self.session.expire_all()
        return self.session.get_one(Attempt, attempt.id)

    def waiting(self, user: User, answer: str, exercise: str = "double") -> Attempt:
        if self.seen != newest().edition:
            time.sleep(1.1)  # how long it may take until the examiner looks at the files again
            self.seen = newest().edition
        with reading():  # as a request does
            editions.read_as(self.session, user)
            attempt = attempts.hand_in(self.session, user, exercise, answer)
            self.session.commit()
        return attempt


@pytest.fixture
def bench(session: Session, judges: None, run_jobs: Callable[[], list[str]]) -> Bench:
    return Bench(session, run_jobs)


def pin(session: Session, boss: User, cohort: Cohort) -> str:
    """The class learns by the course as it is now; the edition's name."""
    editions.pin(session, boss, session.get_one(Cohort, cohort.id))
    session.commit()
    return newest().edition


def rewrite(folder: Path, place: str, old: str, new: str) -> None:
    """An author changes a file of the course."""
    file = folder / place
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    assert newest().problems == ()


def add_check(folder: Path) -> None:
    """`double` gets a second check, which an answer that knows no negative numbers fails."""
    rewrite(folder, "01-start/counting/double.py", "def mistake_square__double(x):", STRICT)
