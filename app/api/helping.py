"""Of the API: asking a mentor, reading what they say, and opening hints. The rules are those of the pages."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.api.asking import Reader, Submitter
from app.api.help_shapes import HintsShape, ThreadShape
from app.api.paging import USUAL, After, Limit, last, page
from app.api.shapes import Page
from app.guard import clean_text, find_cell, find_exercise, find_lesson
from app.learning import attempts, drafts
from app.mentoring import threads
from app.models import User
from app.people import throttle
from app.visitors import Db

router = APIRouter(tags=["help"])


class Words(BaseModel):
    """What is said, in Markdown."""

    body: str = Field(description="At most 10,000 bytes.", examples=["Why is the first row all zeros?"])


class Question(Words):
    """What one is stuck at."""

    text: str | None = Field(None, description="Of the cell, if it is to be saved as its draft first.")


@router.post("/lessons/{lesson}/cells/{cell}/threads", status_code=201)
def ask(lesson: str, cell: str, body: Question, session: Db, learner: Submitter) -> ThreadShape:
    """“I'm stuck”: ask one's mentors about a cell. They see it as it stands, the cells above it, its newest
    run and what was handed in there. The same question twice is one thread.
    """
    throttle.check(throttle.WRITE, str(learner.id))
    texts = _texts(session, learner, lesson, cell, body.text)
    made = threads.ask(session, learner, lesson, cell, body.body, texts)
    return ThreadShape.of(threads.own(session, learner, made.id))


def _texts(session: Session, learner: User, lesson: str, cell: str, text: str | None) -> dict[str, str]:
    """What the cell is to have as its text; what stood there is set aside."""
    find_cell(find_lesson(lesson), cell)
    if text is None:
        return {}
    if clean_text(text) != drafts.of(session, learner, lesson).get(cell):
        drafts.set_aside(session, learner, lesson, cell)
    return {cell: text}


@router.get("/threads")
def list_threads(session: Db, learner: Reader, after: After = "", limit: Limit = USUAL) -> Page[ThreadShape]:
    """What one has asked, or was told, the newest first."""
    found = threads.part(session, learner, last(after), limit + 1)
    return page(found, limit, lambda one: one.id, ThreadShape.of)


@router.get("/threads/{thread}")
def show_thread(thread: UUID, session: Db, learner: Reader) -> ThreadShape:
    """One of them."""
    return ThreadShape.of(threads.own(session, learner, thread))


@router.post("/threads/{thread}/messages", status_code=201)
def reply(thread: UUID, body: Words, session: Db, learner: Submitter) -> ThreadShape:
    """Say more; a question that was settled is open again."""
    throttle.check(throttle.WRITE, str(learner.id))
    threads.reply(session, learner, threads.own(session, learner, thread), body.body)
    return ThreadShape.of(threads.own(session, learner, thread))


@router.get("/exercises/{exercise}/hints")
def list_hints(exercise: str, session: Db, learner: Reader) -> HintsShape:
    """The hints that one has opened. Closed while an assessment has closed them."""
    return HintsShape.of(find_exercise(exercise), attempts.hints(session, learner, exercise))


@router.post("/exercises/{exercise}/hints")
def open_hint(exercise: str, session: Db, learner: Submitter) -> HintsShape:
    """Open the next. Hints never count against anyone."""
    return HintsShape.of(find_exercise(exercise), attempts.open_hint(session, learner, exercise))
