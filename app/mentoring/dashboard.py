"""A cohort's dashboard: its learners × the course, and who needs a mentor. The number of queries is the same
however many they are, and what they read are standings (`app.learning.standings`), not attempts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode
from uuid import UUID

from sqlalchemy import func, select, true
from sqlalchemy.orm import Session

from app.db import now
from app.learning.progress import in_order
from app.lessons import Exercise, Lesson, course
from app.mentoring import attention
from app.mentoring.attention import Need, Person, Reason
from app.models import Activity, Cohort, Membership, Standing, Thread, User
from app.people import cohorts

SORTS = ("need", "name", "passed", "active")
_ALL_PASSED = 4  # the highest heat
_NEEDS_SHOWN = 5  # of each reason, until all are asked for
_Item = TypeVar("_Item")
_Key = TypeVar("_Key")
_RENEWED = 300  # seconds, after which spans of time have changed though nothing else has


# ---- how one looks at it


@dataclass(frozen=True)
class View:
    """What a mentor has chosen: all of it stands in the address, and so outlives a reload and the polling."""

    sort: str = "need"  # or a column: `lesson.attention`, `exercise.causal_mask`
    down: bool = False  # the other way round than one wants it mostly
    open: tuple[str, ...] = ()  # lessons that show their exercises
    all: tuple[str, ...] = ()  # reasons of which all are listed

    @classmethod
    def of(cls, sort: str, opened: Sequence[str], everything: Sequence[str]) -> View:
        """From an address; what is unknown there is left out."""
        lessons = tuple(dict.fromkeys(slug for slug in opened if slug in course().lessons))
        reasons = tuple(dict.fromkeys(one for one in everything if one in list(Reason)))
        return cls(_sort(sort.removeprefix("-"), lessons), sort.startswith("-"), lessons, reasons)

    @property
    def query(self) -> str:
        """As it stands in the address."""
        pairs = [("sort", f"-{self.sort}" if self.down else self.sort)]
        return urlencode(pairs + [("open", one) for one in self.open] + [("all", one) for one in self.all])

    def sorted_by(self, sort: str) -> View:
        """By that; if it is that already, the other way round."""
        return replace(self, sort=sort, down=not self.down if sort == self.sort else False)

    def toggled(self, lesson: str) -> View:
        """With the lesson open, or closed if it is."""
        rest = tuple(one for one in self.open if one != lesson)
        return replace(self, open=rest if lesson in self.open else (*self.open, lesson))

    def listing(self, reason: str) -> View:
        """With all of a reason listed, or the first few if all are."""
        rest = tuple(one for one in self.all if one != reason)
        return replace(self, all=rest if reason in self.all else (*self.all, reason))

    def aria(self, sort: str) -> str:
        """How a column is sorted, as a screen reader wants it said."""
        if sort != self.sort:
            return "none"
        upwards = (sort == "name") != self.down
        return "ascending" if upwards else "descending"


def _sort(sort: str, opened: Sequence[str]) -> str:
    """By what lines can be sorted as things are: by an exercise only while its lesson shows it."""
    kind, _, name = sort.partition(".")
    exercise = course().exercises.get(name) if kind == "exercise" else None
    if exercise:
        return sort if exercise.lesson in opened else f"lesson.{exercise.lesson}"
    return sort if sort in SORTS or (kind == "lesson" and name in course().lessons) else SORTS[0]


# ---- what is shown


class LessonCell(NamedTuple):
    """A learner and a lesson."""

    passed: int
    attempts: int
    streak: int  # the longest of its exercises'
    heat: int  # 0: tried, none passed; to 4: all passed

    @property
    def done(self) -> bool:
        return self.heat == _ALL_PASSED


class ExerciseCell(NamedTuple):
    """A learner and an exercise."""

    passed: bool
    attempts: int
    streak: int
    trouble: str

    @property
    def done(self) -> bool:
        return self.passed


@dataclass(frozen=True)
class Line:
    """A learner's line of the table."""

    who: Person
    lessons: Mapping[str, LessonCell]
    exercises: Mapping[str, ExerciseCell]
    asking: Sequence[Thread]
    needs: Sequence[Need]

    @cached_property
    def asking_at(self) -> frozenset[str]:
        """Cells."""
        return frozenset(thread.cell for thread in self.asking)

    @cached_property
    def asking_in(self) -> frozenset[str]:
        """Lessons."""
        return frozenset(thread.lesson for thread in self.asking)

    @cached_property
    def passed(self) -> int:
        return sum(cell.passed for cell in self.lessons.values())

    @property
    def need(self) -> tuple[int, float]:
        """Smaller is more pressing."""
        if not self.needs:
            return len(Reason), 0.0
        return list(Reason).index(self.needs[0].reason), -self.needs[0].weight

    def struggle(self, column: str) -> tuple[int, int, int]:
        """At a lesson or an exercise; smaller is harder: at it, then not begun, then done."""
        kind, _, name = column.partition(".")
        cell = self.lessons.get(name) if kind == "lesson" else self.exercises.get(name)
        if cell is None:
            return 1, 0, 0
        return 2 if cell.done else 0, -cell.streak, -cell.attempts


class Column(NamedTuple):
    """A lesson of the table, with its exercises."""

    lesson: Lesson
    exercises: list[Exercise]
    open: bool


class Group(NamedTuple):
    """A step of the path and its lessons, side by side."""

    title: str
    columns: list[Column]

    @property
    def width(self) -> int:
        return sum(len(column.exercises) if column.open else 1 for column in self.columns)


class Pressing(NamedTuple):
    """The needs of one reason: those that are listed, and how many there are."""

    reason: Reason
    listed: list[Need]
    total: int


@dataclass(frozen=True)
class Dashboard:
    """All of the page."""

    view: View
    groups: list[Group]
    lines: list[Line]
    pressing: list[Pressing]
    answered: list[Thread] = field(default_factory=list)  # and not settled

    @property
    def columns(self) -> list[Column]:
        return [column for group in self.groups for column in group.columns]


def of(session: Session, cohort: Cohort, threads: Sequence[Thread], view: View) -> Dashboard:
    """The cohort as one looks at it. `threads`: those of its learners that are not settled."""
    people = _people(session, cohort)
    waiting = [thread for thread in threads if not thread.answered]
    needs = attention.of(session, cohort, people, waiting)
    exercises = _exercises(session, cohort, view.open) if view.open else {}
    lessons = _lessons(session, cohort)
    asking, by_learner = _by(waiting, lambda thread: thread.user_id), _by(needs, lambda need: need.learner)
    lines = [
        Line(
            who,
            lessons.get(who.id, {}),
            exercises.get(who.id, {}),
            asking.get(who.id, ()),
            by_learner.get(who.id, ()),
        )
        for who in people
    ]
    answered = [thread for thread in threads if thread.answered]
    return Dashboard(view, groups(view.open), _in_order(lines, view), _pressing(needs, view), answered)


def stamp(session: Session, cohort: Cohort) -> str:
    """Changes when the dashboard does: whoever has this one need not be sent it again. One query."""
    learners = cohorts.learners(cohort)
    of_standings = select(func.count(), func.max(Standing.updated_at)).where(Standing.user_id.in_(learners))
    standings, threads = of_standings.subquery(), _of_threads(cohort).subquery()
    here = select(func.count(), func.max(Membership.created_at)).where(
        Membership.cohort_id == cohort.id, Membership.left_at.is_(None)
    )
    members, always = here.subquery(), true()
    joined = standings.join(threads, always).join(members, always)
    row = session.execute(select(standings, threads, members).select_from(joined)).one()
    told = "|".join(map(str, (*row, cohort.edition, int(now().timestamp()) // _RENEWED)))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _of_threads(cohort: Cohort) -> Any:
    mine = (Thread.user_id.in_(cohorts.learners(cohort)), Thread.closed_at.is_(None))
    answered = func.count().filter(Thread.answered)
    return select(func.count(), answered, func.max(Thread.created_at)).where(*mine)


# ---- reading


def _people(session: Session, cohort: Cohort) -> list[Person]:
    """The cohort's learners, with when each was last there: ids of the log are in the order of time."""
    newest = select(Activity.created_at).where(Activity.user_id == User.id)
    last = newest.order_by(Activity.id.desc()).limit(1).scalar_subquery()
    member = (Membership.cohort_id == cohort.id, Membership.left_at.is_(None))
    joined = select(User.id, User.name, User.guest, Membership.created_at, last).join(
        Membership, Membership.user_id == User.id
    )
    rows = session.execute(joined.where(*member, User.id.in_(cohorts.learners(cohort))))
    return [Person(*row) for row in rows]


def _lessons(session: Session, cohort: Cohort) -> dict[UUID, dict[str, LessonCell]]:
    groups = (Standing.user_id, Standing.lesson)
    sums = (func.count(Standing.passed_at), func.sum(Standing.attempts), func.max(Standing.streak))
    query = select(*groups, *sums).where(Standing.user_id.in_(cohorts.learners(cohort))).group_by(*groups)
    sizes = {lesson: len(list(known.exercises())) for lesson, known in course().lessons.items()}
    found: dict[UUID, dict[str, LessonCell]] = {}
    for user, lesson, passed, attempts, streak in session.execute(query):
        heat = _ALL_PASSED * passed // max(sizes.get(lesson, passed), 1) or min(passed, 1)
        found.setdefault(user, {})[lesson] = LessonCell(passed, attempts, streak, min(heat, _ALL_PASSED))
    return found


def _exercises(
    session: Session, cohort: Cohort, lessons: Sequence[str]
) -> dict[UUID, dict[str, ExerciseCell]]:
    columns = (Standing.passed_at.is_not(None), Standing.attempts, Standing.streak, Standing.trouble)
    query = select(Standing.user_id, Standing.exercise, *columns).where(Standing.lesson.in_(lessons))
    found: dict[UUID, dict[str, ExerciseCell]] = {}
    rows = session.execute(query.where(Standing.user_id.in_(cohorts.learners(cohort))))
    for user, exercise, passed, attempts, streak, trouble in rows:
        found.setdefault(user, {})[exercise] = ExerciseCell(passed, attempts, streak, trouble)
    return found


# ---- putting in order


def groups(opened: Sequence[str] = ()) -> list[Group]:
    """The lessons with exercises, by step of the path; those beside it come last."""
    steps = {ref.slug: node.title for node in course().path.nodes for ref in node.lessons if ref.slug}
    by_lesson = groupby(in_order(), key=lambda exercise: exercise.lesson)
    columns = [Column(course().lessons[slug], list(group), slug in opened) for slug, group in by_lesson]
    by_step = groupby(columns, key=lambda column: steps.get(column.lesson.slug, "Beside the path"))
    return [Group(title, list(group)) for title, group in by_step]


def _in_order(lines: list[Line], view: View) -> list[Line]:
    keys: dict[str, Callable[[Line], Any]] = {
        "need": lambda line: line.need,
        "name": lambda line: 0,
        "passed": lambda line: -line.passed,
        "active": lambda line: -line.who.last_active.timestamp() if line.who.last_active else 0.0,
    }
    by_name = sorted(lines, key=lambda line: (line.who.name.casefold(), line.who.id))
    if view.sort == "name":
        return by_name[::-1] if view.down else by_name
    key = keys.get(view.sort, lambda line: line.struggle(view.sort))
    return sorted(by_name, key=key, reverse=view.down)


def _pressing(needs: Sequence[Need], view: View) -> list[Pressing]:
    by_reason = _by(needs, lambda need: need.reason)
    return [
        Pressing(reason, of_it if reason in view.all else of_it[:_NEEDS_SHOWN], len(of_it))
        for reason in Reason
        if (of_it := by_reason.get(reason, []))
    ]


def _by(items: Iterable[_Item], key: Callable[[_Item], _Key]) -> dict[_Key, list[_Item]]:
    found: dict[_Key, list[_Item]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found
