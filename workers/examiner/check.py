"""`unembed course check [--json] [--lesson …]`: the course checks itself, with a real runner and examiner.

The files are well-formed and every link leads somewhere. The starter is not solved yet, the reference passes,
every mistake is rejected *and* named, every other right answer passes, on the way a learner's takes. Cells
run top to bottom within the time the lesson states, the examples in docstrings give what they say, and the
facts hold. Exit code 1 if anything is wrong.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from app import lessons, machine
from app.config import ROOT, settings
from app.lessons import Course, Exercise, Lesson, Runnable, Variant
from workers.examiner import client
from workers.examiner.client import ExaminerGone
from workers.examiner.hand_in import LIMITS, Sockets, hand_in
from workers.examiner.machines import CannotStart, temporary
from workers.runner.client import ChildEnded, RunnerClient, RunnerGone

LEAST_MISTAKES, LEAST_ALSO_RIGHT = 3, 2
ROUNDS = 3  # hand-ins of what has to pass, each on other seeds: hidden inputs must not fail a right answer
FACTS_SECONDS = 300
_EXAMPLES = """
def _check_examples(names):
    import doctest

    said, parser = [], doctest.DocTestParser()
    for name in names:  # no DocTestFinder: it looks for the source of classes, and a cell is no file
        thing = globals()[name]
        for part in (thing, *(vars(thing).values() if isinstance(thing, type) else ())):
            doc = getattr(part, "__doc__", None)
            if callable(part) and isinstance(doc, str):
                test = parser.get_doctest(doc, dict(globals()), name, None, 0)
                doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert not said, "".join(said)

_check_examples({names!r})
"""


@dataclass
class ExerciseReport:
    """What one exercise holds, and what of it holds true."""

    id: str
    lesson: str
    step: str
    checks: int
    hints: int
    mistakes: int = 0
    rejected: int = 0  # mistakes that fail and are named
    also_right: int = 0
    accepted: int = 0  # other right answers that pass
    seconds: float = 0.0
    problems: list[str] = field(default_factory=list)


@dataclass
class CellReport:
    """How long a live cell took, and how long it may."""

    lesson: str
    id: str
    seconds: float
    limit: int
    problem: str = ""


@dataclass
class Report:
    """Everything that was looked at."""

    exercises: list[ExerciseReport] = field(default_factory=list)
    cells: list[CellReport] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def all_problems(self) -> list[str]:
        """Every problem, with where it is."""
        of_exercises = [f"{each.id}: {problem}" for each in self.exercises for problem in each.problems]
        of_cells = [f"{each.lesson}, cell {each.id}: {each.problem}" for each in self.cells if each.problem]
        return self.problems + of_exercises + of_cells


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    given = Sockets(options.runner, options.examiner) if options.runner and options.examiner else None
    try:
        course = lessons.load(options.course or settings().course_dir)
        with nullcontext(given) if given else temporary(course.dir) as sockets:
            report = check(course, sockets, options.lesson)
    except (CannotStart, ExaminerGone, RunnerGone, lessons.CourseError) as error:
        print(f"unembed course check: {error}", file=sys.stderr)
        return 2
    problems = report.all_problems()
    print(json.dumps({**asdict(report), "ok": not problems}) if options.json else _table(report))
    return 1 if problems else 0


def check(course: Course, sockets: Sockets, only: list[str] | None = None) -> Report:
    """Looks at these lessons, or at all. Raises RunnerGone and ExaminerGone."""
    report = Report(problems=[str(problem) for problem in course.problems])
    report.problems += [f"there is no lesson {slug}" for slug in only or () if slug not in course.lessons]
    chosen = [lesson for lesson in course.lessons.values() if not only or lesson.slug in only]
    exercises = (exercise for lesson in chosen for exercise in lesson.exercises())
    with ThreadPoolExecutor(machine.cores()) as pool:  # runner and examiner do the work
        reports = pool.map(lambda exercise: _Exercise(course, sockets, exercise).report(), exercises)
        cells = pool.map(lambda lesson: list(_cells(course, lesson, sockets)), chosen)
        report.exercises += reports
        report.cells += chain.from_iterable(cells)
    report.problems += _facts(chosen)
    return report


class _Exercise:
    """Hands in everything its file says something about."""

    def __init__(self, course: Course, sockets: Sockets, exercise: Exercise) -> None:
        self.course, self.sockets, self.exercise = course, sockets, exercise
        self.given = [(used, course.exercises[used].solution) for used in course.beneath(exercise.id)]
        step = course.lessons[exercise.lesson].step
        self.found = ExerciseReport(
            exercise.id, exercise.lesson, step, len(exercise.checks), len(exercise.hints)
        )
        self.found.mistakes, self.found.also_right = len(exercise.mistakes), len(exercise.also_right)

    def report(self) -> ExerciseReport:
        began = time.monotonic()
        self.found.problems += self._too_few()
        if fault := client.status(self.sockets.examiner)["faults"].get(self.exercise.id):
            self.found.problems.append(f"its file does not run: {fault}")
            return self.found
        try:
            for look in (self._starter, self._reference, self._mistakes, self._also_right):
                self.found.problems += look()
        except ExaminerGone as fault:
            self.found.problems.append(str(fault))
        self.found.seconds = round(time.monotonic() - began, 1)
        return self.found

    def _too_few(self) -> Iterator[str]:
        if self.found.mistakes < LEAST_MISTAKES:
            yield f"{LEAST_MISTAKES} known mistakes are needed, it has {self.found.mistakes}"
        if self.found.also_right < LEAST_ALSO_RIGHT and not self.exercise.is_form:
            yield f"{LEAST_ALSO_RIGHT} other right answers are needed, it has {self.found.also_right}"

    def _starter(self) -> Iterator[str]:
        found = self._hand_in("{}" if self.exercise.is_form else self.exercise.starter)
        if found["verdict"] != "not_attempted":
            yield f"the starter is {found['verdict']}, not not_attempted: {found['message']}"

    def _reference(self) -> Iterator[str]:
        yield from self._has_to_pass("the reference", self.exercise.solution)

    def _mistakes(self) -> Iterator[str]:
        for variant in self.exercise.mistakes:
            found = self._hand_in(self._text(variant))
            if not found["details"].get("mistake"):  # it is looked for with a limit of time: once more, then
                found = self._hand_in(self._text(variant))
            named = found["details"].get("mistake")
            if found["verdict"] not in ("failed", "error"):
                yield f"{variant.name} is {found['verdict']}"
            elif named != variant.name:
                yield f"{variant.name} is rejected, but {_named(named)}: {_first_line(found['message'])}"
            else:
                self.found.rejected += 1

    def _also_right(self) -> Iterator[str]:
        for variant in self.exercise.also_right:
            problems = list(self._has_to_pass(variant.name, self._text(variant)))
            self.found.accepted += not problems
            yield from problems

    def _has_to_pass(self, name: str, answer: str) -> Iterator[str]:
        for _ in range(1 if self.exercise.is_form else ROUNDS):
            found = self._hand_in(answer)
            if found["verdict"] != "passed":
                yield f"{name} is {found['verdict']}: {found['message']}"
                return

    def _text(self, variant: Variant) -> str:
        if variant.text:
            return variant.text
        return json.dumps(client.variants(self.sockets.examiner, self.exercise.id)[variant.name])

    def _hand_in(self, answer: str) -> dict[str, Any]:
        return hand_in(self.sockets, self.exercise, answer, self.given)


def _cells(course: Course, lesson: Lesson, sockets: Sockets) -> Iterator[CellReport]:
    """Runs a lesson top to bottom in one fresh child, with the references where the exercises stand."""
    beneath = [course.exercises[used] for used in course.foundation(lesson)]
    try:
        with RunnerClient(sockets.runner, LIMITS, seed=1) as child:
            for cell in (*beneath, *lesson.cells()):
                text = cell.solution if isinstance(cell, Exercise) else cell.source
                report = _run(child, lesson, cell, text)
                if isinstance(cell, Exercise) and cell.lesson == lesson.slug and not report.problem:
                    report.problem = _run(child, lesson, cell, _EXAMPLES.format(names=cell.names)).problem
                yield report
    except ChildEnded as end:
        yield CellReport(lesson.slug, "(the chain)", 0.0, 0, end.message)


def _run(child: RunnerClient, lesson: Lesson, cell: Runnable, text: str) -> CellReport:
    done = list(child.cell(cell.id, text))[-1]
    report = CellReport(lesson.slug, cell.id, round(done["seconds"], 2), cell.seconds)
    if done["error"]:
        report.problem = f"{done['error']['type']}: {done['error']['message']}"
    elif done["seconds"] > cell.seconds:
        report.problem = f"took {done['seconds']:.1f} s; the lesson allows {cell.seconds}"
    return report


def _facts(chosen: list[Lesson]) -> list[str]:
    """What the prose takes from models is asserted in `*_test.py` beside it: all at once, and again lesson by
    lesson if anything is wrong, to say where."""
    files = {lesson.slug: sorted(map(str, lesson.path.parent.glob("*_test.py"))) for lesson in chosen}
    together = _fault_in([*chain.from_iterable(files.values())], FACTS_SECONDS * len(chosen))
    found = {slug: _fault_in(each, FACTS_SECONDS) for slug, each in files.items()} if together else {}
    alone = [f"{slug}: {fault}" for slug, fault in found.items() if fault]
    return alone or ([together] if together else [])


def _fault_in(files: list[str], seconds: int) -> str:
    """What pytest finds wrong in these files; nothing if all is well."""
    if not files:
        return ""
    plugins = ["-p", "no:cacheprovider", "-p", "workers.examiner.facts"]
    installed = f"--installed={settings().models_dir}"  # as one word: pytest takes a path alone for a test
    command = [sys.executable, "-m", "pytest", "-q", *plugins, installed, *files]
    try:
        ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    except subprocess.TimeoutExpired:
        return f"its facts took longer than {seconds} s"
    return f"a fact does not hold\n{ran.stdout[-3000:]}" if ran.returncode else ""


def _named(mistake: object) -> str:
    return f"taken for {mistake}" if mistake else "not named"


def _first_line(message: object) -> str:
    return str(message).split("\n", 1)[0]


def _table(report: Report) -> str:
    """For people: exercises, cells, and what is wrong."""
    lines = [
        f"{'exercise':<28}{'step':>5}{'checks':>8}{'mistakes':>10}{'also right':>12}{'hints':>7}{'s':>7}"
    ]
    for each in report.exercises:
        rejected, accepted = f"{each.rejected}/{each.mistakes}", f"{each.accepted}/{each.also_right}"
        lines.append(
            f"{each.id:<28}{each.step:>5}{each.checks:>8}{rejected:>10}{accepted:>12}{each.hints:>7}{each.seconds:>7}"
        )
    lines += ["", f"{'cell':<28}{'seconds':>10}{'allowed':>10}"]
    lines += [f"{each.id:<28}{each.seconds:>10}{each.limit:>10}" for each in report.cells]
    problems = report.all_problems()
    found = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}:" if problems else "No problems."
    return "\n".join([*lines, "", found, *(f"  {problem}" for problem in problems)])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="unembed course check", description="The course checks itself.")
    parser.add_argument("--json", action="store_true", help="everything as JSON")
    parser.add_argument("--lesson", action="append", metavar="SLUG", help="only this one (may be repeated)")
    parser.add_argument("--course", type=Path, help="another course than the installation's")
    parser.add_argument("--runner", type=Path, help="socket of a runner that is running")
    parser.add_argument("--examiner", type=Path, help="socket of an examiner that is running, of this course")
    return parser


if __name__ == "__main__":
    sys.exit(main())
