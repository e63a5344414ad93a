"""The start of the path: a few questions, and where to begin."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.learning import placing
from app.lessons import course
from app.people import throttle
from app.visitors import Db, Doer, Sent, Viewer

router = APIRouter(prefix="/start")


@router.get("", name="show_start", response_class=HTMLResponse)
def show_start(request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """The questions. What is right is not in the page."""
    before = placing.latest(session, learner) if learner else None
    return pages.render(request, "start/start.html", questions=course().questions, before=before)


@router.post("", name="place")
def place(request: Request, session: Db, learner: Doer, fields: Sent) -> Response:
    """Hand the answers in."""
    throttle.check(throttle.WRITE, str(learner.id))
    placing.answer(session, learner, fields)
    return pages.redirect(request, "/start/result")


@router.get("/result", name="show_result", response_class=HTMLResponse)
def show_result(request: Request, session: Db, learner: Viewer) -> Response:
    """What follows from one's newest answers; who has given none is asked first."""
    result = placing.latest(session, learner) if learner else None
    if result is None:
        return pages.redirect(request, "/start")
    return pages.render(request, "start/result.html", result=result, lessons=course().lessons)
