"""The front page: already a model."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import desk, pages
from app.lessons import course
from app.visitors import Db, Viewer

router = APIRouter()

FIRST_LESSON = "induction-heads"


@router.get("/", name="home", response_class=HTMLResponse)
def home(request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """The first live cell of the first lesson, and the way on."""
    lesson = course().lessons.get(FIRST_LESSON)
    table = desk.of(session, learner, lesson) if lesson else None
    cells = [place for place in table.places.values() if not place.is_exercise] if table else []
    return pages.render(request, "home.html", lesson=lesson, desk=table, place=cells[0] if cells else None)
