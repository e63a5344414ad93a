"""For machines: is the site up, and can it do its work?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from redis import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app import jobs
from app.db import engine
from app.redis import client

log = logging.getLogger(__name__)
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
