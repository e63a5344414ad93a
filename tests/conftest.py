"""What all tests share: settings of their own, a really migrated database, a real Redis, and a cast.

Ada is a learner and so is Ben, Mo is their mentor, Otto is a mentor elsewhere, Boss runs the site, and the
stranger is a guest whom nobody knows.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from redis import Redis
from sqlalchemy.orm import Session

from app import jobs
from app import redis as redis_of_app
from app.config import ROOT, SHIPPED, Settings, settings
from app.db import engine, transaction
from app.lessons import Lesson, course
from app.models import Cohort, Membership, Role, User
from app.operating import migrate
from app.operating.embedded import start_redis, stop_redis
from app.people import accounts
from app.processes import spawn, stop
from tests.mailbox import Mailbox
from tests.mailbox import running as mailbox_running
from tests.postgres import new_database as on_postgres
from tests.postgres import start_postgres

SMALL_COURSE = Path(__file__).parent / "small_course"
ON_POSTGRES = bool(os.environ.get("UNEMBED_TEST_POSTGRES"))  # instead of SQLite

# a busy machine is slow, and no example is wrong for that
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

Settings.model_config["env_file"] = None  # a developer's own settings are not the tests'
for name in Settings.model_fields:
    os.environ.pop(f"UNEMBED_{name.upper()}", None)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Every test has a data folder of its own. Returned: what changes more of its environment."""
    monkeypatch.setenv("UNEMBED_DATA_DIR", str(tmp_path / "data"))
    _forget()
    yield monkeypatch
    if engine.cache_info().currsize:
        engine().dispose()
    if redis_of_app.client.cache_info().currsize:
        redis_of_app.client().close()
    _forget()


def _forget() -> None:
    for kept in (settings, engine, redis_of_app.client):
        kept.cache_clear()


@pytest.fixture
def change_settings(own_settings: pytest.MonkeyPatch) -> Callable[..., None]:
    """`change_settings(runs_per_learner=1)`: from here on, in this test."""

    def change(**values: object) -> None:
        for name, value in values.items():
            own_settings.setenv(f"UNEMBED_{name.upper()}", str(value))
        settings.cache_clear()

    return change


ALONE = ("attacks", "benchmarks", "browser", "chaos", "compose", "faults", "load", "logs", "serve")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what touches the database: `make test` does that on Postgres too.

    And of that what watches neither the clock nor the machine: it does that two at a time.
    """
    for item in items:
        if "migrated_database" not in getattr(item, "fixturenames", ()):
            continue
        item.add_marker("database")
        folder = item.path.relative_to(Path(__file__).parent).parts[0]
        if folder not in ALONE and not item.get_closest_marker("slow"):
            item.add_marker("together")


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a real server, one for all tests."""
    with start_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_database(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """The URL of an empty database as the migrations make it; tests get copies."""
    url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'unembed.db'}"
    if ON_POSTGRES:
        url = on_postgres(request.getfixturevalue("postgres"), "unembed_template")
    migrate.upgrade(url)
    return url


@pytest.fixture(scope="session")
def new_database(migrated_database: str) -> Callable[[Path], str]:
    """Makes a database that outlives one test: an empty copy at this path, or one of its own on Postgres."""

    def make(path: Path) -> str:
        if ON_POSTGRES:
            return on_postgres(migrated_database, "unembed_lasting", "unembed_template")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(migrated_database.removeprefix("sqlite:///"), path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture
def database(migrated_database: str, change_settings: Callable[..., None]) -> Iterator[str]:
    """The URL of this test's own database."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    if ON_POSTGRES:
        change_settings(database_url=on_postgres(migrated_database, "unembed_test", "unembed_template"))
    else:
        shutil.copy(migrated_database.removeprefix("sqlite:///"), settings().data_dir / "unembed.db")
    yield settings().database
    if engine.cache_info().currsize:
        engine().dispose()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a real server, one for all tests."""
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as folder:  # a short path: it holds a socket
        server = start_redis(Path(folder), Path(folder))
        yield f"unix://{folder}/redis.sock"
        stop_redis(server)


@pytest.fixture
def redis(redis_server: str, change_settings: Callable[..., None]) -> Redis:
    """An empty Redis, which the code under test uses too."""
    change_settings(redis_url=redis_server)
    redis_of_app.client().flushall()
    return redis_of_app.client()


@pytest.fixture
def session(database: str, redis: Redis) -> Iterator[Session]:
    """A session to act in; nothing is committed (and no job is sent) before `session.commit()`."""
    with Session(engine(), expire_on_commit=False) as session:
        yield session


@pytest.fixture
def lesson(change_settings: Callable[..., None]) -> Lesson:
    """Cells `one` and `two`, exercises `double` and `quadruple` (which uses it), and a form, `largest`."""
    change_settings(course_dir=SMALL_COURSE)
    assert course().problems == ()
    return course().lessons["counting"]


@pytest.fixture
def ada(database: str) -> User:
    return _person("Ada")


@pytest.fixture
def ben(database: str) -> User:
    return _person("Ben")


@pytest.fixture
def cohort(ada: User, ben: User) -> Cohort:
    """Ada and Ben learn in it."""
    with transaction() as session:
        made = Cohort(name="Autumn")
        session.add(made)
        session.flush()
        session.add_all(
            Membership(cohort_id=made.id, user_id=one.id, role=Role.LEARNER) for one in (ada, ben)
        )
        return made


@pytest.fixture
def mo(cohort: Cohort) -> User:
    """The mentor of that cohort."""
    user = _person("Mo")
    with transaction() as session:
        session.add(Membership(cohort_id=cohort.id, user_id=user.id, role=Role.MENTOR))
        session.flush()
        return session.get_one(User, user.id)


@pytest.fixture
def outsider(database: str) -> User:
    """The mentor of another cohort, in which nobody learns whom these tests know."""
    user = _person("Otto")
    with transaction() as session:
        other = Cohort(name="Spring")
        session.add(other)
        session.flush()
        session.add(Membership(cohort_id=other.id, user_id=user.id, role=Role.MENTOR))
        session.flush()
        return session.get_one(User, user.id)


@pytest.fixture
def boss(database: str) -> User:
    """Who runs the site, and mentors nobody."""
    return _person("Boss", admin=True)


@pytest.fixture
def zoe(database: str) -> User:
    """Somebody with a new account, in no cohort."""
    return _person("Zoe")


@pytest.fixture
def stranger(database: str) -> User:
    with transaction() as session:
        made = accounts.guest(session)
        session.refresh(made)
        return made


def _person(name: str, *, admin: bool = False) -> User:
    """Somebody with an account, but no password: hashing one takes longer than most tests."""
    with transaction() as session:
        user = User(name=name, email=f"{name.lower()}@example.org", admin=admin)
        session.add(user)
        session.flush()
        session.refresh(user)
        return user


@pytest.fixture(scope="session")
def warm_machines() -> Iterator[Path]:
    """A real runner and a real examiner (of the small course), started once; the folder of their sockets."""
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as name:
        folder = Path(name)
        started = [
            _start("workers.runner", folder / "runner", "--models", str(SHIPPED), "--sandbox", "auto"),
            _start("workers.examiner", folder / "examiner", "--course", str(SMALL_COURSE)),
        ]
        try:
            for process, log in started:
                _await_ready(process, log)
            yield folder
        finally:
            stop([process for process, _ in started], 10)


def _start(module: str, path: Path, *options: str) -> tuple[subprocess.Popen[bytes], Path]:
    command = [sys.executable, "-m", module, "--socket", f"{path}.sock", *options]
    log = path.with_suffix(".log")
    with log.open("wb") as output:
        env = {**os.environ, "OMP_NUM_THREADS": "1"}
        return spawn(command, cwd=ROOT, env=env, output=output, errors=output), log


def _await_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 120
    while '"ready"' not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@pytest.fixture
def machines(warm_machines: Path, database: str) -> None:
    """The runner and the examiner stand where the settings say."""
    settings().run_dir.mkdir(parents=True, exist_ok=True)
    for name in ("runner.sock", "examiner.sock"):
        (settings().run_dir / name).symlink_to(warm_machines / name)


@pytest.fixture
def mailbox(change_settings: Callable[..., None]) -> Iterator[Mailbox]:
    """A real mail server, to which the site hands its mail."""
    with mailbox_running() as made:
        change_settings(smtp_url=made.url, public_url="http://127.0.0.1:8000")
        yield made


@pytest.fixture
def sent_jobs(redis: Redis) -> Callable[[], list[tuple[str, dict[str, str]]]]:
    """Takes every message that waits in the queue: (name, ids)."""

    def take() -> list[tuple[str, dict[str, str]]]:
        found: list[tuple[str, dict[str, str]]] = []
        while (raw := redis.rpop(jobs.CPU)) is not None:
            message: dict[str, Any] = json.loads(raw)  # type: ignore[arg-type]
            _, ids, _ = json.loads(base64.b64decode(message["body"]))
            found.append((message["headers"]["task"], ids))
        return found

    return take


@pytest.fixture
def run_jobs(sent_jobs: Callable[[], list[tuple[str, dict[str, str]]]]) -> Callable[[], list[str]]:
    """Does here what the queue's messages ask for, until none is left. Returns the jobs' names."""
    from workers import post, tasks  # noqa: F401  (registers them)

    def run() -> list[str]:
        names: list[str] = []
        while found := sent_jobs():
            for name, ids in found:
                jobs.celery.tasks[name].apply(kwargs=ids, throw=True)
                names.append(name)
        return names

    return run
