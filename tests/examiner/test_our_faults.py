"""What goes wrong on our side is never a learner's failure: it is said to be ours, and nothing is left."""

from __future__ import annotations

import os
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from app.processes import stop
from tests.examiner.conftest import COURSE, Desk, Started, start_examiner
from workers.examiner import client, graders
from workers.examiner.client import ExaminerGone

T = TypeVar("T")
THREE = "def number(layer=None):\n    return 3\n"
FOUR = "def number():\n    return 4\n"


@pytest.mark.parametrize("exercise", ["raises", "sends", "loops", "crashes", "eats", "unimportable"])
def test_a_check_that_breaks_is_our_fault(exercise: str, desk: Desk) -> None:
    with pytest.raises(ExaminerGone):
        desk.hand_in(exercise, THREE)


def test_the_examiner_lives_on_after_each_of_them(desk: Desk) -> None:
    for exercise in ("sends", "crashes"):
        with pytest.raises(ExaminerGone):
            desk.hand_in(exercise, THREE)
    assert desk.hand_in("score", desk.course.exercises["score"].solution)["verdict"] == "passed"


def test_an_answer_that_fails_before_a_check_breaks_is_judged(desk: Desk) -> None:
    assert desk.hand_in("raises", FOUR)["verdict"] == "failed"


def test_what_cannot_be_graded_is_known_and_named(desk: Desk, examiner: Started) -> None:
    found = client.status(examiner.socket)
    assert found["faults"] == {"unimportable": "RuntimeError: the file itself is broken"}
    assert "score" in found["exercises"]
    assert "unimportable cannot be graded" in examiner.log.read_text()


def test_an_examiner_that_is_not_there_is_our_fault(tmp_path: Path) -> None:
    with pytest.raises(ExaminerGone, match="no examiner answers"):
        client.grade(tmp_path / "nowhere.sock", "form", {}, None)


def test_an_unknown_exercise_is_our_fault(examiner: Started) -> None:
    with pytest.raises(ExaminerGone, match="there is no exercise magic"):
        client.grade(examiner.socket, "magic", {}, None)


def test_only_one_examiner_listens_on_a_socket(examiner: Started) -> None:
    with pytest.raises(AssertionError, match="another examiner already answers"):
        start_examiner(examiner.socket.parent, COURSE)


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_an_examiner_that_ends_in_the_middle_leaves_nothing(
    name: str, warm_machines: Path, desk: Desk
) -> None:
    with short_folder() as folder:
        started = start_examiner(folder)
        failure: list[Exception] = []
        mine = Desk(type(desk.sockets)(desk.sockets.runner, started.socket), desk.course)
        grading = threading.Thread(target=lambda: failure.append(raised_by(mine)))
        grading.start()
        wait_for(lambda: len(children_of(started.process.pid)) > graders.SPARE)  # one has begun
        children = children_of(started.process.pid)
        os.kill(started.process.pid, getattr(signal, name))
        grading.join(20)
        assert isinstance(failure[0], ExaminerGone)
        assert started.process.wait(5) is not None
        wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children))
        stop([started.process], 1)


def raised_by(desk: Desk) -> Exception:
    try:
        desk.hand_in("loops", THREE)
    except Exception as error:
        return error
    return AssertionError("nothing was raised")


def test_an_examiner_that_was_killed_can_be_started_again(desk: Desk) -> None:
    with short_folder() as folder:
        first = start_examiner(folder)
        first.process.kill()
        first.process.wait()
        second = start_examiner(folder)
        assert client.status(second.socket)["ready"]
        second.process.terminate()
        assert second.process.wait(5) == 0
        assert not second.socket.exists()


def test_many_hand_ins_at_once_all_get_their_verdict(desk: Desk) -> None:
    verdicts: list[str] = []
    text = desk.course.exercises["score"].solution

    def hand_in() -> None:
        verdicts.append(desk.hand_in("score", text)["verdict"])

    threads = [threading.Thread(target=hand_in) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert verdicts == ["passed"] * 12


@contextmanager
def short_folder() -> Iterator[Path]:
    """Below /tmp: pytest's own folders make a socket's path too long."""
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as name:
        yield Path(name)


def wait_for(question: Callable[[], T], seconds: float = 60.0) -> T:
    """What `question` answers once that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError("it never came true")
