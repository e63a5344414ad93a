"""One's own account: who one is here, the browsers one is signed in with, mail, and taking all along."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse

from app import pages, visitors
from app.guard import NotAllowed, Unusable
from app.learning import progress, shares
from app.models import User, Wish
from app.people import accounts, addresses, browsers, cohorts, leaving, taking_along, throttle, tokens
from app.post import mail, mailing
from app.visitors import Db, Member

router = APIRouter(prefix="/account")

Text = Annotated[str, Form()]


@router.get("", name="account", response_class=HTMLResponse)
def account(request: Request, session: Db, user: Member) -> HTMLResponse:
    """Who one is here, what one has lit and shared, and all that one can change."""
    return pages.render(
        request,
        "accounts/account.html",
        user=user,
        nodes=progress.path_view(session, user),
        memberships=cohorts.of(session, user),
        shared=shares.of(session, user),
        browsers=browsers.of(session, user, visitors.held_token(request)),
        wish=mailing.wish(session, user),
        new_address=addresses.waiting(session, user),
        tokens=len(tokens.working(session, user)),
        wishes=Wish,
    )


@router.post("/name", name="rename")
def rename(request: Request, session: Db, user: Member, name: Text = "") -> Response:
    """Be called otherwise."""
    accounts.rename(_with_account(user), name)
    return _back(request, f"You are called {user.name} now.")


@router.post("/email", name="change_email")
def change_email(
    request: Request, session: Db, user: Member, email: Text = "", password: Text = ""
) -> Response:
    """Sign in with another address: from now on, or where the site sends mail, once it is confirmed."""
    _check(user, password)
    if mail.ready():  # so that nobody is mailed again and again
        throttle.check(throttle.RESET, accounts.clean_email(email))
    if addresses.ask(session, user, email):
        return _back(request, f"From now on you sign in with {user.email}.")
    say = "A link is on its way to the new address. Until you open it, you sign in with the old one."
    return _back(request, say)


@router.post("/email/forget", name="forget_new_address")
def forget_new_address(request: Request, session: Db, user: Member) -> Response:
    """Stay with the address one has; the link that was mailed ends."""
    addresses.forget(session, _with_account(user))
    return _back(request, f"You go on signing in with {user.email}.")


@router.post("/password", name="change_password")
def change_password(
    request: Request, session: Db, user: Member, password: Text = "", new: Text = "", revoke: Text = ""
) -> Response:
    """Choose another password: all other browsers are signed out, and tokens end if that is wanted."""
    _check(user, password)
    accounts.set_password(session, user, new)
    ended = tokens.revoke_all(session, user) if revoke else 0
    visitors.remember(request, session, user)
    also = f" {_tokens(ended)} no longer." if ended else ""
    return _back(request, f"Your password is changed, and all other browsers are signed out.{also}")


def _tokens(count: int) -> str:
    return "Your token works" if count == 1 else f"Your {count} tokens work"


@router.post("/mail", name="choose_mail")
def choose_mail(request: Request, session: Db, user: Member, wish: Text = "") -> Response:
    """Which notices come by mail."""
    chosen = mailing.choose(session, _with_account(user), wish)
    return _back(request, _WISHES[chosen])


_WISHES = {
    Wish.NEVER: "No mail comes from here.",
    Wish.AT_ONCE: "You are mailed whatever you are told here, at once.",
    Wish.DAILY: "You are mailed what you are told here, at most once a day.",
}


@router.post("/browsers/others/sign-out", name="sign_out_others")
def sign_out_others(request: Request, session: Db, user: Member) -> Response:
    """End all sessions but this one."""
    count = browsers.sign_out_others(session, user, visitors.held_token(request))
    also = " Your tokens for programs go on working." if tokens.working(session, user) else ""
    return _back(request, f"Signed out elsewhere: {count} browser{'' if count == 1 else 's'}.{also}")


@router.post("/browsers/{browser_id}/sign-out", name="sign_out_browser")
def sign_out_browser(browser_id: UUID, request: Request, session: Db, user: Member) -> Response:
    """End one of them."""
    browsers.sign_out(session, user, browser_id)
    return _back(request, "That browser is signed out.")


@router.get("/export", name="export_account")
def export_account(session: Db, user: Member) -> Response:
    """Everything of theirs, as a zip."""
    throttle.check(throttle.EXPORT, str(user.id))
    file = taking_along.pack(session, user)
    name = taking_along.named(user).encode("ascii", "ignore").decode()
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return StreamingResponse(
        iter(lambda: file.read(1 << 16), b""), media_type="application/zip", headers=headers
    )


@router.get("/delete", name="show_deletion", response_class=HTMLResponse)
def show_deletion(request: Request, session: Db, user: Member) -> HTMLResponse:
    """What goes, what stays, and the form."""
    return pages.render(
        request,
        "accounts/delete.html",
        user=user,
        word=leaving.WORD,
        last=leaving.last_admin(session, user),
        noted=leaving.noted(session, user),
        wrote=leaving.wrote(session, user),
    )


@router.post("/delete", name="delete_account")
def delete_account(
    request: Request, session: Db, user: Member, password: Text = "", word: Text = ""
) -> Response:
    """Everything of theirs goes."""
    if not user.guest:
        throttle.check(throttle.PASSWORD, str(user.id))
    leaving.delete_account(session, user, password, word)
    visitors.forget(request, session)
    return pages.redirect(request, "/", "Your account is deleted, and everything of yours with it.")


def _with_account(user: User) -> User:
    """Raises NotAllowed for a guest."""
    if user.guest:
        raise NotAllowed("A guest has no account yet: make one first.")
    return user


def _check(user: User, password: str) -> None:
    """Raises NotAllowed, TooMany, Unusable if the password is not theirs."""
    throttle.check(throttle.PASSWORD, str(_with_account(user).id))
    if not accounts.knows_password(user, password):
        raise Unusable("This is not your present password. Nothing has been changed.")


def _back(request: Request, say: str) -> Response:
    return pages.redirect(request, "/account", say)
