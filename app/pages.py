"""What every page is made with: templates, their words, and how a “no” looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from app import markdown, plain_views
from app.assets import asset
from app.config import ROOT
from app.learning import desk
from app.lessons import Exercise, course
from app.lessons.path import Concept
from app.mentoring import anchors, claims, subjects
from app.post import mail
from app.spans import spell
from app.teaching import plan
from app.visible import terminal, visible
from app.visitors import SESSION_COOKIE, csrf_token, expect_guest, is_htmx, leave_word, take_word

# templates/macros/*.html
MODULES = (
    *("ui", "cells", "exercises", "threads", "models", "operating", "shapes", "boards"),
    *("proofs", "drawings", "shares", "marks", "notebooks", "plans", "account_forms", "reviews"),
    *("times", "meetings"),
    *("dashboard", "timeline"),
    *("honesty", "sittings"),
)


# ── templates ───────────────────────────────────────────────────────────────


@lru_cache
def environment() -> Environment:
    """Jinja, strict: a name that a page forgot is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.globals.update(
        asset=asset,
        now=lambda: datetime.now(UTC),
        stream_start=desk.stream_start,
        texts_of=desk.texts_of,
        headings=markdown.headings,
        view_tags=plain_views.TAGS,
        plan_title=plan.title,
        mail_ready=mail.ready,
        anchored=anchors.of,
        holder=claims.holder,
        about=subjects.words,
        zone_of=plan.zone,
    )
    markdown.setup(made.filters)
    made.filters.update(
        ago=ago,
        day=day,
        moment=moment,
        spell=spell,
        progress=progress,
        seconds=seconds,
        size=size,
        terminal=terminal,
        visible=visible,
        shape=shape,
        concept=concept,
        exercise=exercise,
        in_plain=plain_views.in_plain,
    )
    return made


def render(
    request: Request,
    page: str,
    block: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """The page; for htmx only `block` of it, if one is named."""
    context = _with_macros(request, context)
    if block and is_htmx(request):
        body = render_block(environment(), page, block, **context)
    else:
        body = environment().get_template(page).render(**context)
    return HTMLResponse(body, status, {"vary": "hx-request", "cache-control": "no-store"} | (headers or {}))


def macros(request: Request, name: str) -> Any:
    """The macros of templates/macros/{name}.html for this request: for pages that leave piece by piece."""
    return _Macros(name, _with_macros(request, {}))


def _with_macros(request: Request, context: dict[str, Any]) -> dict[str, Any]:
    """Macros live in modules made for this page: so they know its token and its reader."""
    expect_guest(request)
    context = {
        "request": request,
        "viewer": getattr(request.state, "reader", None),
        # nobody has asked the database who it is, as the manual does not, which is there without one
        "somebody": not hasattr(request.state, "reader") and SESSION_COOKIE in request.cookies,
        "csrf": csrf_token(request),
        "flash": take_word(request),
        "url": addresses(request.app),
    } | context
    if clash := context.keys() & set(MODULES):
        raise ValueError(f"A page's values and its macros are both called {sorted(clash)}.")
    context.update({name: _Macros(name, context) for name in MODULES})
    return context


@lru_cache(maxsize=8)
def addresses(app: FastAPI) -> Callable[..., str]:
    """`url("show_lesson", lesson="induction-heads")`, by the names of routes.

    A lesson's page has hundreds of addresses; asking the routers for each takes as long as all the rest.
    """
    routers = [getattr(route, "original_router", None) for route in app.routes]
    paths = {route.name: route.path_format for router in routers if router for route in router.routes}

    def url(name: str, **parameters: object) -> str:
        return str(paths[name]).format_map({key: quote(str(value)) for key, value in parameters.items()})

    return url


class _Macros:
    """One file of macros, made for one page when it is first asked for; the files may use each other."""

    def __init__(self, name: str, context: dict[str, Any]) -> None:
        self._name, self._context = name, context
        self._module: Any = None

    def __getattr__(self, macro: str) -> Any:
        if self._module is None:
            self._module = environment().get_template(f"macros/{self._name}.html").make_module(self._context)
        return getattr(self._module, macro)


def redirect(request: Request, to: str, say: str = "") -> Response:
    """Go on to another page (303), which may say one sentence at its top."""
    if say:
        leave_word(request, say)
    if is_htmx(request):
        return Response(status_code=204, headers={"hx-redirect": _really(request, to)})
    return RedirectResponse(to, 303)


def _really(request: Request, to: str) -> str:
    """Without the place on the page where it is the same page: a browser would only scroll there."""
    path, _, _ = to.partition("#")
    here = urlsplit(request.headers.get("hx-current-url", ""))
    same = path == here.path + (f"?{here.query}" if here.query else "")
    return path if same else to


def own_path(path: str | None, default: str = "/") -> str:
    """`path` if it stays on this site: where to go after signing in."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return default


# ── words ───────────────────────────────────────────────────────────────────


def seconds(value: float | None) -> str:
    """A duration as people say it: `0.4 s`, `1 min 20 s`."""
    if value is None:
        return ""
    if value < 99.5:
        return f"{value:.1f} s" if value >= 0.1 else f"{value * 1000:.0f} ms"
    return f"{int(value) // 60} min {int(value) % 60} s"


def size(count: int) -> str:
    """Bytes as people say them: `365 MB`, `1.4 GB`."""
    return f"{count / (1 << 30):.1f} GB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MB"


def progress(loop: Mapping[str, Any]) -> str:
    """How far a loop is: `412 of 1,000 · 3 s left`, `1,000 steps in 4.2 s`, `stopped at 412 of 1,000 …`."""
    done, total, passed = loop["done"], loop["total"], seconds(loop["seconds"])
    steps = f"{done:,} step{'' if done == 1 else 's'}"
    if loop["state"] == "done":
        return f"{steps} in {passed}"
    if loop["state"] != "running":
        return (
            f"stopped at {done:,} of {total:,}, after {passed}"
            if total
            else f"stopped after {steps}, {passed}"
        )
    if not total:
        return f"{done:,} so far · {passed}"
    left = math.ceil(loop["seconds"] / done * (total - done)) if done else 0
    return f"{done:,} of {total:,}" + (f" · {_whole_seconds(left)} left" if left else "")


def _whole_seconds(count: int) -> str:
    return f"{count} s" if count < 100 else f"{count // 60} min {count % 60} s"


def ago(moment: datetime | None) -> str:
    """How long ago, roughly."""
    if moment is None:
        return "never"
    passed = (datetime.now(UTC) - moment).total_seconds()
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if passed >= size:
            count = int(passed // size)
            return f"{count} {name}{'' if count == 1 else 's'} ago"
    return "just now"


def day(moment: date | datetime) -> str:
    """A day as people write it, in one piece: 7 December 2026."""
    return f"{moment:%-d\u00a0%B\u00a0%Y}"


def moment(at: datetime) -> str:
    """A day and a time of it as people write them: Monday, 7 December 2026, 17:00."""
    return f"{at:%A}, {day(at)}, {at:%H:%M}"


def shape(sizes: Any) -> str:
    """A tensor's shape as Python writes it."""
    return f"({', '.join(map(str, sizes))}{',' if len(sizes) == 1 else ''})"


def exercise(name: str) -> Exercise | None:
    """The exercise of the course that a run was handed in for."""
    return course().exercises.get(name)


def concept(name: str) -> Concept | None:
    """The concept of the map that an exercise names."""
    try:
        return course().path.concept(name)
    except KeyError:
        return None


# ── how a “no” looks ────────────────────────────────────────────────────────

_TITLES = {
    400: "That did not arrive whole",
    401: "Please sign in",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not that way",
    409: "Somebody is at it",
    413: "Too long",
    422: "Not quite",
    429: "One moment",
    500: "Something broke on our side",
    503: "Back in a moment",
}


def problem(
    request: Request,
    status: int,
    message: str,
    texts: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> HTMLResponse:
    """A refusal in the site's look: a page, or for htmx a notice beside the form it came from.

    `texts` are what the learner had sent; the page gives them back, so that nothing is lost.
    """
    headers = dict(headers or {})
    if is_htmx(request):
        headers |= {"hx-retarget": _notice(request), "hx-reswap": "innerHTML"}
    return render(
        request,
        "problem.html",
        "notice",
        status=status,
        headers=headers,
        title=_TITLES.get(status, _TITLES[500 if status >= 500 else 400]),
        status_code=status,
        message=message,
        texts=texts or {},
        back=_from(request),
    )


def _from(request: Request) -> str:
    """The page from which this was asked, to come back to after signing in."""
    return own_path(urlsplit(request.headers.get("referer", "")).path, "")


def _notice(request: Request) -> str:
    """Every form called form-x has a place called notice-x; other requests report at the foot of the page."""
    _, _, source = request.headers.get("hx-source", "").partition("#form-")
    return f"#notice-{source}" if source.replace("-", "").replace("_", "").isalnum() else "#notices"
