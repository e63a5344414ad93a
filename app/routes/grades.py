"""The grades of a cohort as a file for a learning management system."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import clean_day
from app.people import cohorts
from app.teaching import editions, grades
from app.teaching.grades import By, Layout
from app.visitors import Db, Mentor

router = APIRouter(prefix="/mentor/cohorts/{cohort_id}")


@router.get("/grades", name="show_grades", response_class=HTMLResponse)
def show_grades(cohort_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """What the file may look like."""
    cohort = cohorts.find(session, mentor, cohort_id)
    editions.read_as_cohort(session, cohort)
    return pages.render(request, "mentor/grades.html", cohort=cohort, layouts=list(Layout), kinds=list(By))


@router.get("/grades.csv", name="take_grades")
def take_grades(
    cohort_id: UUID,
    session: Db,
    mentor: Mentor,
    layout: Layout = Layout.GENERIC,
    by: By = By.EXERCISE,
    until: Annotated[str, Query(max_length=10)] = "",
    late: Annotated[str, Query(max_length=3)] = "",
) -> Response:
    """The file. That it was taken stands in the audit log."""
    cohort = cohorts.find(session, mentor, cohort_id)
    editions.read_as_cohort(session, cohort)
    text = grades.take(session, mentor, cohort, layout, by, clean_day(until), late=bool(late))
    name = re.sub(r"[^a-z0-9]+", "-", cohort.name.lower()).strip("-") or "cohort"
    headers = {"content-disposition": f'attachment; filename="grades-{name}-{layout}.csv"'}
    # without the mark at its beginning, spreadsheets take UTF-8 for something else
    content = text.encode("utf-8-sig" if layout is Layout.GENERIC else "utf-8")
    return Response(
        content, media_type="text/csv; charset=utf-8", headers=headers | {"cache-control": "no-store"}
    )
