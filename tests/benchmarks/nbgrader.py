"""nbgrader: a course with one assignment; `nbgrader autograde` for one student or for many, in turn."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.steps import Failed
from tests.benchmarks import measure
from tests.benchmarks.environments import Peer
from tests.benchmarks.exercise import SETUP, course_tests, exercise
from tests.benchmarks.submissions import Submission, right
from tests.benchmarks.systems import Burst, Graded, System, Verdict, cell, write_notebook

_ASSIGNMENT = "ps1"
_CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "bench"
c.Execute.timeout = c.ExecutePreprocessor.timeout = 600
"""
_SCORES = """\
import json
from nbgrader.api import Gradebook
with Gradebook("sqlite:///gradebook.db") as book:
    print(json.dumps({s.student.id: [s.score, s.max_score] for s in book.assignment_submissions("ps1")}))
"""


class NbGrader(System):
    """Isolation: none. Learner code runs as the grader's user, beside the gradebook."""

    name, title = "nbgrader", "nbgrader autograde"

    def __init__(self, peer: Peer, folder: Path) -> None:
        self._peer, self._folder = peer, folder
        self._numbers, self._seconds_each = itertools.count(1), 0.0
        self._environment = peer.variables(folder)
        self._make_course()

    def grade(self, text: str) -> Graded:
        student = f"one{next(self._numbers)}"
        self._submit(student, text)
        ran = self._autograde(student)
        self._seconds_each = ran.seconds
        return Graded(ran.seconds, ran.cpu, self._in_gradebook([student])[student])

    def burst(self, learners: int, seconds: float) -> Burst:
        """Serial, as it is; of many learners only as many as fit, going by those before."""
        fit = int(seconds / (self._seconds_each or 1))
        graded, group = min(learners, max(2, fit)), f"many{next(self._numbers)}x"
        for number in range(graded):
            self._submit(f"{group}{number}", right(number))
        begun = time.time()
        ran = self._autograde(f"{group}*")
        self._seconds_each = ran.seconds / graded
        done = self._folder.glob(f"autograded/{group}*/{_ASSIGNMENT}/*.ipynb")
        latencies = sorted(path.stat().st_mtime - begun for path in done)
        return Burst(learners, graded, ran.seconds, latencies, ran.cpu)

    def verdicts(self, submissions: list[Submission]) -> dict[str, Verdict]:
        for one in submissions:
            self._submit(f"v-{one.name}", one.text)
        self._autograde("v-*")
        students = [f"v-{one.name}" for one in submissions]
        return {name.removeprefix("v-"): verdict for name, verdict in self._in_gradebook(students).items()}

    # ── its course ──────────────────────────────────────────────────────────

    def _make_course(self) -> None:
        self._folder.mkdir(parents=True)
        (self._folder / "nbgrader_config.py").write_text(_CONFIG)
        write_notebook(self._folder / "source" / _ASSIGNMENT / "p.ipynb", _source_cells())
        made = self._nbgrader("generate_assignment", _ASSIGNMENT)
        if made.code:
            raise Failed(f"nbgrader generate_assignment failed: see {self._folder}/generate_assignment.log.")

    def _submit(self, student: str, text: str) -> None:
        """What the learner got, with the answer in its cell."""
        notebook = json.loads((self._folder / "release" / _ASSIGNMENT / "p.ipynb").read_text())
        for found in notebook["cells"]:
            if found["metadata"].get("nbgrader", {}).get("solution"):
                found["source"] = text
        path = self._folder / "submitted" / student / _ASSIGNMENT / "p.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(notebook))

    def _autograde(self, student: str) -> measure.Ran:
        return self._nbgrader("autograde", _ASSIGNMENT, "--student", student)

    def _nbgrader(self, verb: str, *options: str) -> measure.Ran:
        words = [str(self._peer.python), "-m", "nbgrader", verb, *options]
        command = measure.Command(words, self._folder / f"{verb}.log", self._folder)
        return measure.run(command, self._environment)

    def _in_gradebook(self, students: list[str]) -> dict[str, Verdict]:
        """Each student's verdict; one who is not in the book has none."""
        words = [str(self._peer.python), "-c", _SCORES]
        told = subprocess.run(
            words, cwd=self._folder, env=self._environment, capture_output=True, text=True, check=True
        )
        scores = json.loads(told.stdout)
        return {student: _verdict(scores.get(student)) for student in students}


def _verdict(score: list[float] | None) -> Verdict:
    if score is None:
        return "none"
    return "full" if score[0] == score[1] else "less"


def _source_cells() -> Iterator[dict[str, Any]]:
    """The instructor's version: the solution between its marks, hidden tests between theirs."""
    yield cell(SETUP, 0)
    solution = f"### BEGIN SOLUTION\n{exercise().solution}\n### END SOLUTION\n"
    yield cell(solution, 1, nbgrader=_about("answer", solution=True))
    for number, test in enumerate(course_tests(), 2):
        source = f"### BEGIN HIDDEN TESTS\n{test.cell}\n### END HIDDEN TESTS" if test.hidden else test.cell
        yield cell(source, number, nbgrader=_about(test.name, grade=True, locked=True, points=1))


def _about(name: str, **more: Any) -> dict[str, Any]:
    plain = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
    return {**plain, "grade_id": re.sub(r"\W", "-", name), "cell_type": "code", **more}
