"""The mentor's desk: learners × exercises, and who is waiting for an answer."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import attempts, pages, progress, proof, threads
from app.lessons import course
from app.visitors import Db, Mentor

router = APIRouter(prefix="/mentor")


@router.get("", name="show_board", response_class=HTMLResponse)
def show_board(request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """Everybody on one page: passed, failed, not tried, asking."""
    return pages.render(
        request,
        "mentor/board.html",
        board=progress.board(session, mentor),
        waiting=threads.open_for_mentor(session, mentor),
        lessons=course().lessons,
    )


@router.get("/learners/{learner}", name="show_learner", response_class=HTMLResponse)
def show_learner(learner: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """One learner: every attempt handed in, and every question asked."""
    row = progress.row(session, mentor, learner)
    handed_in = attempts.of_learner(session, mentor, learner)
    asked = [
        thread
        for lesson in course().lessons
        for on_cell in threads.of_lesson(session, row.learner, lesson).values()
        for thread in on_cell
    ]
    return pages.render(
        request,
        "mentor/learner.html",
        row=row,
        lessons=proof.shown_to_mentor(row.statuses),
        exercises_known=course().exercises,
        handed_in=handed_in,
        asked=asked,
    )
