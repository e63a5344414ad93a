"""Editions of the course: a running class learns by one that is pinned, whatever authors change meanwhile.

An edition is a row with the text of every file, so a backup carries it and every machine of the site has it.
Site and worker put it into a folder (`settings().courses_dir`) before they read it; the examiner reads that
of its worker, and nothing else.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import lessons
from app.config import settings
from app.db import now
from app.guard import Unusable, admin_only
from app.lessons import Course, Exercise, Lesson, Prose
from app.lessons import editions as shelf
from app.models import Cohort, Deed, Edition, Membership, Rejudged, Rejudgement, Role, Run, State, User
from app.people import deeds
from app.people.deeds import Kind
from app.post import notices

log = logging.getLogger(__name__)

_GRACE = timedelta(days=1)  # for one that nobody needs: somebody may be about to
_CALENDAR = "the calendar"  # who pins on a cohort's first day, as the audit log names it


# ---- kept


def keep(session: Session) -> str:
    """Keep the course as it is now; returns the edition's name. Raises Unusable if it is not whole."""
    name = _whole().edition
    texts = shelf.texts(settings().course_dir)
    if shelf.name_of(texts) != name:
        raise Unusable("The course was changed just now. Try again in a moment.")
    if session.scalar(select(Edition.id).where(Edition.name == name)) is None:
        try:
            with session.begin_nested():
                session.add(Edition(name=name, files=texts))
        except IntegrityError:  # somebody was a moment faster, with the same
            log.info("the edition %s was kept by somebody else", name[:12])
    return name


def _whole() -> Course:
    found = lessons.newest()
    if found.problems:
        raise Unusable(f"The course cannot be pinned before this is mended: {found.problems[0]}")
    return found


def put(session: Session, name: str) -> None:
    """See that the edition stands in this machine's folder as it was. Nothing happens if it is not kept."""
    folder = settings().courses_dir
    if not name or ((folder / name).is_dir() and _reads(name)):
        return
    if (files := session.scalar(select(Edition.files).where(Edition.name == name))) is not None:
        shelf.put(name, files, folder)


def _reads(name: str) -> bool:
    try:
        lessons.edition(name)
    except lessons.CourseError:  # somebody has changed it
        return False
    return True


def forget(session: Session) -> int:
    """Delete those that no cohort has pinned and nothing waits to be judged by, and their folders here.

    Returns how many.
    """
    old = Edition.created_at < now() - _GRACE
    gone = delete(Edition).where(old, *(Edition.name.not_in(names) for names in _wanted()))
    count = len(session.scalars(gone.returning(Edition.id)).all())
    shelf.clear(settings().courses_dir, set(session.scalars(select(Edition.name))))
    return count


def _wanted() -> Iterator[Any]:
    yield select(Cohort.edition)
    yield select(Run.edition).where(Run.state.in_((State.QUEUED, State.RUNNING)))
    yield select(Rejudgement.edition).where(Rejudgement.state == Rejudged.WAITING)


# ---- read


@dataclass(frozen=True)
class Pinned:
    """The edition that somebody learns by, and whose class decides that."""

    cohort: str
    cohort_id: UUID
    edition: str
    since: str  # a day

    @property
    def is_newest(self) -> bool:
        return self.edition == lessons.newest().edition


def of(session: Session, user: User) -> Pinned | None:
    """By which edition somebody learns: the one pinned first, of their classes that run. None: the newest."""
    query = _pinned().where(Membership.user_id == user.id).limit(1)
    found = session.execute(query).one_or_none()
    return Pinned(found.name, found.id, found.edition, f"{found.pinned_at:%-d %B %Y}") if found else None


def of_all(session: Session, users: Set[UUID]) -> dict[UUID, str]:
    """Learner → the edition that they learn by, for those of these who do not follow the newest."""
    found: dict[UUID, str] = {}
    for row in session.execute(_pinned().add_columns(Membership.user_id)):
        if row.user_id in users:
            found.setdefault(row.user_id, row.edition)
    return found


def _pinned() -> Select[str, UUID, str, datetime | None]:
    """Of those who learn in classes that run now, what is pinned, the first pinned first."""
    today = now().date()
    running = (
        or_(Cohort.starts_on.is_(None), Cohort.starts_on <= today),
        or_(Cohort.ends_on.is_(None), Cohort.ends_on >= today),
    )
    learns = (Membership.role == Role.LEARNER, Membership.left_at.is_(None))
    query = select(Cohort.name, Cohort.id, Cohort.edition, Cohort.pinned_at).join(Cohort.memberships)
    return query.where(*learns, *running, Cohort.edition != "").order_by(Cohort.pinned_at, Cohort.id)


def read_as(session: Session, user: User) -> Pinned | None:
    """From here on `course()` is what this learner learns by (inside of `lessons.reading`)."""
    found = None if user.guest else of(session, user)
    if found is not None:
        put(session, found.edition)
        lessons.read(found.edition)
    return found


def read_as_cohort(session: Session, cohort: Cohort) -> None:
    """From here on `course()` is what this cohort learns by: for pages about it."""
    put(session, cohort.edition)
    lessons.read(cohort.edition)


# ---- pinned


def pin(session: Session, admin: User, cohort: Cohort, expected: str = "") -> None:
    """Pin the course as it is now; where another edition was pinned, the class moves to this one and is told.

    `expected` names the edition whose changes the admin has read. Raises NotAllowed, Unusable.
    """
    admin_only(admin)
    if expected and expected != lessons.newest().edition:
        raise Unusable("The course has changed since you opened this page. Look at the changes again.")
    before, name = cohort.edition, keep(session)
    if before == name:
        return
    _pin(cohort, name)
    deeds.note(session, admin, Kind.COURSE_PINNED, cohort=cohort, edition=name[:12], before=before[:12])
    if before:
        _tell_moved(session, cohort)


def unpin(session: Session, admin: User, cohort: Cohort) -> None:
    """Let the class follow the newest course, from now on and on its first day too. Raises NotAllowed."""
    admin_only(admin)
    if not cohort.edition and not cohort.pin_at_start:
        return
    before = cohort.edition
    cohort.edition, cohort.pinned_at, cohort.pin_at_start = "", None, False
    deeds.note(session, admin, Kind.COURSE_UNPINNED, cohort=cohort, before=before[:12])
    if before and before != lessons.newest().edition:
        _tell_moved(session, cohort)


def pin_due(session: Session) -> int:
    """Pin the course for the classes whose first day has come. Returns how many."""
    due = select(Cohort).where(Cohort.pin_at_start, Cohort.edition == "", Cohort.starts_on <= now().date())
    cohorts = session.scalars(due.with_for_update(skip_locked=True)).all()
    if not cohorts:
        return 0
    try:
        name = keep(session)
    except Unusable as why:
        log.warning(
            "%d cohorts begin, and follow the newest course until it can be pinned: %s", len(cohorts), why
        )
        return 0
    for cohort in cohorts:
        _pin(cohort, name)
        said = {"actor": _CALENDAR, "about": "", "cohort": cohort.name, "edition": name[:12]}
        session.add(Deed(kind=Kind.COURSE_PINNED, cohort_id=cohort.id, data=said))
    return len(cohorts)


def _pin(cohort: Cohort, name: str) -> None:
    cohort.edition, cohort.pinned_at, cohort.pin_at_start = name, now(), True


def _tell_moved(session: Session, cohort: Cohort) -> None:
    here = select(Membership.user_id).where(Membership.cohort_id == cohort.id, Membership.left_at.is_(None))
    for learner in session.scalars(here.where(Membership.role == Role.LEARNER)).all():
        sentence = (
            f"The course of {cohort.name} has moved to its newest edition. What you passed stays passed."
        )
        notices.tell(session, learner, "course", sentence, "/path")


# ---- what a move would change


@dataclass(frozen=True)
class Change:
    """Something of the course that is another now: what it is called, and in which respects."""

    id: str
    title: str
    what: tuple[str, ...] = ()


@dataclass(frozen=True)
class Changes:
    """From one edition to another."""

    exercises: tuple[Change, ...]
    exercises_added: tuple[Change, ...]
    exercises_gone: tuple[Change, ...]
    lessons: tuple[Change, ...]
    lessons_added: tuple[Change, ...]
    lessons_gone: tuple[Change, ...]

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in self.__dataclass_fields__)


def changes(old: Course, new: Course) -> Changes:
    """What is another in `new`; a changed note of an author's, which nobody sees, is no change."""
    return Changes(
        *_compared(old.exercises, new.exercises, _of_exercise),
        *_compared(old.lessons, new.lessons, _of_lesson),
    )


def changes_for(session: Session, cohort: Cohort) -> Changes | None:
    """What would change for a class that moves to the newest course; None if its own is not there."""
    put(session, cohort.edition)
    try:
        return changes(lessons.edition(cohort.edition), lessons.newest())
    except lessons.CourseError:
        return None


def _compared(
    old: Mapping[str, Any], new: Mapping[str, Any], differ: Any
) -> tuple[tuple[Change, ...], tuple[Change, ...], tuple[Change, ...]]:
    both = [(name, differ(old[name], new[name])) for name in new if name in old]
    return (
        tuple(Change(name, new[name].title, what) for name, what in both if what),
        tuple(Change(name, new[name].title) for name in new if name not in old),
        tuple(Change(name, old[name].title) for name in old if name not in new),
    )


def _of_exercise(old: Exercise, new: Exercise) -> tuple[str, ...]:
    if old.version == new.version:
        return ()
    alike = {
        "question": (old.title, old.question_md, old.fields) == (new.title, new.question_md, new.fields),
        "starter": old.starter == new.starter,
        "hints": old.hints == new.hints,
        "what it builds on": old.uses == new.uses,
        "checks": _checks(old) == _checks(new),
        "our answer": old.solution == new.solution,
    }
    return tuple(what for what, same in alike.items() if not same)


def _checks(exercise: Exercise) -> list[str]:
    """What judges answers: everything but what a learner gets to see, whatever its comments and spacing."""
    tree = ast.parse(exercise.path.read_text("utf-8"))
    prefixes = ("check_", "probe_", "mistake_", "also_right_", "_")
    functions = (node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef))
    return [ast.dump(node) for node in functions if node.name.startswith(prefixes)]


def _of_lesson(old: Lesson, new: Lesson) -> tuple[str, ...]:
    def parts(lesson: Lesson, kind: type) -> list[Any]:
        return [block for block in lesson.blocks if isinstance(block, kind)]

    alike = {
        "title": (old.title, old.summary) == (new.title, new.summary),
        "prose": parts(old, Prose) == parts(new, Prose),
        "cells": parts(old, lessons.Cell) == parts(new, lessons.Cell),
        "checklist": (old.criteria, old.test_out) == (new.criteria, new.test_out),
    }
    return tuple(what for what, same in alike.items() if not same)
