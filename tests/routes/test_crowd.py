"""Many who come at the same moment are all served, one after the other."""

from __future__ import annotations

import asyncio

import httpx
from fastapi import FastAPI

from app.db import transaction
from app.models import User
from app.people import accounts
from app.visitors import SESSION_COOKIE

MANY = 150  # more than there are threads, turns and kept connections together


def test_more_than_there_are_threads_all_get_their_page(site: FastAPI, ada: User) -> None:
    with transaction() as session:
        token = accounts.open_session(session, ada)
    assert asyncio.run(_all_at_once(site, token)) == [200] * MANY


async def _all_at_once(site: FastAPI, token: str) -> list[int]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(site),
        base_url="http://127.0.0.1:8000",
        cookies={SESSION_COOKIE: token},
        timeout=200,
    ) as client:
        answers = await asyncio.gather(*(client.get("/lessons/counting") for _ in range(MANY)))
        return [answer.status_code for answer in answers]
