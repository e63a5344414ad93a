"""The site. `create_app()` is its table of contents: read this first.

A request passes `Arrivals` (its id, its time), `Edge` (size, headers, cookies), the token check, one route of
app/routes/, one noun of app/, and leaves as one page. Nothing here imports torch: code runs in the workers.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from redis import RedisError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import pages, visitors
from app.api.problems import AT_ONCE, http_error
from app.api.site import PATH, create_api
from app.arrivals import HEADER, Arrivals
from app.assets import Assets
from app.config import settings
from app.db import somebody_was_faster
from app.guard import Refused, TooMany
from app.jupyter import MAX_NOTEBOOK
from app.lessons import course, reading
from app.routes import (
    account,
    accounts,
    assessments,
    attempts,
    bulletin,
    class_lists,
    cohorts,
    deeds,
    directory,
    editions,
    grades,
    health,
    home,
    lessons,
    manual,
    meetings,
    mentor,
    models,
    notebooks,
    notices,
    operate,
    path,
    plan,
    privacy,
    queue,
    regrades,
    resets,
    reviews,
    runs,
    shares,
    start,
    threads,
    times,
    tokens,
    understanding,
)

log = logging.getLogger(__name__)

MAX_BODY = 3 << 20  # bytes of one request: a long lesson's cells, all unsaved, and then some
MAX_UPLOAD = MAX_NOTEBOOK + (1 << 20)  # … of one that may bring a notebook, with its figures
_UPLOADS = re.compile(r"/lessons/[^/]+/notebook")

# What Plotly writes into `style`: nothing (an empty <style>), and its words for <sup> and <sub>, <b>, <i>,
# <em>, <u>, <s> and links in texts. The last hash is of `image-rendering: …pixelated` on its heat maps.
_PLOTLY_STYLES = (
    *("", "font-size:70%", "font-weight:bold", "font-style:italic", "font-style:italic;font-weight:bold"),
    *("text-decoration:underline", "text-decoration:line-through", "cursor:pointer"),
)
_PLOTLY_HASHES = (
    *(b64encode(sha256(style.encode()).digest()).decode() for style in _PLOTLY_STYLES),
    "AR/cKIZjWPcPmBUPDA6oti9XBiTbJvz0Cro2J1VzzS8=",
)

# No inline script, no eval, nothing from elsewhere.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-hashes' " + " ".join(f"'sha256-{each}'" for each in _PLOTLY_HASHES),
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def create_app() -> FastAPI:
    """The whole site."""
    app = FastAPI(
        title="Unembed",
        openapi_url=None,
        dependencies=[Depends(visitors.check_token)],
        exception_handlers=_HANDLERS,
    )
    app.state.turns = asyncio.Semaphore(visitors.TURNS)
    app.include_router(home.router)
    app.include_router(path.router)
    app.include_router(start.router)
    app.include_router(lessons.router)
    app.include_router(notebooks.router)
    app.include_router(runs.router)
    app.include_router(attempts.router)
    app.include_router(threads.router)
    app.include_router(reviews.router)
    app.include_router(queue.router)
    app.include_router(shares.router)
    app.include_router(understanding.router)
    app.include_router(mentor.router)
    app.include_router(cohorts.router)
    app.include_router(plan.router)
    app.include_router(grades.router)
    app.include_router(editions.router)
    app.include_router(assessments.router)
    app.include_router(notices.router)
    app.include_router(deeds.router)
    app.include_router(regrades.router)
    app.include_router(accounts.router)
    app.include_router(account.router)
    app.include_router(resets.router)
    app.include_router(class_lists.router)
    app.include_router(directory.router)
    app.include_router(bulletin.router)
    app.include_router(meetings.router)
    app.include_router(times.router)
    app.include_router(privacy.router)
    app.include_router(tokens.router)
    app.include_router(models.router)
    app.include_router(manual.router)
    app.include_router(operate.router)
    app.include_router(health.router)
    _answer_heads(app)
    app.state.api = create_api(app.state.turns)
    app.mount(PATH, app.state.api, name="api")
    app.mount("/assets", Assets(directory=settings().data_dir / "assets", check_dir=False), name="assets")
    app.add_middleware(Edge)
    app.add_middleware(Arrivals)
    return app


def _answer_heads(app: FastAPI) -> None:
    """Whatever can be got can be asked for its head: monitors do, and what looks links over.

    A stream has no end, and so no head. The server leaves the body out.
    """
    routers = [getattr(route, "original_router", None) for route in app.routes]
    for route in (route for router in routers if router for route in router.routes):
        if isinstance(route, APIRoute) and route.methods and route.name != "lesson_events":
            route.methods |= {"HEAD"} if "GET" in route.methods else set()


def served() -> FastAPI:
    """The site as a server starts it: what lasts as long as it does is never searched for garbage.

    Course, routes, tables and templates are some 200,000 objects, which every second large page would be
    held up for (0.1 s and more).
    """
    app = create_app()
    course()
    gc.collect()
    gc.freeze()
    return app


class Edge:
    """The layer behind `Arrivals`: refuses bodies that are too large, sets headers and cookies."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope.setdefault("state", {})
        received = 0
        most = MAX_UPLOAD if _UPLOADS.fullmatch(scope["path"]) else MAX_BODY

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise HTTPException(413)
            return message

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_extra_headers(scope)]
            await send(message)

        with reading():  # the newest course, until it is known who asks
            await self.app(scope, counted, dressed)


def _extra_headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in HEADERS.items()] + visitors.cookie_headers(
        scope
    )


# ── how a “no” sounds ───────────────────────────────────────────────────────


async def _refused(request: Request, error: Refused) -> Response:
    asked = request.method in ("GET", "HEAD")
    if isinstance(error, visitors.SignInNeeded) and asked and not visitors.is_htmx(request):
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
    headers = {"retry-after": str(error.wait)} if isinstance(error, TooMany) and error.wait else {}
    texts = await _written(request) if request.method == "POST" else {}
    return pages.problem(request, error.status, error.message, texts, headers)


# fields that are short, secret, or a script's: nobody would miss them
_NOT_WRITTEN = {"csrf", "chain", "name", "password", "new"}


async def _written(request: Request) -> dict[str, str]:
    """What the learner wrote in the form that is being refused; the page gives it back."""
    try:
        fields = await visitors.sent(request)
    except Exception:  # a body that can't be read has nothing to give back
        return {}
    kept = {name: value for name, value in fields.items() if name not in _NOT_WRITTEN}
    return {name: value for name, value in kept.items() if name in ("text", "body") or " " in value.strip()}


_SECONDS_AWAY = 5  # after which it is worth while to ask again
_SENTENCES = {
    404: "There is no such page. The map shows all that there is.",
    405: "This address does not answer that kind of request.",
    413: "That is more than this site takes at once. Your text is still here: shorten it.",
}


async def _http_error(request: Request, error: HTTPException) -> Response:
    if request.url.path.startswith(f"{PATH}/"):  # no mount takes an address with a line end in it
        return await http_error(request, error)
    sentence = _SENTENCES.get(error.status_code, "The request did not arrive whole. Go back and try again.")
    return pages.problem(request, error.status_code, sentence, headers=dict(error.headers or {}))


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    missing = ", ".join(str(problem["loc"][-1]) for problem in error.errors())
    return pages.problem(request, 422, f"Something is missing or not of the right kind: {missing}.")


async def _away(request: Request, error: Exception) -> HTMLResponse:
    """The database or Redis is being started again, or has no room left: one may ask again."""
    part = "queue" if isinstance(error, RedisError) else "database"
    first = str(error).partition("\n")[0]
    log.error("%s %s: the %s does not answer: %s", request.method, request.url.path, part, first)
    sentence = (
        f"The site's {part} does not answer just now, so this could not be done. What you wrote is kept; "
        "try again in a moment. If it lasts, tell your mentor."
    )
    texts = await _written(request) if request.method == "POST" else {}
    return pages.problem(request, 503, sentence, texts, {"retry-after": str(_SECONDS_AWAY)})


async def _at_once(request: Request, error: IntegrityError) -> HTMLResponse:
    """Two have done what only one can, at the same moment; the other one's deed stands."""
    if not somebody_was_faster(error):
        raise error
    log.warning("%s %s: somebody was a moment faster", request.method, request.url.path)
    texts = await _written(request) if request.method == "POST" else {}
    return pages.problem(request, 409, AT_ONCE, texts)


async def _broken(request: Request, _error: Exception) -> HTMLResponse:
    """Our fault. Starlette logs the traceback; this answer leaves outside `Edge`, so it is dressed here."""
    sentence = (
        "It is not your fault, and what you wrote is kept. Try again; if it happens twice, tell your mentor."
    )
    headers = HEADERS | {HEADER: request.state.request_id}
    return pages.problem(request, 500, sentence, headers=headers)


_HANDLERS: dict[Any, Any] = {
    Refused: _refused,
    HTTPException: _http_error,
    RequestValidationError: _invalid,
    IntegrityError: _at_once,
    OperationalError: _away,
    InterfaceError: _away,
    RedisError: _away,
    Exception: _broken,
}
