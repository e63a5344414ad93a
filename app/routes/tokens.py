"""One's tokens for the API, and the page that describes it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.api import docs
from app.config import settings
from app.db import now
from app.models import ApiToken, User
from app.people import throttle, tokens
from app.people.tokens import Scope
from app.visitors import Db, Member

router = APIRouter()


@router.get("/account/tokens", name="show_tokens", response_class=HTMLResponse)
def show_tokens(request: Request, session: Db, user: Member) -> HTMLResponse:
    """Those there are, and the form for another."""
    return _page(request, session, user)


@router.post("/account/tokens", name="make_token", response_class=HTMLResponse)
def make_token(
    request: Request,
    session: Db,
    user: Member,
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str], Form()] = [],  # noqa: B006 - FastAPI copies it
    days: Annotated[int, Form()] = 90,
) -> HTMLResponse:
    """Make one. The answer shows its secret, which nobody sees again."""
    throttle.check(throttle.WRITE, str(user.id))
    made, secret = tokens.make(session, user, name, scopes, days)
    return _page(request, session, user, made, secret)


def _page(
    request: Request, session: Db, user: User, made: ApiToken | None = None, secret: str = ""
) -> HTMLResponse:
    return pages.render(
        request,
        "accounts/tokens.html",
        user=user,
        tokens=tokens.of(session, user),
        made=made,
        secret=secret,
        scopes=[scope for scope in Scope if scope is not Scope.MENTOR or user.mentor],
        moment=now(),
        site=settings().url,
    )


@router.post("/account/tokens/{token_id}/revoke", name="revoke_token")
def revoke_token(token_id: UUID, request: Request, session: Db, user: Member) -> Response:
    """It stops working at once."""
    tokens.revoke(session, user, token_id)
    return pages.redirect(request, "/account/tokens", "That token works no longer.")


@router.get("/api/docs", name="show_api", response_class=HTMLResponse)
def show_api(request: Request) -> HTMLResponse:
    """Every operation of the API, from its own schema."""
    schema = request.app.state.api.openapi()
    return pages.render(
        request,
        "manual/api.html",
        about=schema["info"]["description"],
        base=schema["servers"][0]["url"],
        operations=docs.operations(schema),
        objects=docs.shapes(schema),
    )
