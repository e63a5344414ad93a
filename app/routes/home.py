"""The front page: already a model."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import OperationalError

from app import pages
from app.db import transaction
from app.learning import desk, examples
from app.lessons import course
from app.visitors import Db, Viewer

log = logging.getLogger(__name__)
router = APIRouter()

FIRST_LESSON = "induction-heads"


def prepare() -> None:
    """Have the example run that this page shows, before anybody asks for it.

    Without a database the site starts all the same: its pages say what is away.
    """
    lesson = course().lessons.get(FIRST_LESSON)
    if lesson is None:
        return
    try:
        with transaction() as session:
            examples.ensure(session, lesson)
    except OperationalError as error:
        log.warning("no example is prepared, the database does not answer: %s", error)


@router.get("/", name="home", response_class=HTMLResponse)
def home(request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """The first live cell of the first lesson, and the way on."""
    lesson = course().lessons.get(FIRST_LESSON)
    table = desk.of(session, learner, lesson) if lesson else None
    cell = examples.first_cell(lesson) if lesson else None
    place = examples.beside(session, table.places[cell.id]) if table and cell else None
    return pages.render(request, "home.html", lesson=lesson, desk=table, place=place)
