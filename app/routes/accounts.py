"""Coming and going: sign up, sign in, sign out, and the one-time link for the first account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from app import pages
from app.guard import Refused
from app.models import User
from app.people import accounts, cohorts, throttle
from app.visitors import Db, Viewer, address, forget, remember

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/sign-up", name="sign_up", response_class=HTMLResponse)
def show_sign_up(request: Request, session: Db, visitor: Viewer, next: str = "") -> HTMLResponse:
    """The form for a new account."""
    first, next = accounts.first_account_needed(session), pages.own_path(next, "")
    context: dict[str, Any] = {"first": first, "token": "", "next": next}
    context["open_cohorts"] = cohorts.open_ones(session)
    return pages.render(request, "accounts/sign_up.html", problem="", values={}, **context)


@router.post("/sign-up", name="make_account")
def sign_up(
    request: Request,
    session: Db,
    visitor: Viewer,
    name: Text = "",
    email: Text = "",
    password: Text = "",
    next: Text = "",
) -> Response:
    """Make an account. A guest's work becomes the account's."""
    throttle.check(throttle.SIGN_UP, address(request))
    first = accounts.first_account_needed(session)

    def make() -> User:
        return accounts.sign_up(session, visitor, name, email, password)

    def again(problem: Refused) -> HTMLResponse:
        values = {"name": name, "email": email}
        to = pages.own_path(next, "")
        context = {"first": first, "open_cohorts": cohorts.open_ones(session), "token": "", "next": to}
        return _form(request, "sign_up", problem, values=values, **context)

    return _enter(request, session, make, again, pages.own_path(next, "/path"), f"Welcome, {name.strip()}.")


@router.get("/first-account", name="first_account", response_class=HTMLResponse)
def show_first_account(request: Request, session: Db, visitor: Viewer, token: str = "") -> Response:
    """The page behind the one-time link that the server prints when it starts."""
    if not accounts.first_account_needed(session):
        return pages.redirect(request, "/sign-in", "This site has its first account already. Sign in.")
    return pages.render(
        request, "accounts/sign_up.html", first=True, problem="", values={}, token=token, next=""
    )


@router.post("/first-account", name="make_first_account")
def first_account(
    request: Request,
    session: Db,
    visitor: Viewer,
    token: Text = "",
    name: Text = "",
    email: Text = "",
    password: Text = "",
) -> Response:
    """Make the first account: learner, mentor and admin in one."""
    throttle.check(throttle.SIGN_UP, address(request))

    def make() -> User:
        return accounts.first_account(session, token, visitor, name, email, password)

    def again(problem: Refused) -> HTMLResponse:
        values = {"name": name, "email": email}
        return _form(request, "sign_up", problem, first=True, token=token, values=values, next="")

    return _enter(request, session, make, again, "/path", f"Welcome, {name.strip()}. This site is yours.")


@router.get("/sign-in", name="sign_in", response_class=HTMLResponse)
def show_sign_in(request: Request, visitor: Viewer, next: str = "") -> HTMLResponse:
    """The form to sign in."""
    return pages.render(request, "accounts/sign_in.html", problem="", email="", next=pages.own_path(next, ""))


@router.post("/sign-in", name="start_session")
def sign_in(
    request: Request, session: Db, visitor: Viewer, email: Text = "", password: Text = "", next: Text = ""
) -> Response:
    """Sign in. What a guest did in this browser moves to the account."""
    throttle.check(throttle.SIGN_IN_FROM, address(request))
    throttle.check(throttle.SIGN_IN, email.strip())

    def find() -> User:
        return accounts.sign_in(session, email, password, visitor)

    def again(problem: Refused) -> HTMLResponse:
        return _form(request, "sign_in", problem, email=email, next=pages.own_path(next, ""))

    return _enter(request, session, find, again, pages.own_path(next, "/path"), "")


def _enter(
    request: Request,
    session: Session,
    find: Callable[[], User],
    again: Callable[[Refused], HTMLResponse],
    to: str,
    say: str,
) -> Response:
    """Sign this browser in as the user that `find` gives, or show the form `again` with what is wrong."""
    try:
        user = find()
    except Refused as problem:
        session.rollback()
        return again(problem)
    remember(request, session, user)
    return pages.redirect(request, to, say)


def _form(request: Request, page: str, problem: Refused, **context: Any) -> HTMLResponse:
    return pages.render(
        request, f"accounts/{page}.html", status=problem.status, problem=problem.message, **context
    )


@router.post("/sign-out", name="sign_out")
def sign_out(request: Request, session: Db, visitor: Viewer) -> Response:
    """Sign this browser out."""
    forget(request, session)
    return pages.redirect(request, "/", "You are signed out.")
