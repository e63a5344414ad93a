"""Postgres away for ten seconds, Redis without room, a worker killed in the middle of a run, while ten
learners hand in on two sites: each hand-in has one verdict, the right one, and the sites go on by themselves.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import httpx
import pytest
from redis import Redis
from redis.exceptions import OutOfMemoryError
from sqlalchemy import func, select

from app.db import transaction
from app.models import Run, State
from tests import cohort
from tests.chaos.books import books_agree
from tests.chaos.browsing import AWAY, Browser
from tests.chaos.learner import Done, Learner
from tests.cohort import Cohort
from tests.conftest import SMALL_COURSE

LEARNERS = 10
SECONDS_AWAY = 10.0
LONGEST_ANSWER = 30.0  # seconds: whatever is away, a page says so
LEASE = 5  # seconds
PATIENCE = 300.0  # seconds
_FILLING = 16 << 20  # bytes
NEEDS_DATABASE = ("/", "/path", "/lessons/counting", "/account", "/sign-in")
NEEDS_NOTHING = ("/manual", "/manual/failures", "/healthz")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(sys.platform != "linux", reason="its parts read /proc"),
]


@pytest.fixture
def running(change_settings: Callable[..., None]) -> Iterator[Cohort]:
    """The installation; its database is open to the test, too."""
    ours = {"course_dir": str(SMALL_COURSE), "lease_seconds": str(LEASE)}
    ours |= {"sandbox": "auto", "worker_threads": "4"}
    with cohort.folder() as folder, cohort.start(folder, **ours) as started:
        change_settings(database_url=started.database, **ours)
        yield started
        print(started.said())  # shown if something went wrong


def test_whatever_is_away_every_hand_in_has_one_verdict_and_it_is_right(running: Cohort) -> None:
    *tokens, visitors = running.sign_in(LEARNERS + 1)
    with _visits(running, visitors) as visitor, _at_work(running, tokens) as crew:
        crew.each_gets_on()
        _postgres_is_away(running, visitor)
        crew.each_gets_on()
        _redis_is_full(running, visitor)
        crew.each_gets_on()
        _a_worker_is_killed(running)
        crew.each_gets_on(2)
    learners, done = crew.learners, [one for learner in crew.learners for one in learner.done]
    _report(running, learners, visitor)
    assert [one for one in done if one.word != one.deed.truth] == []
    books_agree(done)
    assert max(visitor.longest, *(learner.browser.longest for learner in learners)) < LONGEST_ANSWER
    assert [note for note in running.notes if "site" in note and "ended" in note] == []
    assert visitor.complaints == []


# ── what happens ────────────────────────────────────────────────────────────


def _postgres_is_away(running: Cohort, visitor: Visitor) -> None:
    with visitor.during("no database"):
        running.postgres.end()
        _tend_for(running, SECONDS_AWAY)
        running.wait_for(lambda: visitor.seen["no database", "away"] > 0)
        running.wait_for(lambda: visitor.seen["no database", "works"] > 0)  # what needs none
        running.postgres.start()


def _redis_is_full(running: Cohort, visitor: Visitor) -> None:
    """Nothing can be queued, told or counted; pages are read, and texts kept."""
    redis = running.redis
    with visitor.during("full Redis"):
        _fill(redis)
        before = visitor.rounds
        _tend_for(running, SECONDS_AWAY / 2)
        running.wait_for(lambda: visitor.rounds > before + 1)
        with pytest.raises(OutOfMemoryError):
            redis.set("more", "x")
    redis.delete("filling")
    redis.config_set("maxmemory", 0)
    assert visitor.seen["full Redis", "away"] == 0


def _fill(redis: Redis) -> None:
    """To the brim, and then some: what frees itself meanwhile is not enough for anything."""
    used = redis.info("memory")["used_memory"]
    redis.config_set("maxmemory", used + _FILLING // 2)
    with suppress(OutOfMemoryError):
        for _ in range(_FILLING >> 16):
            redis.rpush("filling", "x" * (1 << 16))
    redis.config_set("maxmemory", used + _FILLING // 4)


def _a_worker_is_killed(running: Cohort) -> None:
    """Another is started in its place, as it would be by those who watch over containers."""
    running.wait_for(lambda: _runs_going() > 1)
    worker = running.parts["worker"].process
    assert worker is not None
    worker.kill()
    assert _runs_going() > 0  # it was in the middle of something
    running.wait_for(lambda: running.parts["worker"].process not in (worker, None))


def _runs_going() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).where(Run.state == State.RUNNING)) or 0


def _tend_for(running: Cohort, seconds: float) -> None:
    over = time.monotonic() + seconds
    running.wait_for(lambda: time.monotonic() > over)


# ── who is there ────────────────────────────────────────────────────────────


@dataclass
class Crew:
    """Learners, each at work in a thread."""

    running: Cohort
    learners: list[Learner]
    working: list[Future[list[Done]]]

    def each_gets_on(self, things: int = 1) -> None:
        """Until everybody has finished so many more; the first may have begun before."""
        goals = [len(learner.done) + things for learner in self.learners]
        self.running.wait_for(lambda: self._have_reached(goals), PATIENCE)

    def _have_reached(self, goals: list[int]) -> bool:
        for future in self.working:
            if future.done():  # nobody is through before they are told
                future.result()
        return all(len(one.done) >= goal for one, goal in zip(self.learners, goals, strict=True))


@contextmanager
def _at_work(running: Cohort, tokens: list[str]) -> Iterator[Crew]:
    seed = random.randrange(10**6)
    browsers = [Browser(*running.sites, session=token, may_be_away=True) for token in tokens]
    learners = [Learner(browser, f"learner{n}", seed) for n, browser in enumerate(browsers)]
    with ThreadPoolExecutor(len(learners)) as threads:
        crew = Crew(running, learners, [threads.submit(learner.work) for learner in learners])
        try:
            yield crew
        finally:
            for learner in learners:
                learner.enough.set()
            running.wait_for(lambda: all(future.done() for future in crew.working), PATIENCE)
    for future in crew.working:
        future.result()


class Visitor:
    """Looks at every page again and again, on both sites, and notes what comes."""

    def __init__(self, running: Cohort, token: str) -> None:
        self.seen = Counter[tuple[str, str]]()  # (what was the matter, what came)
        self.complaints: list[str] = []
        self.rounds, self.longest = 0, 0.0
        self.over = threading.Event()
        self._sites, self._matter = running.sites, ""
        self._client = httpx.Client(timeout=4 * LONGEST_ANSWER, cookies={"unembed_session": token})

    @contextmanager
    def during(self, matter: str) -> Iterator[None]:
        """What is the matter meanwhile."""
        self._matter = matter
        try:
            yield
        finally:
            self._matter = ""

    def look_around(self) -> None:
        while not self.over.wait(0.1):
            for site in self._sites:
                for path in (*NEEDS_DATABASE, *NEEDS_NOTHING):
                    self._look(site, path)
            self.rounds += 1

    def _look(self, site: str, path: str) -> None:
        matter = self._matter
        try:
            answer = self._client.get(site + path)
        except httpx.HTTPError as error:
            self.complaints.append(f"{path}: {error!r}")
            return
        self.longest = max(self.longest, answer.elapsed.total_seconds())
        away = answer.status_code == 503 and AWAY in answer.text and path in NEEDS_DATABASE
        if not (away or answer.status_code == 200):
            self.complaints.append(f"{path}: {answer.status_code}\n{answer.text[:1000]}")
        if matter == self._matter:
            self.seen[matter, "away" if away else "works"] += 1


@contextmanager
def _visits(running: Cohort, token: str) -> Iterator[Visitor]:
    visitor = Visitor(running, token)
    thread = threading.Thread(target=visitor.look_around, name="visitor", daemon=True)
    thread.start()
    try:
        yield visitor
    finally:
        visitor.over.set()
        thread.join()


def _report(running: Cohort, learners: list[Learner], visitor: Visitor) -> None:
    done = [one for learner in learners for one in learner.done]
    print(f"\n{len(done)} presses: {dict(Counter(f'{one.deed.truth} → {one.word}' for one in done))}")
    print(f"{sum(learner.browser.broken_lines for learner in learners)} lines broke")
    print(f"begun more than once: {sum(one.shown.begun > 1 for one in done)}")
    verdict = max(one.seconds for one in done)
    print(f"longest answer {visitor.longest:.1f} s, longest way to a verdict {verdict:.1f} s")
    print(f"pages: {dict(visitor.seen)}")
    print("\n".join(running.notes))
