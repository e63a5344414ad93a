"""Choosing a password or confirming an address by a link, and the links that mail brings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from app import pages
from app.guard import Refused
from app.models import User
from app.people import accounts, addresses, resets, throttle
from app.post import mail, mailing
from app.visitors import Db, Viewer, address, remember

router = APIRouter()

Text = Annotated[str, Form()]


@router.get("/forgot", name="forgot_password", response_class=HTMLResponse)
def forgot_password(request: Request, visitor: Viewer, email: str = "") -> HTMLResponse:
    """The form; where the site sends no mail, who helps."""
    return pages.render(request, "accounts/forgot.html", ready=mail.ready(), asked=False, email=email)


@router.post("/forgot", name="ask_for_reset", response_class=HTMLResponse)
def ask_for_reset(request: Request, session: Db, visitor: Viewer, email: Text = "") -> HTMLResponse:
    """Have a link mailed. The answer is the same for every address."""
    throttle.check(throttle.RESET_FROM, address(request))
    throttle.check(throttle.RESET, accounts.clean_email(email))
    resets.ask(session, email)
    return pages.render(request, "accounts/forgot.html", ready=True, asked=True, email=email.strip())


@router.get("/reset/{token}", name="show_reset", response_class=HTMLResponse)
def show_reset(token: str, request: Request, session: Db, visitor: Viewer) -> HTMLResponse:
    """The form behind a link. To open it uses nothing up: programs that look at mail do, too."""
    throttle.check(throttle.JOIN, address(request))
    user = resets.behind(session, token)
    return pages.render(request, "accounts/reset.html", person=user, token=token, problem="")


@router.post("/reset/{token}", name="use_reset")
def use_reset(token: str, request: Request, session: Db, visitor: Viewer, password: Text = "") -> Response:
    """Choose the password: all browsers are signed out, and this one is signed in."""
    throttle.check(throttle.JOIN, address(request))
    user = resets.behind(session, token)
    try:
        resets.use(session, token, password)
    except accounts.AccountError as problem:
        return _again(request, problem, user, token)
    remember(request, session, user)
    return pages.redirect(request, "/path", "Your password is chosen, and you are signed in.")


@router.get("/address/{token}", name="show_new_address", response_class=HTMLResponse)
def show_new_address(token: str, request: Request, session: Db, visitor: Viewer) -> HTMLResponse:
    """The button behind the link in a mail to a new address. To open it changes nothing."""
    throttle.check(throttle.JOIN, address(request))
    person, email = addresses.behind(session, token)
    return pages.render(request, "accounts/address.html", person=person, email=email, token=token)


@router.post("/address/{token}", name="confirm_new_address")
def confirm_new_address(token: str, request: Request, session: Db, visitor: Viewer) -> Response:
    """It is theirs: from now on they sign in with it."""
    throttle.check(throttle.JOIN, address(request))
    person = addresses.confirm(session, token)
    to = "/account" if visitor and visitor.id == person.id else "/sign-in"
    return pages.redirect(request, to, f"From now on you sign in with {person.email}.")


def _again(request: Request, problem: Refused, user: User, token: str) -> HTMLResponse:
    said = {"problem": problem.message, "person": user, "token": token}
    return pages.render(request, "accounts/reset.html", None, problem.status, None, **said)


@router.get("/mail/off/{token}", name="show_mail_off", response_class=HTMLResponse)
def show_mail_off(token: str, request: Request, session: Db, visitor: Viewer) -> HTMLResponse:
    """The button that a mail's link leads to; nobody has to sign in for it."""
    throttle.check(throttle.JOIN, address(request))
    return pages.render(request, "accounts/mail_off.html", mailing=mailing.by_token(session, token))


@router.post("/mail/off/{token}", name="turn_mail_off")
def turn_mail_off(token: str, request: Request, session: Db, visitor: Viewer) -> Response:
    """No mail comes from here any more."""
    throttle.check(throttle.JOIN, address(request))
    mailing.turn_off(session, token)
    return pages.redirect(
        request, "/", "No mail comes from here any more. Your account page turns it on again."
    )
