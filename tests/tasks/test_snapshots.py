"""With the setting on, a run begins where the learner's last one was; a grading never does."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from sqlalchemy.orm import Session

from app.config import settings
from app.learning import attempts
from app.lessons import Lesson
from app.models import User
from app.models import Verdict as Word
from app.running import runs
from tests.runner.pressing import kept
from tests.runner.starting import Started
from tests.runner.starting import runner as start_runner

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks need Linux's sandbox")


class Ran(NamedTuple):
    cells: set[str]
    text: str
    seed: int


Press = Callable[..., Ran]


@pytest.fixture
def keeping(machines: None, change_settings: Callable[..., None]) -> Iterator[Started]:
    """Another runner in the place of the usual one, which keeps states."""
    with start_runner("--snapshots", "4", pool=1) as started:
        settings().runner_socket.unlink()
        settings().runner_socket.symlink_to(started.socket)
        yield started


@pytest.fixture
def press(session: Session, lesson: Lesson, run_jobs: Callable[[], list[str]]) -> Press:
    def press(user: User, **texts: str) -> Ran:
        run = runs.submit(session, user, "counting", list(texts)[-1], texts)
        session.commit()
        run_jobs()
        session.expire_all()
        run = runs.visible(session, user, run.id)
        text = "".join(str(output.data["text"]) for output in run.outputs)
        return Ran(set(run.cell_seconds), text, run.seed)

    return press


DRAW = "import random\nx = random.random()"


def test_the_next_cell_begins_where_the_last_run_was_and_shows_the_same(
    keeping: Started, press: Press, ada: User, ben: User, change_settings: Callable[..., None]
) -> None:
    change_settings(snapshots=4)
    press(ada, one=DRAW)
    run = press(ada, one=DRAW, two="x, random.random()")
    assert run.cells == {"two"}
    others = press(ben, one=DRAW, two="x, random.random()")
    assert others.cells == {"one", "two"}
    assert others.text != run.text  # another learner, another seed
    changed = press(ada, one=f"{DRAW}\nx += 1", two="x, random.random()")
    assert changed.cells == {"one", "two"}
    assert changed.seed == run.seed
    keeping.process.terminate()
    keeping.process.wait(20)
    with start_runner(pool=1) as plain:  # … and a runner that keeps nothing replays the very same
        settings().runner_socket.unlink(missing_ok=True)
        settings().runner_socket.symlink_to(plain.socket)
        replayed = press(ada, one=DRAW, two="x, random.random()")
    assert replayed.cells == {"one", "two"}
    assert replayed.text == run.text


def test_without_the_setting_nothing_is_kept(keeping: Started, press: Press, ada: User) -> None:
    seeds = {press(ada, one=f"x = {number}").seed for number in range(3)}
    assert len(seeds) == 3
    assert kept(keeping) == {"trees": 0, "kept": 0}


def test_a_grading_begins_afresh(
    keeping: Started,
    session: Session,
    ada: User,
    lesson: Lesson,
    run_jobs: Callable[[], list[str]],
    change_settings: Callable[..., None],
) -> None:
    change_settings(snapshots=4)
    handed_in = attempts.hand_in(session, ada, "double", "def double(x: int) -> int:\n    return x + x")
    session.commit()
    run_jobs()
    session.expire_all()
    attempt = attempts.visible(session, ada, handed_in.id)
    assert attempt.verdict is Word.PASSED
    assert kept(keeping) == {"trees": 0, "kept": 0}
