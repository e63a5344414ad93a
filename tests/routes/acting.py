"""A browser for anybody, and what a worker does to a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from fastapi.routing import APIRoute
from httpx import Response
from starlette.testclient import TestClient

from app.db import transaction
from app.learning import attempts
from app.models import Ending, User, Verdict
from app.people import accounts, tokens
from app.running import leases
from app.visitors import CSRF_COOKIE, SESSION_COOKIE

TOKEN = "a token that a page of this site would carry"


class Browser:
    """A browser of somebody (or of nobody), which sends the token as the site's own pages do."""

    def __init__(self, site: FastAPI, user: User | None = None) -> None:
        self.token = TOKEN
        self.client = TestClient(site, base_url="http://127.0.0.1:8000", follow_redirects=False)
        self.client.cookies.set(CSRF_COOKIE, TOKEN)
        if user:
            with transaction() as session:
                self.client.cookies.set(SESSION_COOKIE, accounts.open_session(session, user))

    def get(self, url: str, htmx: bool = False) -> Response:
        return self.client.get(url, headers={"hx-request": "true"} if htmx else {})

    def post(self, url: str, htmx: bool = False, source: str = "", **fields: str) -> Response:
        headers = {"hx-request": "true", "hx-source": source} if htmx else {}
        return self.client.post(url, data={"csrf": TOKEN, **fields}, headers=headers)


class Program:
    """A program that asks the API in somebody's name, by a token of theirs; of nobody, without one."""

    def __init__(self, site: FastAPI, user: User | None = None, *scopes: str) -> None:
        self.client = TestClient(site, base_url="http://127.0.0.1:8000", follow_redirects=False)
        if user:
            self.client.headers["authorization"] = f"Bearer {token_of(user, *scopes)}"

    def ask(self, method: str, path: str, sent: object = None) -> Response:
        return self.client.request(method, f"/api/v1{path}", json=sent)

    def get(self, path: str) -> Any:
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


def token_of(user: User, *scopes: str) -> str:
    """A token with these scopes, or with all: also with that of mentors, which only they could make."""
    with transaction() as session:
        made, secret = tokens.make(session, user, "script", scopes or ["read"], 30)
        made.scopes = list(scopes) or [scope.value for scope in tokens.Scope]
    return secret


@dataclass(frozen=True)
class Things:
    """What Ada has done: a private run, an attempt that failed, a question, and a result that she shared. Her
    cohort, a link into it, and what she was told. Another browser of hers, a link to choose her password, and
    one that turns off her mail.
    """

    run: UUID
    output: UUID
    attempt: UUID
    graded_run: UUID
    graded_output: UUID
    thread: UUID
    share: UUID
    shared: str
    cohort: UUID
    invite: UUID
    token: str
    notice: UUID
    goal: UUID
    note: UUID
    announcement: UUID
    office_hour: UUID
    reading: UUID
    api_token: UUID
    regrade: UUID
    calendar: str
    extension: UUID
    browser: UUID
    reset: str
    new_address: str
    mail_off: str
    sign_off: UUID
    canned: UUID
    assessment: UUID


def every_route(site: FastAPI) -> list[APIRoute]:
    """All routes of ours: those of the routers that the site includes."""
    routers = [getattr(route, "original_router", None) for route in site.routes]
    return [route for router in routers if router for route in router.routes if isinstance(route, APIRoute)]


FIGURE: dict[str, Any] = {"figure": {"data": [{"type": "bar", "y": [1, 2]}], "layout": {}}, "title": "Bars"}


def failed_verdict() -> attempts.Verdict:
    return attempts.Verdict(
        Verdict.FAILED,
        "Twice 3 is 6.\n\nThis looks like *square*: You squared it.",
        {
            "checks": [{"name": "check_small", "doc": "Twice 3 is 6.", "passed": False}],
            "mistake": "mistake_square__double",
            "input": [{"name": "x", "shape": None, "dtype": "int", "text": "3"}],
            "got": {"shape": None, "dtype": "int", "text": "9"},
            "expected": {"shape": None, "dtype": "int", "text": "6"},
        },
    )


def finish(run_id: UUID, verdict: attempts.Verdict | None = None) -> UUID:
    """Do a worker's part: the run printed a line and showed a figure. Returns the figure's output."""
    figure = leases.Shown("figure", FIGURE)
    text = leases.Shown("text", {"stream": "stdout", "text": "hello <b>there</b>\n"})
    result = leases.Result(Ending.OK, cell_seconds={"two": 0.5}, outputs=[text, figure])
    with transaction() as session:
        run = leases.claim(session, run_id)
        assert run is not None
        nonce = run.nonce
    with transaction() as session:
        recorded = leases.record(session, run_id, nonce, result)
        assert recorded is not None
        if verdict:
            attempts.record_verdict(session, recorded, verdict)
    return figure.id
