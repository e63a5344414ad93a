"""The whole course: its lessons, its exercises, its map, and what an author still has to mend."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path

from app.config import settings
from app.lessons import drawing, editions, questions
from app.lessons import path as learning_path
from app.lessons.drawing import Drawing
from app.lessons.lesson import check_links, read_lesson
from app.lessons.parts import CourseError, Exercise, Lesson, Prose
from app.lessons.path import LearningPath
from app.lessons.questions import Question

log = logging.getLogger(__name__)

LOOK_AGAIN = 1.0  # seconds between looks at the files: an author sees a change at once, a page costs nothing
_EDITIONS = 8  # older ones that are held ready


@dataclass(frozen=True)
class Course:
    """Everything there is to learn. With `problems` it still holds whatever could be read."""

    dir: Path
    lessons: dict[str, Lesson] = field(default_factory=dict)
    exercises: dict[str, Exercise] = field(default_factory=dict)
    path: LearningPath = field(default_factory=LearningPath)
    drawing: Drawing | None = None
    questions: tuple[Question, ...] = ()
    problems: tuple[CourseError, ...] = ()
    edition: str = ""  # its name as it is now (`app.lessons.editions`)

    def beneath(self, exercise_id: str) -> tuple[str, ...]:
        """The exercises whose answers stand above this one, the deepest first, each once. Raises KeyError."""
        return self.closed(self.exercises[exercise_id].uses)

    def closed(self, uses: Iterable[str]) -> tuple[str, ...]:
        """These exercises and all that they stand on, the deepest first, each once. Raises KeyError."""
        found: list[str] = []
        for used in uses:
            found += [each for each in (*self.beneath(used), used) if each not in found]
        return tuple(found)

    def foundation(self, lesson: Lesson, cell: str | None = None) -> tuple[str, ...]:
        """The exercises of other lessons whose answers stand above this one's cells, down to `cell` or all.

        The deepest first, each once. Raises KeyError if `cell` does not run.
        """
        blocks = lesson.exercises() if cell is None else [lesson.cell(one) for one in lesson.chain(cell)]
        exercises = [block for block in blocks if isinstance(block, Exercise)]
        wanted = [*lesson.uses, *(used for exercise in exercises for used in exercise.uses)]
        own = {exercise.id for exercise in lesson.exercises()}
        known = (used for used in wanted if used in self.exercises)
        return tuple(used for used in self.closed(known) if used not in own)


def load(course_dir: Path) -> Course:
    """Reads the course in this folder. Raises CourseError only if there is no such folder."""
    if not course_dir.is_dir():
        raise CourseError(course_dir, 1, "There is no course here.")
    problems: list[CourseError] = []
    lessons: dict[str, Lesson] = {}
    for file in sorted(course_dir.glob("*/*/lesson.md")):
        lesson = read_lesson(file, problems)
        if lesson.slug in lessons:
            problems.append(CourseError(file, 1, f"Two lessons are called {lesson.slug!r}."))
        lessons.setdefault(lesson.slug, lesson)
    exercises = _exercises(lessons, problems)
    path = _path(course_dir / "path.toml", lessons, problems)
    _check_references(lessons, exercises, path, problems, course_dir)
    drawn = _drawing(course_dir / "drawing.toml", exercises, path, problems)
    asked = _questions(course_dir / "start.toml", lessons, problems)
    edition = editions.name_of(editions.texts(course_dir))
    return Course(course_dir, lessons, exercises, path, drawn, asked, tuple(problems), edition)


_kept: dict[Path, tuple[float, object, Course]] = {}
_older: OrderedDict[tuple[Path, str], Course] = OrderedDict()


def course(course_dir: Path | None = None) -> Course:
    """The course of this installation, read again when one of its files has changed.

    Where an edition is being read (`reading`), that one; if it is not here, the newest.
    """
    pinned = _reading.get()
    if course_dir is None and pinned is not None and pinned.edition:
        try:
            return edition(pinned.edition)
        except CourseError as error:
            log.warning("the newest course is shown instead: %s", error)
    return _newest(course_dir or settings().course_dir)


def _newest(folder: Path) -> Course:
    looked, stamp, known = _kept.get(folder, (0.0, None, None))
    if known is None or time.monotonic() - looked > LOOK_AGAIN:
        found = _stamp(folder)
        if known is None or found != stamp:
            known = load(folder)
        _kept[folder] = (time.monotonic(), found, known)
    return known


def _stamp(folder: Path) -> object:
    return sorted((file, (stat := file.stat()).st_mtime_ns, stat.st_size) for file in editions.files(folder))


# ---- editions


def newest() -> Course:
    """The course as it is now, whatever edition is being read."""
    return _newest(settings().course_dir)


def edition(name: str) -> Course:
    """The course as it was when it had this name; without one, the newest. Raises CourseError if it is not
    here.
    """
    shelf = settings().courses_dir
    if not name or newest().edition == name:
        return newest()
    if (shelf, name) not in _older:
        folder = editions.folder_of(name, shelf)
        if folder is None:
            raise CourseError(shelf / name[:12], 1, "This edition of the course is not kept here.")
        _older[shelf, name] = load(folder)
        while len(_older) > _EDITIONS:
            _older.popitem(last=False)
    _older.move_to_end((shelf, name))
    return _older[shelf, name]


@dataclass
class _Reading:
    edition: str = ""


_reading: ContextVar[_Reading | None] = ContextVar("reading", default=None)


@contextmanager
def reading(name: str = "") -> Iterator[None]:
    """Within this block, `course()` is that edition: also in threads that the block's context reaches."""
    before = _reading.set(_Reading(name))
    try:
        yield
    finally:
        _reading.reset(before)


def read(name: str) -> None:
    """From here to the end of the block of `reading`, another edition (without a name, the newest)."""
    if (now := _reading.get()) is not None:
        now.edition = name


def read_now() -> str:
    """The name of the edition that is being read; "" for the newest, whatever that becomes."""
    pinned = _reading.get()
    return course().edition if pinned is not None and pinned.edition else ""


def _exercises(lessons: dict[str, Lesson], problems: list[CourseError]) -> dict[str, Exercise]:
    exercises: dict[str, Exercise] = {}
    for lesson in lessons.values():
        seen: set[str] = set()
        for block in lesson.blocks:
            if isinstance(block, Prose):
                continue
            if block.id in seen:
                problems.append(CourseError(lesson.path, 1, f"Two cells are called {block.id!r}."))
            seen.add(block.id)
            if isinstance(block, Exercise):
                _add(exercises, block, problems)
    return exercises


def _add(exercises: dict[str, Exercise], exercise: Exercise, problems: list[CourseError]) -> None:
    first = exercises.setdefault(exercise.id, exercise)
    if first.path != exercise.path:
        problems.append(
            CourseError(exercise.path, 1, f"{first.path} is called {exercise.id!r} too; ids are unique.")
        )


def _path(file: Path, lessons: dict[str, Lesson], problems: list[CourseError]) -> LearningPath:
    def report(line: int, sentence: str) -> None:
        problems.append(CourseError(file, line, sentence))

    if not file.is_file():
        report(1, "The course needs a path.toml: the map.")
        return LearningPath()
    titles = {slug: lesson.title for slug, lesson in lessons.items()}
    return learning_path.read(file.read_text(encoding="utf-8"), titles, report)


def _drawing(
    file: Path, exercises: dict[str, Exercise], path: LearningPath, problems: list[CourseError]
) -> Drawing | None:
    """What the learner builds, if the course draws it."""
    if not file.is_file():
        return None

    def report(line: int, sentence: str) -> None:
        problems.append(CourseError(file, line, sentence))

    nodes = {node.id for node in path.nodes}
    return drawing.read(file.read_text(encoding="utf-8"), nodes, set(exercises), report)


def _questions(file: Path, lessons: dict[str, Lesson], problems: list[CourseError]) -> tuple[Question, ...]:
    """What is asked at the start of the path, if anything is."""
    if not file.is_file():
        return ()

    def report(line: int, sentence: str) -> None:
        problems.append(CourseError(file, line, sentence))

    return questions.read(file.read_text(encoding="utf-8"), set(lessons), report)


def _check_references(
    lessons: dict[str, Lesson],
    exercises: dict[str, Exercise],
    path: LearningPath,
    problems: list[CourseError],
    course_dir: Path,
) -> None:
    """Adds a problem for whatever is named somewhere but stands nowhere."""
    for node in path.nodes:
        if node.milestone and node.milestone not in exercises:
            sentence = f"The milestone {node.milestone!r} of {node.id!r} is no exercise of this course."
            problems.append(CourseError(course_dir / "path.toml", 1, sentence))
    for lesson in lessons.values():
        for sentence in _strays_of_lesson(lesson, lessons, exercises, path):
            problems.append(CourseError(lesson.path, 1, sentence))
        check_links(lesson, set(lessons), problems)
        for exercise in lesson.exercises():
            for sentence in _strays_of_exercise(exercise, lesson, exercises, path):
                problems.append(CourseError(exercise.path, 1, sentence))


def _strays_of_lesson(
    lesson: Lesson, lessons: dict[str, Lesson], exercises: dict[str, Exercise], path: LearningPath
) -> Iterator[str]:
    nodes = {node.id for node in path.nodes}
    if path.nodes and lesson.step not in nodes | {
        str(node.number) for node in path.nodes if node.kind == "step"
    }:
        yield f"The step {lesson.step!r} is not on the map."
    for need in lesson.needs:
        if need not in nodes | lessons.keys():
            yield f"It needs {need!r}, which is neither a lesson nor a node of the map."
    own = {exercise.id for exercise in lesson.exercises()}
    for used in lesson.uses:
        if used not in exercises or used in own or exercises[used].is_form:
            yield f"`uses` names {used!r}, which is no exercise in code of another lesson."
    for proof in (*lesson.test_out, *(criterion.exercise for criterion in lesson.criteria)):
        if proof and proof not in own:
            yield f"{proof!r} cannot prove anything here: this lesson has no such exercise."
    yield from _unknown_concepts(lesson.concepts, path)


def _strays_of_exercise(
    exercise: Exercise, lesson: Lesson, exercises: dict[str, Exercise], path: LearningPath
) -> Iterator[str]:
    in_order = [other.id for other in lesson.exercises()]
    for used in exercise.uses:
        if used not in exercises:
            yield f"USES names {used!r}, which is no exercise of this course."
        elif exercises[used].is_form:
            yield f"USES names {used!r}, but a form leaves no code to build on."
        elif used in in_order[in_order.index(exercise.id) :]:
            yield f"USES names {used!r}, which comes no earlier in the lesson."
    for mistake, seen in exercise.see.items():
        if seen not in exercises:
            yield f"SEE sends {mistake} to {seen!r}, which is no exercise of this course."
    yield from _unknown_concepts(exercise.concepts, path)


def _unknown_concepts(named: tuple[str, ...], path: LearningPath) -> Iterator[str]:
    known = {concept.id for concept in path.concepts}
    return (f"The concept {concept!r} is not in path.toml." for concept in named if concept not in known)
