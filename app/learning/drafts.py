"""What a learner has typed: one text a cell, kept as they type.

What gives way to another text is set aside, not lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.db import now
from app.guard import Unusable, clean_text, find_cell, find_lesson, one_at_a_time
from app.learning import activity
from app.learning.activity import Kind
from app.lessons import Cell, Exercise, Lesson, Prose, Runnable
from app.models import Draft, User
from app.teaching import sittings


def save(session: Session, user: User, lesson: str, cell: str, text: str) -> None:
    """Keep the text of one cell; of a form, what is filled in, as JSON.

    Raises NotFound, TextTooLong, Unusable.

    A text equal to the lesson's own is not stored, so that a mended lesson reaches those who changed nothing.
    """
    block = find_cell(find_lesson(lesson), cell)
    kept = filled(block, text) if isinstance(block, Exercise) and block.is_form else clean_text(text)
    for changed, before in save_all(session, user, lesson, {block.id: kept}).items():
        activity.edited(session, user, lesson, changed, before)


def save_all(session: Session, user: User, lesson: str, texts: dict[str, str]) -> dict[str, datetime | None]:
    """Keep several texts, already cleaned, of cells that exist.

    Returns those that are others now, each with when it was saved the last time.
    """
    one_at_a_time(session, user)
    blocks = _editable(find_lesson(lesson))
    kept = {draft.cell: draft for draft in _rows(session, user, lesson)}
    _freeze(session, user, lesson, kept)
    changed: dict[str, datetime | None] = {}
    for cell, text in texts.items():
        draft, own = kept.get(cell), initial(blocks[cell])
        if text != (draft.text if draft else own):
            changed[cell] = draft.updated_at if draft else None
        if draft is not None and text == own:
            session.delete(draft)
        elif draft is not None and text != draft.text:
            draft.text, draft.updated_at = text, now()
        elif draft is None and text != own:
            session.add(Draft(user_id=user.id, lesson=lesson, cell=cell, text=text, updated_at=now()))
    session.flush()
    return changed


def _freeze(session: Session, user: User, lesson: str, kept: dict[str, Draft]) -> None:
    """Before texts change: a sitting that is over keeps them as they stood at its end."""
    blocks = _editable(find_lesson(lesson)).items()
    before = {cell: kept[cell].text if cell in kept else initial(block) for cell, block in blocks}
    sittings.freeze(session, user, before)


def of(session: Session, user: User, lesson: str) -> dict[str, str]:
    """Cell → the learner's text, only where it differs from the lesson's own."""
    return {draft.cell: draft.text for draft in _rows(session, user, lesson)}


def texts(session: Session, user: User, lesson: Lesson) -> dict[str, str]:
    """Cell → the text as the learner sees it now, for every cell and exercise."""
    own = of(session, user, lesson.slug)
    return {cell: own.get(cell, initial(block)) for cell, block in _editable(lesson).items()}


def initial(block: Runnable) -> str:
    """The text that a cell has before anybody touches it. An untouched form is empty."""
    if isinstance(block, Cell):
        return block.source
    return "{}" if block.is_form else block.starter


def filled(form: Exercise, answer: str | Mapping[str, Any]) -> str:
    """A form as it is stored: JSON of its own fields that are filled in, in their order. Raises Unusable."""
    values = _parsed(answer) if isinstance(answer, str) else answer
    known = {field.name: values.get(field.name) for field in form.fields}
    given = {name: value for name, value in known.items() if value not in (None, "")}
    return clean_text(json.dumps(given, ensure_ascii=False))


def _parsed(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise Unusable("Fill in the form, and hand it in again.")
    return values


def reset(session: Session, user: User, lesson: str, cell: str) -> str:
    """Back to the lesson's own text, which is returned; the learner's is set aside."""
    block = find_cell(find_lesson(lesson), cell)
    _freeze(session, user, lesson, {draft.cell: draft for draft in _rows(session, user, lesson)})
    set_aside(session, user, lesson, cell)
    session.execute(
        delete(Draft).where(Draft.user_id == user.id, Draft.lesson == lesson, Draft.cell == cell),
        execution_options={"synchronize_session": "fetch"},
    )
    return initial(block)


def set_aside(session: Session, user: User, lesson: str, cell: str) -> None:
    """Remember the learner's present text, before another takes its place."""
    text = of(session, user, lesson).get(cell)
    if text is not None:
        activity.log(session, user, Kind.SET_ASIDE, lesson, cell, text=text)


def earlier(session: Session, user: User, lesson: str, cell: str) -> list[tuple[datetime, str]]:
    """The texts that were set aside, newest first, each with when."""
    entries = activity.of_kind(session, user, Kind.SET_ASIDE, lesson, cell)
    return [(entry.created_at, entry.data["text"]) for entry in reversed(entries)]


def _editable(lesson: Lesson) -> dict[str, Runnable]:
    """Live cells and exercises, also forms, in reading order."""
    return {block.id: block for block in lesson.blocks if not isinstance(block, Prose)}


def _rows(session: Session, user: User, lesson: str) -> list[Draft]:
    return list(session.scalars(select(Draft).where(Draft.user_id == user.id, Draft.lesson == lesson)))
