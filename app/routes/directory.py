"""The people of the site, for those who run it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.people import directory, resets
from app.visitors import Admin, Db, for_page

router = APIRouter(prefix="/people")


@router.get("", name="show_directory", response_class=HTMLResponse)
def show_directory(
    request: Request,
    session: Db,
    admin: Admin,
    q: str = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """Everybody with an account, or those who are searched for."""
    found = directory.search(session, admin, q, page)
    more = found.total > page * directory.PAGE
    return pages.render(request, "operate/people.html", found=found, q=q, number=page, more=more)


@router.post("/{user_id}/admin", name="make_admin")
def make_admin(user_id: UUID, request: Request, session: Db, admin: Admin) -> Response:
    """They run this site from now on."""
    user = directory.person(session, admin, user_id)
    directory.make_admin(session, admin, user)
    return pages.redirect(request, "/people", f"{user.name} is an admin.")


@router.post("/{user_id}/not-admin", name="unmake_admin")
def unmake_admin(user_id: UUID, request: Request, session: Db, admin: Admin) -> Response:
    """They don't run it any more."""
    user = directory.person(session, admin, user_id)
    directory.unmake_admin(session, admin, user)
    to = "/path" if user.id == admin.id else "/people"
    return pages.redirect(request, to, f"{user.name} is no admin any more.")


@router.post("/{user_id}/reset", name="make_reset", response_class=HTMLResponse)
def make_reset(user_id: UUID, request: Request, session: Db, admin: Admin) -> HTMLResponse:
    """A link by which they choose a password: shown here and never again."""
    user = directory.person(session, admin, user_id)
    for_page(request, session, admin)
    link = resets.make_for(session, admin, user)
    return pages.render(request, "operate/reset_link.html", person=user, link=link)
