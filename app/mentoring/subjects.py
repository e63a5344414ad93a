"""What a conversation or a sign-off can be about: anything that a learner makes.

Each kind registers how one of its things is found by its id: whose it is, what it is called, where its
learner meets it. A finder raises NotFound for whoever may not see it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.guard import NotFound
from app.lessons import course
from app.models import Attempt, Run, Thread, User
from app.people import oversight
from app.running import runs

CELL, ATTEMPT, OUTPUT = "cell", "attempt", "output"


@dataclass(frozen=True)
class Subject:
    """One thing of a learner's. `text` is what its lines are counted in."""

    kind: str
    id: UUID
    owner: UUID
    lesson: str
    cell: str
    title: str  # after “about …”
    href: str  # where it is shown
    run_id: UUID | None = None
    text: str | None = None
    finished: bool = True  # it may be signed off


Finder = Callable[[Session, User, UUID], Subject]
_FINDERS: dict[str, Finder] = {}


def register(kind: str, finder: Finder) -> None:
    """From here on, one can talk about things of this kind."""
    _FINDERS[kind] = finder


def find(session: Session, viewer: User, kind: str, subject_id: UUID) -> Subject:
    """The thing, for its learner and for those who may see their work. Raises NotFound."""
    finder = _FINDERS.get(kind)
    if finder is None:
        raise NotFound("There is nothing of that kind to talk about.")
    return finder(session, viewer, subject_id)


def name(cell: str) -> str:
    """What a cell or exercise is called in a sentence."""
    exercise = course().exercises.get(cell)
    return f"“{exercise.title.replace('`', '')}”" if exercise else f"the cell {cell}"


def words(thread: Thread) -> str:
    """What a thread is about, in words: without a look at the thing itself."""
    called = name(thread.cell)
    if thread.kind == OUTPUT:
        return f"what {called} showed"
    if thread.kind != ATTEMPT:
        return called if thread.kind == CELL else thread.kind
    if thread.first_line is None:
        return f"an answer to {called}"
    first, last = thread.first_line, thread.last_line
    return f"{f'line {first}' if first == last else f'lines {first} to {last}'} of an answer to {called}"


# ---- the kinds there are


def _attempt(session: Session, viewer: User, attempt_id: UUID) -> Subject:
    mine = select(Attempt).where(Attempt.id == attempt_id, oversight.may_see(viewer, Attempt.user_id))
    found = session.scalar(mine)
    if found is None:
        raise NotFound("There is no such attempt among yours.")
    oversight.looked(session, viewer, found.user_id)
    exercise = course().exercises.get(found.exercise)
    return Subject(
        kind=ATTEMPT,
        id=found.id,
        owner=found.user_id,
        lesson=found.lesson,
        cell=found.exercise,
        title=f"attempt {found.number} at {name(found.exercise)}",
        href=f"/attempts/{found.id}",
        run_id=found.run_id,
        text=None if exercise and exercise.is_form else found.answer,
        finished=found.counts_as == "passed",
    )


def _output(session: Session, viewer: User, output_id: UUID) -> Subject:
    """Of a scratch run only its learner's, until they ask about it."""
    found = runs.output(session, viewer, output_id)
    run = session.scalars(select(Run).where(Run.id == found.run_id).options(joinedload(Run.attempt))).one()
    return Subject(
        kind=OUTPUT,
        id=found.id,
        owner=run.user_id,
        lesson=run.lesson,
        cell=run.cell,
        title=f"what {name(run.cell)} showed",
        href=f"/attempts/{run.attempt.id}" if run.attempt else f"/runs/{run.id}",
        run_id=run.id,
        text=None,
    )


register(ATTEMPT, _attempt)
register(OUTPUT, _output)
