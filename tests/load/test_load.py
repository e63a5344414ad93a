"""A hundred learners hand in within ten seconds: nobody is refused, lost, or told an untrue place in line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.db import transaction
from app.models import Run, State, User
from app.people import accounts
from app.visitors import SESSION_COOKIE
from tests.chaos.browsing import Message, Reader, Section, place_in, sections
from tests.conftest import SMALL_COURSE
from tests.load.weighing import Scales, proportional
from tests.serve.starting import Site, start_site

LEARNERS = int(os.environ.get("UNEMBED_LOAD_LEARNERS", "100"))
SECONDS = 10.0  # in which all of them hand in
BUDGET = 3 << 29  # bytes (1.5 GB) of everything together, at its most
PATIENCE = 600.0  # seconds
WORK = 0.6  # seconds that each answer sleeps: more than four threads can keep up with
POLL = 4.0  # seconds: what the page asks for while it waits
LESSON = "/lessons/counting"
HAND_IN = f"{LESSON}/exercises/double/attempts"
RIGHT, WRONG = "return x + x", "return x * x"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1500),
    pytest.mark.skipif(sys.platform != "linux", reason="weighs processes in /proc"),
]


@pytest.fixture
def site(tmp_path: Path, change_settings: Callable[..., None]) -> Iterator[Site]:
    with start_site(tmp_path, UNEMBED_COURSE_DIR=str(SMALL_COURSE)) as started:
        started.wait_until_ready()
        change_settings(data_dir=started.data_dir, course_dir=SMALL_COURSE)
        yield started


@dataclass
class Learner:
    """One of the hundred, and what they were told."""

    number: int
    session: str
    run: str = ""
    word: str = ""
    statuses: list[int] = field(default_factory=list)
    streamed: list[int] = field(default_factory=list)  # places, as the event stream tells them
    asked: list[int] = field(default_factory=list)  # places, as the page's own questions find them
    began_waiting: float = 0.0
    waited: float = 0.0

    @property
    def right(self) -> bool:
        return self.number % 3 > 0

    @property
    def answer(self) -> str:
        body = RIGHT if self.right else WRONG
        return f"import time\ntime.sleep({WORK})\n\ndef double(x: int) -> int:\n    {body}\n"


def test_a_hundred_hand_in_within_ten_seconds(site: Site) -> None:
    learners = [Learner(number, session) for number, session in enumerate(_sessions())]
    at_rest = proportional(site.process.pid)
    with Scales(site.process.pid) as scales:
        asyncio.run(_all_hand_in(site.url, learners))
    _report(learners, at_rest, scales.most)
    for learner in learners:
        assert set(learner.statuses) <= {200}, learner
        assert learner.word == ("passed" if learner.right else "failed"), learner
        for places in (learner.streamed, learner.asked):
            assert places == sorted(places, reverse=True), learner
    assert max(max(learner.asked, default=0) for learner in learners) > 1, "nobody had to wait"
    assert scales.most < BUDGET
    _books_agree(learners)


def _sessions() -> list[str]:
    """A class that is signed in."""
    with transaction() as session:
        users = [User(name=f"Learner {n}", email=f"{n}@example.org") for n in range(LEARNERS)]
        session.add_all(users)
        session.flush()
        return [accounts.open_session(session, user) for user in users]


async def _all_hand_in(url: str, learners: list[Learner]) -> None:
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        for learner in learners:
            group.create_task(_sit(url, learner))


async def _sit(url: str, learner: Learner) -> None:
    """Open the lesson, hand in at a moment of one's own, keep the page open until the verdict is there."""
    limits = httpx.Timeout(PATIENCE)
    cookies = {SESSION_COOKIE: learner.session}

    async def note(answer: httpx.Response) -> None:
        learner.statuses.append(answer.status_code)

    async with httpx.AsyncClient(
        base_url=url, timeout=limits, cookies=cookies, event_hooks={"response": [note]}
    ) as client:
        await client.get(LESSON)
        await asyncio.sleep(SECONDS * learner.number / LEARNERS)
        learner.began_waiting = time.monotonic()
        sent = {"csrf": client.cookies["unembed_csrf"], "text": learner.answer}
        answer = await client.post(HAND_IN, data=sent, headers={"hx-request": "true"})
        section = sections(answer.text)["double"]
        learner.run = section.run
        await _wait(client, learner, section)
        learner.waited = time.monotonic() - learner.began_waiting


async def _wait(client: httpx.AsyncClient, learner: Learner, section: Section) -> None:
    """As the page does: follow the stream, and ask now and then."""
    learner.asked.append(section.place)
    learner.streamed.append(section.place)
    over = asyncio.Event()
    listening = asyncio.create_task(_listen(client, learner, section, over))
    while section.live:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), POLL)
        answer = await client.get(f"/runs/{learner.run}", headers={"hx-request": "true"})
        section = sections(answer.text)["double"]
        learner.asked.append(section.place)
    learner.word = section.word
    await listening


async def _listen(client: httpx.AsyncClient, learner: Learner, section: Section, over: asyncio.Event) -> None:
    async for message in _follow(client, section.events):
        for part in message.data.split("<hx-partial ")[1:]:
            if f"#run-{learner.run}[" not in part:
                continue
            if place := place_in(part):
                learner.streamed.append(place)
            elif '.shown" hx-swap="textContent"' in part:
                learner.streamed.append(0)
            elif "Just a moment" in part:
                over.set()
    over.set()


async def _follow(client: httpx.AsyncClient, path: str) -> AsyncIterator[Message]:
    """Until the server says that it is done; where it ends a silent stream, connect again."""
    last = ""
    while True:
        async with client.stream("GET", path, headers={"last-event-id": last} if last else {}) as answer:
            reader = Reader()
            async for line in answer.aiter_lines():
                if message := reader.take(line):
                    last = message.id or last
                    yield message
                    if message.event == "done":
                        return


def _report(learners: list[Learner], at_rest: int, most: int) -> None:
    waited = sorted(learner.waited for learner in learners)
    print(f"\n{len(learners)} handed in within {SECONDS:.0f} s; from the press to the verdict on the page:")
    print(f"  p50 {waited[len(waited) // 2]:.2f} s, longest {waited[-1]:.2f} s")
    print(f"  the longest line anybody saw: {max(max(learner.asked) for learner in learners)}")
    print(f"  memory (PSS): {at_rest >> 20} MB at rest, {most >> 20} MB at most, budget {BUDGET >> 20} MB")


def _books_agree(learners: list[Learner]) -> None:
    with transaction() as session:
        known = list(session.scalars(select(Run).options(joinedload(Run.attempt))))
    assert {run.id for run in known} == {UUID(learner.run) for learner in learners}
    assert len(known) == len(learners)
    assert all(run.state is State.DONE and (run.tries, run.faults) == (1, 0) for run in known)
    assert all(run.attempt is not None and run.attempt.number == 1 for run in known)
