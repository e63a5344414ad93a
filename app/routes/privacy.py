"""What is kept of whom, and who sees it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import pages
from app.people import privacy
from app.visitors import Db, Viewer

router = APIRouter()


@router.get("/privacy", name="show_privacy", response_class=HTMLResponse)
def show_privacy(request: Request, session: Db, visitor: Viewer) -> HTMLResponse:
    """In plain words, and true to the code."""
    return pages.render(request, "privacy.html", kept=privacy.KEPT, days=privacy.days())
