"""What somebody is told in the site."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.post import notices
from app.visitors import Db, Member

router = APIRouter(prefix="/notices")


@router.get("", name="show_notices", response_class=HTMLResponse)
def show_notices(request: Request, session: Db, user: Member) -> HTMLResponse:
    """The newest, those not read yet marked."""
    return pages.render(request, "accounts/notices.html", told=notices.of(session, user))


@router.post("/read", name="read_notices")
def read_notices(request: Request, session: Db, user: Member) -> Response:
    """Mark all as read."""
    notices.read_all(session, user)
    return pages.redirect(request, "/notices")


@router.post("/{notice_id}", name="open_notice")
def open_notice(notice_id: UUID, request: Request, session: Db, user: Member) -> Response:
    """Mark it as read, and go where it leads."""
    return pages.redirect(request, notices.open_one(session, user, notice_id).href)
