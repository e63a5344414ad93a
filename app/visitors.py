"""Who is asking: the session behind a cookie, guests, mentors, and the token that every form carries."""

from __future__ import annotations

import json
import secrets
from collections.abc import AsyncIterator, Iterator
from http.cookies import SimpleCookie
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool
from starlette.types import Scope

from app import guard, logs
from app.config import settings
from app.db import on_commit, request_session
from app.guard import Refused, Unusable
from app.models import User
from app.people import accounts, browsers, throttle
from app.post import notices
from app.teaching import editions

SESSION_COOKIE = "unembed_session"
VISITOR_COOKIE = "unembed_visitor"  # comes with the first page; whoever then does something becomes its guest
CSRF_COOKIE = "unembed_csrf"
FLASH_COOKIE = "unembed_flash"
CSRF_HEADER = "x-csrf-token"
_SHORTEST_TOKEN = 32

TURNS = 8  # requests that work with the database at once: more would only make each other slower


async def turn(request: Request) -> AsyncIterator[None]:
    """Waits, without a thread, until few enough others are at work.

    A request keeps its connection while it waits for a thread; so if more came than there are threads, all
    threads could stand and wait for connections, and nobody would ever go on.
    """
    async with request.app.state.turns:
        yield


def _session(_turn: Annotated[None, Depends(turn, scope="function")]) -> Iterator[Session]:
    yield from request_session()


Db = Annotated[Session, Depends(_session, scope="function")]


class SignInNeeded(Refused):
    """Nobody is signed in, and this needs somebody."""

    status = 401


class TokenMissing(Refused):
    """A form without its token, or with another browser's."""

    status = 403


class Reader(NamedTuple):
    """What every page says of who reads it. A copy: a refusal is written after the transaction is gone."""

    name: str
    guest: bool
    mentor: bool
    admin: bool
    notices: int = 0  # that wait to be read
    alone: bool = True  # nobody else has an account here: nothing is said of mentors
    pinned: editions.Pinned | None = None  # the edition of the course that they learn by
    id: UUID | None = None


def is_htmx(request: Request) -> bool:
    return "hx-request" in request.headers


# ---- who is looking


def viewer(request: Request, session: Db) -> User | None:
    """Who looks, guests among them; None for a newcomer. Reading never makes a row."""
    # the answer that made a guest may have come after its page was left: then only the first cookie is there
    token = held_token(request)
    found = accounts.user_of(session, token) if token else None
    _is(request, found)
    if found is not None and (pinned := editions.read_as(session, found)) is not None:
        request.state.reader = request.state.reader._replace(pinned=pinned)
    if request.method == "GET":
        for_page(request, session, found)
    return found


def for_page(request: Request, session: Session, found: User | None) -> None:
    """What the head of a page says of its reader. A route that answers a form with a page asks for it."""
    if found is not None and not found.guest:
        told = {"notices": notices.unread(session, found), "alone": accounts.alone(session, found)}
        request.state.reader = request.state.reader._replace(**told)


def _is(request: Request, user: User | None) -> None:
    """From here on it is theirs: for the page, and for the log."""
    reader = Reader(user.name, user.guest, user.mentor, user.admin, id=user.id) if user else None
    request.state.reader = reader
    logs.note(user=user.id if user else None)


Viewer = Annotated[User | None, Depends(viewer)]


def member(found: Viewer) -> User:
    """Somebody whose things are kept here, be it as a guest. Raises SignInNeeded."""
    if found is None:
        raise SignInNeeded(
            "You are not signed in (any more). What you wrote is kept: sign in, and send it again."
        )
    return found


Member = Annotated[User, Depends(member)]


async def doer(request: Request, session: Db, found: Viewer) -> User:
    """Somebody who does something: a newcomer becomes a guest, if only this machine can reach the site.

    Raises SignInNeeded elsewhere, TooMany where guests come too fast.
    """
    if found is None:
        found = await run_in_threadpool(_newcomer, request, session)
    return found


def _newcomer(request: Request, session: Session) -> User:
    if not settings().on_loopback:
        raise SignInNeeded("Sign in to run code and to keep what you write. Reading needs no account.")
    token = request.cookies.get(VISITOR_COOKIE, "")
    if len(token) < _SHORTEST_TOKEN:
        token = secrets.token_urlsafe(32)
    if accounts.user_of(session, token) is None:
        throttle.check(throttle.NEW_GUEST, address(request))
    guest = accounts.guest_of(session, token)
    _is(request, guest)
    on_commit(session, lambda: cookies(request).update({SESSION_COOKIE: token}))
    return guest


Doer = Annotated[User, Depends(doer)]


def mentor(found: Member) -> User:
    """A mentor. Raises NotAllowed for other people."""
    guard.mentor_only(found)
    return found


Mentor = Annotated[User, Depends(mentor)]


def admin(found: Member) -> User:
    """Who runs this site. Raises NotAllowed for other people."""
    guard.admin_only(found)
    return found


Admin = Annotated[User, Depends(admin)]


def remember(request: Request, session: Session, user: User) -> None:
    """Sign this browser in as `user`, once the transaction has committed; what it was before ends."""
    forget(request, session)
    token = accounts.open_session(session, user, browser=this_browser(request))
    _is(request, user)
    on_commit(session, lambda: cookies(request).update({SESSION_COOKIE: token}))


def forget(request: Request, session: Session) -> None:
    """Sign this browser out."""
    for name in (SESSION_COOKIE, VISITOR_COOKIE):
        if token := request.cookies.get(name):
            accounts.close_session(session, token)
        cookies(request)[name] = ""
    _is(request, None)


def this_browser(request: Request) -> str:
    """What people call the browser that asks."""
    return browsers.name_of(request.headers.get("user-agent", ""))


def held_token(request: Request) -> str:
    """The token by which this browser is signed in."""
    return request.cookies.get(SESSION_COOKIE) or request.cookies.get(VISITOR_COOKIE) or ""


def address(request: Request) -> str:
    """Where the request comes from, for throttles."""
    return request.client.host if request.client else "unknown"


# ---- cookies


def cookies(request: Request) -> dict[str, str]:
    """Cookies that the answer will set; an empty value deletes."""
    waiting: dict[str, str] = request.scope.setdefault("state", {}).setdefault("cookies", {})
    return waiting


def cookie_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The headers that set them: HttpOnly, and sent along from our own pages only."""
    waiting: dict[str, str] = scope.get("state", {}).get("cookies", {})
    return [(b"set-cookie", _cookie(name, value, scope).encode()) for name, value in waiting.items()]


def _cookie(name: str, value: str, scope: Scope) -> str:
    days = settings().session_days if value else 0
    jar: SimpleCookie = SimpleCookie({name: value})
    attributes: dict[str, Any] = {"path": "/", "httponly": True, "samesite": "Lax", "max-age": days * 86400}
    if scope.get("scheme") == "https" or settings().url.startswith("https:"):
        attributes["secure"] = True
    jar[name].update(attributes)
    return jar[name].OutputString()


def leave_word(request: Request, sentence: str) -> None:
    """A sentence that the next page will show at its top."""
    cookies(request)[FLASH_COOKIE] = quote(sentence)


def take_word(request: Request) -> str:
    """The sentence that the page before left for this one."""
    left = request.cookies.get(FLASH_COOKIE, "")
    if not left or is_htmx(request):
        return ""
    cookies(request).setdefault(FLASH_COOKIE, "")
    return unquote(left)


# ---- the token


def csrf_token(request: Request) -> str:
    """The token that forms carry. It equals a cookie that another site can neither read nor set."""
    known = request.cookies.get(CSRF_COOKIE) or cookies(request).get(CSRF_COOKIE)
    if not known or len(known) < _SHORTEST_TOKEN:
        known = cookies(request)[CSRF_COOKIE] = secrets.token_urlsafe(32)
    return known


def expect_guest(request: Request) -> None:
    """Give a newcomer's browser the token of the guest it may become, so that all its requests bring it."""
    held = (SESSION_COOKIE, VISITOR_COOKIE)
    if settings().on_loopback and not any(request.cookies.get(name) for name in held):
        cookies(request).setdefault(VISITOR_COOKIE, secrets.token_urlsafe(32))


async def check_token(request: Request) -> None:
    """Every request that changes something brings the token, as header or field. Raises TokenMissing."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    brought = request.headers.get(CSRF_HEADER) or str((await request.form()).get("csrf", ""))
    expected = request.cookies.get(CSRF_COOKIE, "")
    if not expected or not secrets.compare_digest(brought.encode(), expected.encode()):
        raise TokenMissing(
            "This page does not carry the token that the site gave your browser, so nothing was sent. "
            "Reload the page and press the button again; what you wrote is kept."
        )


async def sent(request: Request) -> dict[str, str]:
    """The fields of a form, as text."""
    return {name: value for name, value in (await request.form()).items() if isinstance(value, str)}


Sent = Annotated[dict[str, str], Depends(sent)]


async def unsaved(fields: Sent) -> dict[str, str]:  # async: to hand it to a thread would take longer
    """The texts of other cells that were not saved yet; a script sends them along. Raises Unusable."""
    try:
        texts = json.loads(fields.get("chain") or "{}")
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise Unusable("The texts of the other cells did not arrive whole. Reload the page and try again.")
    return texts


Unsaved = Annotated[dict[str, str], Depends(unsaved)]
