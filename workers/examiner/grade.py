"""`unembed grade LESSON/EXERCISE FILE [--json]`: judge a file as a hand-in and print the verdict.

With runner and examiner of the installation if it runs, else with some of its own. Of a form, FILE holds the
values as JSON. Exit code 0 if it passed, 1 if not, 2 if there is no verdict.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from app import lessons
from app.config import settings
from workers.examiner.client import ExaminerGone
from workers.examiner.hand_in import hand_in
from workers.examiner.machines import CannotStart, installed, temporary
from workers.runner.client import RunnerGone


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    course_dir = options.course or settings().course_dir
    try:
        exercise, course = _find(course_dir, options.exercise)
        found = _verdict(course, exercise, options.file.read_text("utf-8"), options.course)
    except (CannotStart, ExaminerGone, RunnerGone, OSError, ValueError) as error:
        print(f"unembed grade: {error}", file=sys.stderr)
        return 2
    print(json.dumps(found) if options.json else _as_text(found))
    return 0 if found["verdict"] == "passed" else 1


def _find(course_dir: Path, name: str) -> tuple[lessons.Exercise, lessons.Course]:
    """The exercise called LESSON/EXERCISE. Raises ValueError that says which there are."""
    course = lessons.load(course_dir)
    known = {f"{exercise.lesson}/{exercise.id}": exercise for exercise in course.exercises.values()}
    if name not in known:
        raise ValueError(f"there is no exercise {name}; there are {', '.join(known)}")
    return known[name], course


def _verdict(
    course: lessons.Course, exercise: lessons.Exercise, answer: str, own_course: Path | None
) -> dict[str, Any]:
    """Through runner and examiner; what it builds on is given as the course's own solutions."""
    given = [(used, course.exercises[used].solution) for used in course.beneath(exercise.id)]
    there = None if own_course else installed(settings())
    with nullcontext(there) if there else temporary(course.dir) as sockets:
        return hand_in(sockets, exercise, answer, given)


def _as_text(found: dict[str, Any]) -> str:
    lines = [f"{found['verdict']}: {found['message']}"]
    for check in found["details"].get("checks", ()):
        lines.append(f"  {_MARKS[check['passed']]} {check['doc']}")
    for each in found["details"].get("input", ()):
        lines.append(f"  {each['name']}: {each['dtype']} {each['shape'] or ''} {each['text']}".rstrip())
    return "\n".join(lines)


_MARKS = {True: "✓", False: "✗", None: "·"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="unembed grade", description="Judge a file as a hand-in.")
    parser.add_argument("exercise", metavar="LESSON/EXERCISE")
    parser.add_argument("file", type=Path, help="the answer; of a form, its values as JSON")
    parser.add_argument("--json", action="store_true", help="the whole verdict as JSON")
    parser.add_argument("--course", type=Path, help="another course than the installation's")
    return parser


if __name__ == "__main__":
    sys.exit(main())
