"""Of the API: who one is, the map, the lessons, and one's own texts in them."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from app.api.asking import Reader, Submitter, Token
from app.api.paging import USUAL, After, Limit, part
from app.api.shapes import CellShape, LessonShape, Me, NodeShape, Page
from app.guard import clean_text, find_cell, find_lesson, one_at_a_time
from app.learning import activity, desk, drafts, progress
from app.lessons import Lesson, course
from app.models import User
from app.people import cohorts
from app.visitors import Db

router = APIRouter(tags=["learning"])


@router.get("/me")
def me(session: Db, token: Token) -> Me:
    """Whose token this is, and what it may do."""
    return Me.of(token, cohorts.of(session, token.user))


@router.get("/path")
def path(session: Db, learner: Reader) -> list[NodeShape]:
    """The map in one's own order, with where one stands with every exercise on it."""
    return [NodeShape.of(view) for view in progress.path_view(session, learner)]


@router.get("/lessons")
def lessons(session: Db, learner: Reader, after: After = "", limit: Limit = USUAL) -> Page[LessonShape]:
    """Every lesson, with where one stands with its exercises."""
    known = progress.of_all(session, learner)
    found = list(course().lessons.values())
    return part(
        found,
        after,
        limit,
        lambda one: one.slug,
        lambda one: LessonShape.of(progress.lesson_view(one, known)),
    )


@router.get("/lessons/{lesson}")
def lesson(lesson: str, session: Db, learner: Reader) -> LessonShape:
    """One lesson."""
    found = find_lesson(lesson)
    return LessonShape.of(progress.lesson_view(found, progress.of_all(session, learner)))


@router.get("/lessons/{lesson}/cells")
def cells(lesson: str, session: Db, learner: Reader) -> list[CellShape]:
    """The cells and exercises of a lesson in their order, with one's own texts."""
    found = find_lesson(lesson)
    texts = drafts.texts(session, learner, found)
    places = desk.of(session, learner, found).places.values()
    return [_cell(place, texts) for place in places]


@router.get("/lessons/{lesson}/cells/{cell}")
def cell(lesson: str, cell: str, session: Db, learner: Reader) -> CellShape:
    """One cell or exercise."""
    found = find_lesson(lesson)
    return _one(session, learner, found, cell)


def _one(session: Session, learner: User, lesson: Lesson, cell: str) -> CellShape:
    block = find_cell(lesson, cell)
    return _cell(desk.place(session, learner, lesson, block.id), drafts.texts(session, learner, lesson))


def _cell(place: desk.Place, texts: dict[str, str]) -> CellShape:
    text = texts[place.id]
    return CellShape.of(place, text, changed=text != drafts.initial(place.block))


class Text(BaseModel):
    """What is to stand in an editor."""

    text: str = Field(description="At most 64 KB.", examples=["x = 1\n"])


@router.put("/lessons/{lesson}/cells/{cell}/draft")
def save_draft(lesson: str, cell: str, body: Text, session: Db, learner: Submitter) -> CellShape:
    """Put this text into the editor of a cell. What stood there is set aside, not lost."""
    found = find_lesson(lesson)
    block, text = find_cell(found, cell), clean_text(body.text)
    one_at_a_time(session, learner)
    if drafts.texts(session, learner, found)[block.id] != text:
        drafts.set_aside(session, learner, lesson, block.id)
        drafts.save(session, learner, lesson, block.id, text)
    return _one(session, learner, found, cell)


class Guess(BaseModel):
    """A bet on what a cell will show."""

    guess: str = Field(max_length=200, description="One of the choices, or a number.")
    confidence: int = Field(70, ge=50, le=100, description="How sure one is, in per cent.")


@router.post("/lessons/{lesson}/cells/{cell}/prediction", status_code=204)
def predict(lesson: str, cell: str, body: Guess, session: Db, learner: Submitter) -> Response:
    """Place the bet that a cell asks for before it shows anything. The first one counts."""
    activity.predict(session, learner, lesson, cell, body.guess, body.confidence)
    return Response(status_code=204)
