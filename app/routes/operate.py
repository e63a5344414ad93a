"""The operator's page: whether everything is there, who waits, what went wrong."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import arrivals, metrics, operating, pages
from app.concerns import concerns
from app.visitors import Admin, Db

router = APIRouter()

_SLOWEST = 5  # routes that are listed


@router.get("/operate", name="operate", response_class=HTMLResponse)
def operate(request: Request, session: Db, admin: Admin) -> HTMLResponse:
    """Everything at one glance. The page asks for it again every few seconds."""
    found = operating.now()
    return pages.render(
        request,
        "operate/operate.html",
        "state",
        found=found,
        concerns=concerns(found),
        hour=operating.span(session, operating.HOUR),
        day=operating.day(),
        minutes=operating.minutes(session),
        troubled=operating.troubled(session),
        slowest=metrics.slowest(_SLOWEST, without=arrivals.QUIET),
    )
