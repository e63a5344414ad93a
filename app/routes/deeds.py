"""The audit log, for admins."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import pages
from app.guard import NotFound
from app.people import deeds
from app.people.deeds import Wanted
from app.visitors import Admin, Db

router = APIRouter()


@router.get("/audit", name="show_audit", response_class=HTMLResponse)
def show_audit(
    request: Request,
    session: Db,
    admin: Admin,
    before: UUID | None = None,
    kind: str = "",
    person: str = "",
    cohort: str = "",
) -> HTMLResponse:
    """Who did what to whom, newest first, a page at a time."""
    wanted = Wanted(kind, person, _id(cohort))
    lines = deeds.log(session, admin, before, wanted)
    return pages.render(
        request,
        "operate/audit.html",
        lines=lines,
        wanted=wanted,
        kinds=deeds.Kind,
        cohorts=deeds.cohorts_known(session, admin),
        more=len(lines) == deeds.PAGE,
        older=urlencode({"kind": kind, "person": person, "cohort": cohort}),
    )


def _id(text: str) -> UUID | None:
    """Of a cohort; a form sends an empty one for all. Raises NotFound."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound("There is no such cohort.") from None
