"""The mentor's pages for a cohort of 300 learners and 50,000 attempts, on SQLite and on Postgres.

The whole site in this process, asked as a browser asks it, without the network. Seconds are what a mentor
waits for; CPU-seconds are this process's part of it, which a busy machine does not stretch.
"""

from __future__ import annotations

import gzip
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import event

from app.config import settings
from app.db import engine, transaction
from app.main import served
from app.models import User
from app.operating import migrate
from tests import seeded
from tests.benchmarks import measure, table
from tests.postgres import start_postgres
from tests.routes.acting import Browser

_LEARNERS, _ATTEMPTS = seeded.LEARNERS, seeded.ATTEMPTS
_OPEN = "open=attention&open=induction-heads"
_EXERCISE = "induction_score"
_POLLED = "?seen="


@dataclass(frozen=True)
class Answered:
    """One page on one database. `size` in bytes, `packed` as a proxy with gzip would send it."""

    database: str
    page: str
    median: float
    best: float
    cpu: float
    queries: int
    size: int
    packed: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measured(quick: bool) -> list[Answered]:
    """Every page on both; for a glance a tenth of the cohort."""
    with tempfile.TemporaryDirectory(prefix="unembed-bench-") as name, start_postgres() as postgres:
        urls = {"SQLite": f"sqlite:///{name}/unembed.db", "Postgres": postgres}
        return [one for title, url in urls.items() for one in _on(title, url, Path(name), quick)]


def _on(title: str, url: str, folder: Path, quick: bool) -> Iterator[Answered]:
    migrate.upgrade(url)
    print(f"  {title}: writing the cohort…", flush=True)
    share = 10 if quick else 1
    found = seeded.fill(url, _LEARNERS // share, _ATTEMPTS // share)
    with _settings(url, folder):
        with transaction() as session:
            mentor = session.get_one(User, found.mentor)
        browser = Browser(served(), mentor)
        for page, address in _pages(found).items():
            answered = _asked(browser, title, page, address, 3 if quick else 20)
            print(f"  {title}, {page}: {1000 * answered.median:.0f} ms", flush=True)
            yield answered


@contextmanager
def _settings(url: str, folder: Path) -> Iterator[None]:
    """This process uses that database, and a data folder of its own."""
    wanted = {"UNEMBED_DATABASE_URL": url, "UNEMBED_DATA_DIR": str(folder)}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    _forget()
    try:
        yield
    finally:
        engine().dispose()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
        _forget()


def _forget() -> None:
    for kept in (settings, engine):
        kept.cache_clear()


def _pages(found: seeded.Seeded) -> dict[str, str]:
    cohort = f"/mentor/cohorts/{found.cohort}"
    return {
        "dashboard": cohort,
        "dashboard, two lessons open": f"{cohort}?{_OPEN}",
        "asked again, nothing new": f"{cohort}{_POLLED}",
        "one exercise": f"{cohort}/exercises/{_EXERCISE}",
        "a learner's timeline": f"/mentor/learners/{found.learners[0]}",
    }


def _asked(browser: Browser, title: str, page: str, address: str, times: int) -> Answered:
    polled, seconds, cpu = _POLLED in address, list[float](), list[float]()
    text = browser.get(address).text  # templates and statements are compiled by now
    if polled:
        (query,) = {part.replace("&amp;", "&") for part in text.split('"') if "seen=" in part}
        address = address.replace(_POLLED, query)
    statements: list[object] = []
    event.listen(engine(), "before_cursor_execute", lambda *args: statements.append(args[2]))
    for _ in range(times):
        statements.clear()
        began, busy = time.perf_counter(), time.process_time()
        answer = browser.get(address, htmx=polled)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
        answer.raise_for_status()
    sizes = (len(statements), len(answer.content), len(gzip.compress(answer.content)))
    return Answered(title, page, measure.percentile(seconds, 0.5), min(seconds), min(cpu), *sizes)


def report(found: list[Answered]) -> str:
    """As a table."""
    rows = [
        [
            f"{one.page} ({one.database})",
            f"{1000 * one.median:.0f}",
            f"{1000 * one.best:.0f}",
            f"{1000 * one.cpu:.0f}",
            str(one.queries),
            f"{one.size:,}",
            f"{one.packed:,}",
        ]
        for one in found
    ]
    header = ["page", "median, ms", "best, ms", "CPU-ms", "queries", "bytes", "with gzip"]
    return "The mentor's pages, 300 learners and 50,000 attempts:\n\n" + table.markdown(header, rows)
