"""The audit log, for admins."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import deeds, pages
from app.visitors import Admin, Db

router = APIRouter()


@router.get("/audit", name="show_audit", response_class=HTMLResponse)
def show_audit(
    request: Request, session: Db, admin: Admin, before: UUID | None = None, kind: str = ""
) -> HTMLResponse:
    """Who did what to whom, newest first, a page at a time."""
    lines = deeds.log(session, admin, before, kind)
    return pages.render(
        request, "operate/audit.html", lines=lines, kind=kind, kinds=deeds.Kind, more=len(lines) == deeds.PAGE
    )
