"""For machines: is the site up, can it do its work, and how does it go?"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import jobs
from app.config import is_loopback, settings
from app.db import engine
from app.guard import NotFound
from app.operating import metrics
from app.redis import client
from app.visitors import address

log = logging.getLogger(__name__)
_FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
router = APIRouter()


@router.get("/healthz", name="healthz")
def healthz() -> JSONResponse:
    """The process answers."""
    return JSONResponse({"ok": True})


@router.get("/readyz", name="readyz")
def readyz() -> JSONResponse:
    """200 if the database, Redis and a worker answer; else 503, saying which does not."""
    parts = {
        "database": _works(_ask_database),
        "redis": _works(client().ping),
        "worker": _works(_find_worker),
    }
    return JSONResponse({"ready": all(parts.values()), **parts}, 200 if all(parts.values()) else 503)


@router.get("/metrics", name="metrics")
def read_metrics(request: Request) -> Response:
    """For Prometheus, if it brings the token or asks from this very machine. Raises NotFound for others."""
    if not _may_read(request):
        raise NotFound("There is no such page. The map shows all that there is.")
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)


def _may_read(request: Request) -> bool:
    """Where a proxy is in front it asks from this machine, whoever asks it: then only the token counts."""
    expected = settings().metrics_token
    brought = request.headers.get("authorization", "").removeprefix("Bearer ")
    if expected and secrets.compare_digest(brought.encode(), expected.get_secret_value().strip().encode()):
        return True
    behind_proxy = not settings().directly_reached or any(name in request.headers for name in _FORWARDED)
    return not behind_proxy and is_loopback(address(request))


def _ask_database() -> None:
    with engine().connect() as connection:
        connection.execute(text("SELECT 1"))


def _find_worker() -> None:
    if not jobs.workers_alive():
        raise LookupError("no worker has given a sign of life")


def _works(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (SQLAlchemyError, RedisError, LookupError, OSError) as error:
        log.warning("not ready: %s", error)
        return False
    return True
