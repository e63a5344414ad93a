"""Results shown to others: make a link, look at what is behind it, take it back."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.config import settings
from app.learning import shares
from app.lessons import course
from app.people import throttle
from app.visitors import Db, Member, Viewer, is_htmx

router = APIRouter()


@router.post("/runs/{run_id}/share", name="share")
def share(
    run_id: UUID, request: Request, session: Db, learner: Member, name: Annotated[str, Form()] = ""
) -> Response:
    """Make a public link to what a run of one's own has shown."""
    throttle.check(throttle.WRITE, str(learner.id))
    made = shares.share(session, learner, run_id, name)
    if not is_htmx(request):
        say = "Anybody who has this page's address can see it. You can take it back on your account page."
        return pages.redirect(request, f"/shared/{made.token}", say)
    return pages.render(request, "shares/shared.html", "made", share=made, site=settings().url)


@router.get("/shared/{token}", name="show_shared", response_class=HTMLResponse)
def show_shared(token: str, request: Request, session: Db, learner: Viewer) -> HTMLResponse:
    """What somebody shared, and nothing else of theirs. Anybody may look; who may take it down, can."""
    found = shares.by_token(session, token)
    return pages.render(
        request,
        "shares/shared.html",
        headers={"x-robots-tag": "noindex, nofollow", "referrer-policy": "no-referrer"},
        share=found,
        may_revoke=shares.may_revoke(learner, found),
        lesson=course().lessons.get(found.lesson),
    )


@router.post("/shares/{share_id}/revoke", name="revoke_share")
def revoke(share_id: UUID, request: Request, session: Db, learner: Member) -> Response:
    """Take a link back, or down as an admin."""
    shares.revoke(session, learner, share_id)
    return pages.redirect(request, "/account#shared", "The link leads nowhere now, and its page is deleted.")
