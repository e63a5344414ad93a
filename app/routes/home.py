"""The front page: already a model."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import desk, examples, pages
from app.db import transaction
from app.lessons import course
from app.visitors import Db, Viewer

router = APIRouter()

FIRST_LESSON = "induction-heads"


def prepare() -> None:
    """Have the example run that this page shows, before anybody asks for it."""
    lesson = course().lessons.get(FIRST_LESSON)
    if lesson:
        with transaction() as session:
            examples.ensure(session, lesson)


@router.get("/", name="home", response_class=HTMLResponse)
def home(request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """The first live cell of the first lesson, and the way on."""
    lesson = course().lessons.get(FIRST_LESSON)
    table = desk.of(session, learner, lesson) if lesson else None
    cell = examples.first_cell(lesson) if lesson else None
    place = examples.beside(session, table.places[cell.id]) if table and cell else None
    return pages.render(request, "home.html", lesson=lesson, desk=table, place=place)
