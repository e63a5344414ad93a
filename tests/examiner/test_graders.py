"""Those who wait to grade: there are some, each grades once, and what becomes of them hurts no answer."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
from pathlib import Path

from tests.examiner.conftest import COURSE, Desk, Started, start_examiner
from tests.examiner.test_our_faults import children_of, short_folder, wait_for
from workers import wire
from workers.examiner import client, graders
from workers.runner.client import RunnerClient
from workers.runner.limits import Limits


def waiting(examiner: Started) -> set[int]:
    """The processes that wait, as soon as there are as many as there should be."""
    wait_for(lambda: len(children_of(examiner.process.pid)) == graders.SPARE)
    return set(children_of(examiner.process.pid))


def right(desk: Desk) -> str:
    return desk.course.exercises["score"].solution


def test_each_grades_once_and_another_takes_its_place(examiner: Started, desk: Desk) -> None:
    before = waiting(examiner)

    def gone_after_grading() -> set[int]:
        """While they still rehearse, another one grades: then the next answer is for them."""
        assert desk.hand_in("score", right(desk))["verdict"] == "passed"
        return before - set(children_of(examiner.process.pid))

    wait_for(gone_after_grading)
    assert len(waiting(examiner) & before) < graders.SPARE


def test_who_only_asks_how_it_goes_costs_nobody(examiner: Started) -> None:
    before = waiting(examiner)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(60)
        os.kill(examiner.process.pid, signal.SIGSTOP)  # until the question is there
        try:
            line.connect(str(examiner.socket))
            wire.send(line, {"op": "status"})
        finally:
            os.kill(examiner.process.pid, signal.SIGCONT)
        said = wire.receive(line)
    assert said is not None
    assert "score" in said[0]["exercises"]
    assert set(children_of(examiner.process.pid)) == before


def test_one_who_asks_late_is_answered_by_a_grader(examiner: Started) -> None:
    before = waiting(examiner)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(60)
        line.connect(str(examiner.socket))
        wait_for(lambda: len(children_of(examiner.process.pid)) > graders.SPARE)  # one has it: another waits
        wire.send(line, {"op": "status"})
        said = wire.receive(line)
    assert said is not None
    assert "score" in said[0]["exercises"]
    wait_for(lambda: set(children_of(examiner.process.pid)) != before)


def test_whoever_dies_while_waiting_is_missed_by_nobody(examiner: Started, desk: Desk) -> None:
    killed = waiting(examiner)
    for process in killed:
        os.kill(process, signal.SIGKILL)
    wait_for(lambda: not killed & set(children_of(examiner.process.pid)))  # dying takes a moment
    assert desk.hand_in("score", right(desk))["verdict"] == "passed"
    assert waiting(examiner)


def test_one_who_was_told_of_an_answer_that_never_ran_is_gone(examiner: Started, desk: Desk) -> None:
    waiting(examiner)
    for _ in range(3):
        with client.Grading(examiner.socket, "score", right(desk)):
            pass  # its code ended with an error
    assert desk.hand_in("score", right(desk))["verdict"] == "passed"
    assert waiting(examiner)


def test_after_a_change_of_the_course_nobody_grades_by_the_old_one(desk: Desk) -> None:
    with short_folder() as folder:
        course = Path(folder) / "course"
        shutil.copytree(COURSE, course)
        started = start_examiner(folder, course)
        try:
            before = waiting(started)
            (file,) = course.rglob("score.py")
            file.write_text(file.read_text().replace("def score", "CHANGED = True\n\n\ndef score", 1))
            with RunnerClient(desk.sockets.runner, Limits(wall=20), 1) as child:
                list(child.cell("score", right(desk)))
                assert client.grade(started.socket, "score", right(desk), child)["verdict"] == "passed"
            assert not before & waiting(started)
            assert "before its verdict" not in started.log.read_text()
        finally:
            started.process.terminate()
            started.process.wait(10)
