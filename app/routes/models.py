"""Which models there are to study, and where they are; admins have others installed."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from app import pages
from app.running import installs
from app.visitors import Admin, Db, Viewer, is_htmx

router = APIRouter(prefix="/models")

Name = Annotated[str, Form(alias="model")]  # a field: the hub's names have a slash in them


@router.get("", name="show_models", response_class=HTMLResponse)
def show_models(request: Request, session: Db, _viewer: Viewer) -> HTMLResponse:
    """Every model, what it is good for, and whether it is here."""
    return _show(request, session)


@router.post("/ask", name="ask_for_model")
def ask_for_model(request: Request, session: Db, admin: Admin, name: Name) -> Response:
    """Find out what a model of the hub would take."""
    installs.ask(session, admin, name)
    return _done(request, session)


@router.post("/install", name="install_model")
def install_model(request: Request, session: Db, admin: Admin, name: Name) -> Response:
    """Install it on every machine."""
    installs.want(session, admin, name)
    return _done(request, session)


@router.post("/cancel", name="cancel_model")
def cancel_model(request: Request, session: Db, admin: Admin, name: Name) -> Response:
    """Stop what is under way."""
    installs.cancel(session, admin, name)
    return _done(request, session)


@router.post("/remove", name="remove_model")
def remove_model(request: Request, session: Db, admin: Admin, name: Name) -> Response:
    """Remove it from every machine."""
    installs.remove(session, admin, name)
    return _done(request, session)


def _done(request: Request, session: Session) -> Response:
    if is_htmx(request):
        session.flush()
        return _show(request, session)
    return pages.redirect(request, "/models")


def _show(request: Request, session: Session) -> HTMLResponse:
    return pages.render(request, "models/models.html", "models", offers=installs.offers(session))
