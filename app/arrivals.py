"""Every request has an id, is timed, and is written down once: when it is over.

The id is the proxy's if a trusted one gives it, else made here; the answer carries it, and so does every line
that is logged meanwhile. Names of routes are written, never addresses, which may hold what is nobody else's.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import logs
from app.config import settings
from app.operating import metrics

log = logging.getLogger(__name__)

HEADER = "x-request-id"
SLOW = 1.0  # seconds, after which also what is asked all the time is written down
QUIET = ("assets", "healthz", "readyz", "metrics")  # routes that are asked all the time, mostly by machines
_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")


class Arrivals:
    """The outermost layer of ours. It also lets trusted proxies say for whom they ask."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = ProxyHeadersMiddleware(app, settings().trusted_proxies)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # type: ignore[arg-type]
            return
        request = _Request(scope, self._given(scope) or secrets.token_hex(8))

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.answers(message)
            await send(message)

        try:
            await self._app(scope, receive, noted)  # type: ignore[arg-type]
        finally:
            request.over()

    def _given(self, scope: Scope) -> str:
        """The id that came with it, from one whom we may believe."""
        peer = scope["client"][0] if scope.get("client") else None
        if peer not in self._app.trusted_hosts:
            return ""
        given = next((value for name, value in scope["headers"] if name == HEADER.encode()), b"")
        found = _ID.fullmatch(given.decode("latin1"))
        return found[0] if found else ""


class _Request:
    """One of them, from its coming to its end."""

    def __init__(self, scope: Scope, name: str) -> None:
        scope.setdefault("state", {})["request_id"] = name
        self._scope, self._name, self._begun = scope, name, time.monotonic()
        self._status, self._seconds = 0, 0.0
        logs.from_here(request=name)

    def answers(self, message: Message) -> None:
        """The answer begins to leave: its time counts, however long a stream may last."""
        message["headers"] = [*message["headers"], (HEADER.encode(), self._name.encode())]
        self._timed(message["status"])

    def over(self) -> None:
        """Without an answer it has failed: what is then sent comes from outside of us."""
        if not self._status:
            self._timed(500)
        route, failed = self._route(), self._status >= 500
        if route in QUIET and self._status < 400 and self._seconds < SLOW:
            return
        lasted = time.monotonic() - self._begun
        told: dict[str, Any] = {"method": self._scope["method"], "route": route, "status": self._status}
        told["ms"] = round(1000 * self._seconds, 1)
        if lasted - self._seconds > SLOW:
            told["open_ms"] = round(1000 * lasted)
        logs.say(log, "a request", _level(route, failed=failed), **told)

    def _timed(self, status: int) -> None:
        self._status, self._seconds = status, time.monotonic() - self._begun
        metrics.request_took(self._route(), status, self._seconds)

    def _route(self) -> str:
        """Of a small number of names, whatever is asked for."""
        name = getattr(self._scope.get("route"), "name", None)
        return name or ("assets" if self._scope["path"].startswith("/assets/") else "none")


def _level(route: str, *, failed: bool) -> int:
    """That the site is not ready yet is an answer, and a start asks many times."""
    if not failed:
        return logging.INFO
    return logging.WARNING if route == "readyz" else logging.ERROR
