"""What a newcomer sees before they press Run: the output of a real run, made by a learner of the house."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from app.learning import drafts
from app.learning.desk import Place
from app.lessons import Cell, Lesson
from app.models import Ending, Run, State, User
from app.people.accounts import HOUSE
from app.running import chains, runs
from app.running.fingerprint import fingerprint


def first_cell(lesson: Lesson) -> Cell | None:
    """The live cell that the front page shows."""
    return next((block for block in lesson.blocks if isinstance(block, Cell)), None)


def ensure(session: Session, lesson: Lesson) -> Run | None:
    """The house's run of the first cell, as written and installed today; queued unless it is there."""
    cell = first_cell(lesson)
    if cell is None:
        return None
    house = _house(session)
    newest = session.scalar(_of(lesson, cell.id).limit(1))
    chain = chains.build(lesson, cell.id, drafts.texts(session, house, lesson))
    if newest and newest.chain == chain and newest.fingerprint == fingerprint() and _holds(newest):
        return newest
    return runs.submit(session, house, lesson.slug, cell.id, {})


def beside(session: Session, place: Place) -> Place:
    """The place, with the house's output where its learner has none yet."""
    if place.run is not None:
        return place
    good = _of(place.lesson, place.id).where(Run.state == State.DONE, Run.ending == Ending.OK)
    return replace(place, example=session.scalar(good.limit(1).options(selectinload(Run.outputs))))


def _of(lesson: Lesson, cell: str) -> Select[Run]:
    own = select(Run).where(Run.user_id == HOUSE, Run.lesson == lesson.slug, Run.cell == cell)
    return own.order_by(Run.created_at.desc(), Run.id.desc())


def _holds(run: Run) -> bool:
    return not run.state.over or run.ending is Ending.OK


def _house(session: Session) -> User:
    known = session.get(User, HOUSE)
    if known is not None:
        return known
    made = User(id=HOUSE, name="Unembed", guest=True)
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:  # another site that starts at the same moment was faster
        return session.get_one(User, HOUSE)
    return made
