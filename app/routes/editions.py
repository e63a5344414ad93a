"""By which edition of the course a cohort learns: what is pinned, what has changed since, and moving on."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.lessons import newest
from app.models import Cohort
from app.people import cohorts
from app.teaching import editions
from app.visitors import Admin, Db, Mentor

router = APIRouter(prefix="/mentor/cohorts/{cohort_id}/course")


@router.get("", name="show_edition", response_class=HTMLResponse)
def show_edition(cohort_id: UUID, request: Request, session: Db, mentor: Mentor) -> HTMLResponse:
    """What is pinned, and what would change for the class if it moved to the newest."""
    cohort = cohorts.find(session, mentor, cohort_id)
    changes = editions.changes_for(session, cohort)
    return pages.render(request, "mentor/course.html", cohort=cohort, changes=changes, newest=newest())


@router.post("/pin", name="pin_course")
def pin_course(
    cohort_id: UUID, request: Request, session: Db, admin: Admin, edition: Annotated[str, Form()] = ""
) -> Response:
    """Pin the course as it is now, whose changes were shown as those of `edition`."""
    cohort = cohorts.find(session, admin, cohort_id)
    editions.pin(session, admin, cohort, edition)
    return _to(request, cohort, "Pinned. Whatever authors change from now on, this class learns by it.")


@router.post("/unpin", name="unpin_course")
def unpin_course(cohort_id: UUID, request: Request, session: Db, admin: Admin) -> Response:
    """Let the class follow the newest course."""
    cohort = cohorts.find(session, admin, cohort_id)
    editions.unpin(session, admin, cohort)
    return _to(request, cohort, "This class follows the newest course now, whatever that becomes.")


def _to(request: Request, cohort: Cohort, say: str) -> Response:
    return pages.redirect(request, f"/mentor/cohorts/{cohort.id}/course", say)
