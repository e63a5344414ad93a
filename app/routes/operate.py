"""The operator's page: whether everything is there, who waits, what went wrong."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from app import arrivals, pages
from app.operating import gauges, metrics
from app.operating.concerns import concerns
from app.visitors import Admin, Db

router = APIRouter()

_SLOWEST = 5  # routes that are listed


@router.get("/operate", name="operate", response_class=HTMLResponse)
def operate(request: Request, session: Db, admin: Admin) -> HTMLResponse:
    """Everything at one glance. The page asks for it again every few seconds."""
    found = gauges.now()
    return pages.render(
        request,
        "operate/operate.html",
        "state",
        found=found,
        concerns=concerns(found),
        hour=gauges.span(session, gauges.HOUR),
        day=gauges.day(),
        minutes=gauges.minutes(session),
        troubled=gauges.troubled(session),
        slowest=metrics.slowest(_SLOWEST, without=arrivals.QUIET),
    )
