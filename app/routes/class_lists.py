"""Bringing a class list into a cohort: looked at line by line first, then done."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from app import pages
from app.guard import Refused
from app.models import Cohort, User
from app.people import classlist, cohorts, throttle
from app.visitors import Db, Mentor, for_page

router = APIRouter(prefix="/mentor/cohorts/{cohort_id}/class-list")

Text = Annotated[str, Form()]


@router.get("", name="show_class_list", response_class=HTMLResponse)
def show_class_list(cohort_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """Where one pastes it."""
    return _page(request, cohorts.find(session, mentor, cohort_id))


@router.post("", name="check_class_list", response_class=HTMLResponse)
def check_class_list(
    cohort_id: UUID,
    request: Request,
    session: Db,
    mentor: Mentor,
    text: Text = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> HTMLResponse:
    """What would become of each line. Nothing is done yet."""
    cohort = cohorts.find(session, mentor, cohort_id)
    for_page(request, session, mentor)
    try:
        if file is not None and file.size:
            text = classlist.decode(file.file.read(classlist.MAX_BYTES + 1))
        lines = _foreseen(session, mentor, cohort, text)
    except Refused as problem:
        return _page(request, cohort, problem.status, text=text, problem=problem.message)
    return _page(request, cohort, text=text, lines=lines)


@router.post("/people", name="bring_class_list")
def bring_class_list(
    cohort_id: UUID, request: Request, session: Db, mentor: Mentor, text: Text = "", good: Text = ""
) -> Response:
    """Bring in those whose lines are good; with a line that is not, only if that was said."""
    cohort = cohorts.find(session, mentor, cohort_id)
    for_page(request, session, mentor)
    throttle.check(throttle.CLASS_LIST, str(mentor.id))
    try:
        lines = _foreseen(session, mentor, cohort, text)
    except Refused as problem:
        return _page(request, cohort, problem.status, text=text, problem=problem.message)
    if any(line.problem for line in lines) and not good:
        return _page(request, cohort, 422, text=text, lines=lines)
    brought = classlist.bring(session, mentor, cohort, lines)
    return _page(request, cohort, brought=brought)


def _foreseen(session: Session, mentor: User, cohort: Cohort, text: str) -> list[classlist.Line]:
    return classlist.foresee(session, mentor, cohort, classlist.read(text))


def _page(request: Request, cohort: Cohort, status: int = 200, **found: Any) -> HTMLResponse:
    shown = {"text": "", "problem": "", "lines": None, "brought": None, "cohort": cohort} | found
    return pages.render(request, "mentor/class_list.html", None, status, None, **shown)
