"""Bringing a notebook back in: first seen, then taken, and undone in one step. Old texts are set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.guard import Unusable, one_at_a_time
from app.jupyter.reading import Found
from app.learning import activity, drafts
from app.learning.activity import Kind
from app.lessons import Exercise, Lesson, Runnable
from app.models import User
from app.running.chains import clean


@dataclass(frozen=True)
class Change:
    """What one cell would become."""

    block: Runnable
    before: str
    after: str
    guessed: bool

    @property
    def title(self) -> str:
        """Of an exercise its title, of a live cell its name."""
        return self.block.title if isinstance(self.block, Exercise) else self.block.id


@dataclass(frozen=True)
class Brought:
    """The last time that texts were brought in, and which cells still hold them."""

    at: datetime
    cells: tuple[str, ...]
    undoable: bool
    undone: bool = False


def propose(session: Session, learner: User, lesson: Lesson, found: Sequence[Found]) -> list[Change]:
    """Only what differs from what the learner has now."""
    texts = drafts.texts(session, learner, lesson)
    return [
        Change(lesson.cell(one.cell), texts[one.cell], one.text, one.guessed)
        for one in found
        if one.text.rstrip() != texts[one.cell].rstrip()
    ]


def bring_in(session: Session, learner: User, lesson: Lesson, texts: Mapping[str, str]) -> list[str]:
    """Let these texts take the place of the learner's, which are set aside. Returns the cells that changed.

    Cells that the lesson does not have, and forms, are left out. Raises TextTooLong, and Unusable if nothing
    is left.
    """
    one_at_a_time(session, learner)
    runs = {block.id for block in lesson.cells()}
    now = drafts.texts(session, learner, lesson)
    fresh = {cell: text for cell, text in clean(lesson, texts).items() if cell in runs and text != now[cell]}
    if not fresh:
        raise Unusable("No cell was chosen that would change. Tick those whose text you want.")
    _put(session, learner, lesson, fresh)
    before = {cell: now[cell] for cell in fresh}
    activity.log(session, learner, Kind.BROUGHT_IN, lesson.slug, before=before, after=fresh)
    session.flush()
    return list(fresh)


def last_brought(session: Session, learner: User, lesson: Lesson) -> Brought | None:
    """The last time, if there was one."""
    entries = activity.of_kind(session, learner, Kind.BROUGHT_IN, lesson.slug)
    if not entries:
        return None
    newest = entries[-1]
    left = _untouched(session, learner, lesson, newest.data["after"])
    undone = bool(newest.data.get("undo"))
    return Brought(newest.created_at, tuple(newest.data["after"]), bool(left) and not undone, undone)


def undo(session: Session, learner: User, lesson: Lesson) -> list[str]:
    """Give the cells of the last time the texts they had before; those changed since are left as they are.

    Returns the cells. Raises Unusable if there is nothing to undo.
    """
    one_at_a_time(session, learner)
    entries = activity.of_kind(session, learner, Kind.BROUGHT_IN, lesson.slug)
    data = entries[-1].data if entries else {"after": {}}
    left = [] if data.get("undo") else _untouched(session, learner, lesson, data["after"])
    if not left:
        raise Unusable("There is nothing to undo: no cell still has the text that was brought in.")
    before = {cell: data["before"][cell] for cell in left}
    _put(session, learner, lesson, before)
    after = {cell: data["after"][cell] for cell in left}
    activity.log(session, learner, Kind.BROUGHT_IN, lesson.slug, before=after, after=before, undo=True)
    session.flush()
    return left


def _put(session: Session, learner: User, lesson: Lesson, texts: dict[str, str]) -> None:
    for cell in texts:
        drafts.set_aside(session, learner, lesson.slug, cell)
    drafts.save_all(session, learner, lesson.slug, texts)


def _untouched(session: Session, learner: User, lesson: Lesson, after: Mapping[str, str]) -> list[str]:
    texts = drafts.texts(session, learner, lesson)
    return [cell for cell, text in after.items() if texts.get(cell) == text]
