"""Everything is killed at random while learners work: each press ends once, truthfully, and they see it."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from app.config import ROOT
from app.processes import spawn, stop
from tests.chaos.books import books_agree
from tests.chaos.browsing import Browser
from tests.chaos.learner import Done, Learner, checked
from tests.chaos.monkey import Monkey, plan
from tests.conftest import SMALL_COURSE
from tests.serve.starting import Site, start_site

RUNS = int(os.environ.get("UNEMBED_CHAOS_RUNS", "100"))  # more for a longer soak
SEED = int(os.environ.get("UNEMBED_CHAOS_SEED", "0")) or random.randrange(1, 10**6)
LEARNERS = 12
LEASE = 5  # seconds

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800 + 20 * RUNS),
    pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc"),
]


@pytest.fixture
def site(
    tmp_path: Path, change_settings: Callable[..., None], new_database: Callable[[Path], str]
) -> Iterator[Site]:
    """A platform with the small course; the database is open to the test, too."""
    database = new_database(tmp_path / "database" / "unembed.db")
    ours = {"course_dir": SMALL_COURSE, "lease_seconds": LEASE, "database_url": database}
    variables = {f"UNEMBED_{name.upper()}": str(value) for name, value in ours.items()}
    with start_site(tmp_path, **variables) as site:
        site.wait_until_ready()
        change_settings(data_dir=site.data_dir, **ours)
        yield site


@pytest.fixture
def second_worker(site: Site, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """So that somebody can take a run from a worker that is stopped for longer than its lease."""
    with (tmp_path / "second-worker.log").open("wb") as log:
        env = {**os.environ, "PYTHONUNBUFFERED": "1"}
        worker = spawn([sys.executable, "-m", "workers.worker"], cwd=ROOT, env=env, output=log, errors=log)
    yield worker
    stop([worker], 5)


def test_whatever_is_killed_every_press_ends_once_and_truthfully(
    site: Site, second_worker: subprocess.Popen[bytes]
) -> None:
    print(f"\nseed {SEED} (UNEMBED_CHAOS_SEED={SEED} repeats the order of incidents)")
    quota, monkey = -(-RUNS // LEARNERS), Monkey(site)
    learners = [Learner(Browser(site.url), f"learner{n}", SEED) for n in range(LEARNERS)]
    with ThreadPoolExecutor(LEARNERS) as threads:
        working = [threads.submit(learner.work) for learner in learners]
        try:
            for incident in plan(SEED, RUNS / 100, LEASE):
                _none_has_failed(working)
                monkey.commit(incident)
            while min(len(learner.done) for learner in learners) < quota:
                _none_has_failed(working)
                time.sleep(0.2)
        finally:
            for learner in learners:
                learner.enough.set()
    done = [one for future in working for one in future.result()]
    _report(monkey, learners, done)
    for one in done:
        checked(one)
    books_agree(done)


def _none_has_failed(working: list[Future[list[Done]]]) -> None:
    for future in working:
        if future.done():
            future.result()


def _report(monkey: Monkey, learners: list[Learner], done: list[Done]) -> None:
    print(f"{sum(monkey.done.values())} incidents: {dict(monkey.done)}")
    print(f"{len(done)} presses: {dict(Counter(f'{one.deed.truth} → {one.word}' for one in done))}")
    print(f"{sum(learner.browser.broken_lines for learner in learners)} lines broke")
    print(f"begun more than once: {sum(one.shown.begun > 1 for one in done)}")
