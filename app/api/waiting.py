"""Waiting for the end of a run: a long poll that holds no session, no thread, and no turn while it waits."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

from fastapi import Query, Request
from redis import RedisError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from app.api.asking import Credentials, asked
from app.db import transaction
from app.guard import TooMany
from app.models import Run, User
from app.people.tokens import Scope
from app.redis import client
from app.running import events
from app.running.streams import Told, follow

LONGEST = 60  # seconds
MOST = 10  # of one account at a time, in this process
_LOOK_AGAIN = 15.0  # seconds, after which the database is asked whatever Redis says
_PAUSE = 1.0  # … while Redis says nothing at all

Wait = Annotated[int, Query(ge=0, le=LONGEST, description="Seconds to wait for its end, if it is not over.")]
T = TypeVar("T")

_waiting: Counter[UUID] = Counter()


@dataclass(frozen=True)
class Seen(Generic[T]):
    """A run as it was when somebody looked, and the answer that tells it."""

    answer: T
    run: UUID
    stream: str
    over: bool

    @classmethod
    def of(cls, answer: T, run: Run) -> Seen[T]:
        return cls(answer, run.id, events.key(run.user_id, run.lesson), run.state.over)


class Asks:
    """Somebody who may ask, for routes that wait: each piece of their work has a transaction of its own."""

    def __init__(self, request: Request, user_id: UUID) -> None:
        self._turns, self.user_id = request.app.state.turns, user_id

    async def do(self, work: Callable[[Session, User], T]) -> T:
        """Do this in a thread, in a transaction, in one's turn."""

        def in_transaction() -> T:
            with transaction() as session:
                return work(session, session.get_one(User, self.user_id))

        async with self._turns:
            return await run_in_threadpool(in_transaction)

    async def until_over(self, look: Callable[[Session, User], Seen[T]], wait: int) -> T:
        """The answer of `look` once its run is over, or else after `wait` seconds. Raises TooMany."""
        seen = await self.do(look)
        if seen.over or not wait:
            return seen.answer
        if _waiting[self.user_id] >= MOST:
            raise TooMany(f"{MOST} of your requests are waiting already. Let one of them end first.", 1)
        _waiting[self.user_id] += 1
        try:
            return await self._wait(look, seen, time.monotonic() + wait)
        finally:
            _waiting[self.user_id] -= 1
            if not _waiting[self.user_id]:
                del _waiting[self.user_id]

    async def _wait(self, look: Callable[[Session, User], Seen[T]], seen: Seen[T], until: float) -> T:
        while not seen.over and (left := until - time.monotonic()) > 0:
            since = await run_in_threadpool(_newest, seen.stream)
            seen = await self.do(look)  # whatever happens from here on is in the stream after `since`
            if not seen.over:
                await _finished(seen, since, min(left, _LOOK_AGAIN))
                seen = await self.do(look)
        return seen.answer


def _newest(stream: str) -> str:
    try:
        return events.latest_id(client(), stream)
    except RedisError:
        return "0-0"


async def _finished(seen: Seen[Any], since: str, seconds: float) -> bool:
    """Until the stream says that the run is over, or for so long. Whether it did."""
    going = {str(seen.run)}
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                async for _ in follow(seen.stream, Told(since), going):
                    if str(seen.run) not in going:
                        return True
                await asyncio.sleep(_PAUSE)
    return False


def asks(scope: Scope) -> Callable[..., Any]:
    """A dependency: who asks, if their token may do this."""

    async def dependency(request: Request, credentials: Credentials) -> Asks:
        def ask() -> UUID:
            with transaction() as session:
                return asked(request, session, credentials, scope).user_id

        async with request.app.state.turns:
            return Asks(request, await run_in_threadpool(ask))

    return dependency
