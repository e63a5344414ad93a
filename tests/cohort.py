"""An installation as a cohort has it, without containers: Postgres and Redis on TCP, two sites, and each part
started by its own command with nothing but its settings. Whoever ends is started again, as containers are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from redis import Redis, RedisError
from sqlalchemy.orm import Session

from app.config import ROOT
from app.db import make_engine
from app.models import User
from app.operating import embedded
from app.operating.serve import answers_ready
from app.operating.supervisor import Part, Supervisor
from app.people import accounts
from tests.postgres import Postgres, new_database, server
from tests.serve.starting import bring_bundle, free_port

SITES = 2
_SECONDS_TO_START = 240  # on two busy cores; alone it takes about ten
_SECONDS_TO_STOP = 8.0
_LOOK = 0.1
_CLEAN = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PATH", "TMPDIR")


@dataclass
class Cohort:
    """All of it, running. Only the main thread may tend and wait: parts die with their thread."""

    folder: Path
    postgres: Postgres
    database: str  # its URL
    redis_url: str
    sites: list[str]  # where they answer
    supervisor: Supervisor
    notes: list[str]  # what became ready, and what ended

    @property
    def redis(self) -> Redis:
        return Redis.from_url(self.redis_url, decode_responses=True)

    @property
    def parts(self) -> dict[str, Part]:
        """redis, runner, examiner, worker, site-1, site-2."""
        return {part.name: part for part in self.supervisor.parts}

    def process(self, name: str) -> int:
        """The process of a part, once it runs."""
        part = self.parts[name]
        self.wait_for(lambda: part.process is not None)
        assert part.process is not None
        return part.process.pid

    def tend(self) -> None:
        """One round: whoever has ended is started again."""
        self.supervisor.tend()

    def wait_for(self, true: Callable[[], bool], seconds: float = _SECONDS_TO_START) -> None:
        """Tend until it is. Raises AssertionError with what the parts said."""
        deadline = time.monotonic() + seconds
        while not true():
            self.tend()
            assert time.monotonic() < deadline, self.said()
            time.sleep(_LOOK)

    def said(self) -> str:
        """The end of every log."""
        logs = sorted((self.folder / "log").glob("*.log"))
        ends = [f"── {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in logs]
        return "\n".join([*self.notes, *ends])

    def sign_in(self, people: int) -> list[str]:
        """So many learners with an account. Returns the token of each one's session, for its cookie."""
        engine = make_engine(self.database)
        with Session(engine) as session:
            users = [User(name=f"Learner {n}", email=f"learner-{n}@example.org") for n in range(people)]
            session.add_all(users)
            session.flush()
            tokens = [accounts.open_session(session, user) for user in users]
            session.commit()
        engine.dispose()
        return tokens


@contextmanager
def folder() -> Iterator[Path]:
    """A folder with a short path (it holds sockets)."""
    with tempfile.TemporaryDirectory(prefix="unembed-test-", ignore_cleanup_errors=True) as name:
        yield Path(name)


@contextmanager
def start(folder: Path, **settings: str) -> Iterator[Cohort]:
    """Everything, ready to be asked; `settings` are told to every part, as `course_dir="…"`. Linux alone."""
    bring_bundle(folder / "data")
    with server(free_port()) as postgres:
        database, notes = new_database(postgres.url, "unembed"), list[str]()
        ports = [free_port() for _ in range(1 + SITES)]
        told = {
            "data_dir": str(folder / "data"),
            "database_url": database,
            "redis_url": f"redis://127.0.0.1:{ports[0]}/0",
            "public_url": "http://learn.example.org",
            "runner_socket": str(folder / "sockets" / "runner"),
            "examiner_socket": str(folder / "sockets" / "examiner"),
            **settings,
        }
        sites = [f"http://127.0.0.1:{port}" for port in ports[1:]]
        supervisor = Supervisor(notes.append)
        cohort = Cohort(folder, postgres, database, told["redis_url"], sites, supervisor, notes)
        try:
            _start(cohort, told, ports)
            yield cohort
        finally:
            supervisor.stop(_SECONDS_TO_STOP)


def _start(cohort: Cohort, told: dict[str, str], ports: list[int]) -> None:
    add = cohort.supervisor.add
    add(_redis(cohort.folder, ports[0]))
    for name in ("runner", "examiner"):
        add(_part(cohort.folder, name, name, told))
    _migrate(told)
    add(_part(cohort.folder, "worker", "worker", told))
    for number, port in enumerate(ports[1:], 1):
        site = _part(cohort.folder, f"site-{number}", "site", told | {"port": str(port)})
        site.ready = partial(answers_ready, "127.0.0.1", port)
        add(site)
    cohort.wait_for(lambda: cohort.supervisor.all_ready)


def _part(folder: Path, name: str, command: str, told: dict[str, str]) -> Part:
    words = [sys.executable, "-m", "app.cli", command]
    return Part(name, words, _environment(told), folder / "log" / f"{name}.log", ROOT)


def _environment(told: dict[str, str]) -> dict[str, str]:
    """As a container has it: what the system needs, and our settings."""
    kept = {name: os.environ[name] for name in _CLEAN if name in os.environ}
    settings = {f"UNEMBED_{name.upper()}": value for name, value in told.items()}
    return {**kept, **settings, "PYTHONUNBUFFERED": "1"}


def _redis(folder: Path, port: int) -> Part:
    data = folder / "redis"
    data.mkdir()
    own = embedded.command(data, folder)  # its last words win
    command = [*own, "--port", str(port), "--bind", "127.0.0.1"]
    return Part("redis", command, {}, folder / "log" / "redis.log", data, partial(_pings, port))


def _pings(port: int) -> bool:
    try:
        return bool(Redis(port=port, socket_timeout=2).ping())
    except RedisError:
        return False


def _migrate(told: dict[str, str]) -> None:
    command = [sys.executable, "-m", "app.cli", "migrate"]
    done = subprocess.run(command, cwd=ROOT, env=_environment(told), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
