"""“Your time”: what was measured, what others took, and what one has read elsewhere."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import Unusable, clean_day
from app.learning import pace
from app.lessons import course
from app.visitors import Db, Doer, Member

router = APIRouter(prefix="/time")

Text = Annotated[str, Form()]


@router.get("", name="show_time", response_class=HTMLResponse)
def show_time(request: Request, session: Db, learner: Member, change: UUID | None = None) -> HTMLResponse:
    """One's own time. `change` is an entry that is being changed."""
    entry = pace.find_reading(session, learner, change) if change else None
    return pages.render(
        request,
        "accounts/time.html",
        pace=pace.of(session, learner),
        entry=entry,
        nodes=course().path.nodes,
        source=course().path.source,
    )


@router.post("/readings", name="enter_reading")
def enter_reading(
    request: Request,
    session: Db,
    learner: Doer,
    minutes: Text = "",
    place: Text = "",
    node: Text = "",
    on: Text = "",
) -> Response:
    """Enter what was read elsewhere."""
    pace.enter(session, learner, _minutes(minutes), place, node, clean_day(on))
    return pages.redirect(request, "/time#readings", "Entered.")


@router.post("/readings/{reading_id}", name="change_reading")
def change_reading(
    reading_id: UUID,
    request: Request,
    session: Db,
    learner: Member,
    minutes: Text = "",
    place: Text = "",
    node: Text = "",
    on: Text = "",
) -> Response:
    """Change an entry."""
    pace.enter(session, learner, _minutes(minutes), place, node, clean_day(on), reading_id)
    return pages.redirect(request, "/time#readings", "Changed.")


@router.post("/readings/{reading_id}/remove", name="remove_reading")
def remove_reading(reading_id: UUID, request: Request, session: Db, learner: Member) -> Response:
    """Remove an entry."""
    pace.strike(session, learner, reading_id)
    return pages.redirect(request, "/time#readings", "Removed.")


def _minutes(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise Unusable("Give the time in whole minutes.") from None
