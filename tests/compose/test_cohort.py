"""The services of docker-compose.yml, started as it says: they work together, and none may do more than it
has to.
"""

from __future__ import annotations

import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import create_engine, text

from app.people import throttle
from tests.chaos.browsing import Browser, Section, watch
from tests.compose.machine import Cohort, Part, cohort, missing, wait

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(missing()), reason=missing()),
    pytest.mark.timeout(900),
]

LESSON = "/lessons/counting"
RIGHT = "def double(x: int) -> int:\n    return x + x"
ADA = {"name": "Ada", "email": "ada@example.org", "password": "correct horse battery"}


@pytest.fixture(scope="module")
def running() -> Iterator[Cohort]:
    with cohort() as made:
        made.start_everything()
        yield made


@pytest.fixture(scope="module")
def ada(running: Cohort) -> Iterator[Browser]:
    """Who has made the first account, by the link that `make cohort` prints."""
    link = running.run("web", "user", "link").stdout.decode().strip()
    assert link.startswith("http://learn.example.org/first-account?token=")
    browser = Browser(running.door.url)
    browser.get(link.removeprefix("http://learn.example.org"))
    browser.post("/first-account", token=parse_qs(urlsplit(link).query)["token"][0], **ADA)
    browser.get(LESSON)
    browser.post(f"{LESSON}/cells/one/prediction", value="3", confidence="70")
    yield browser
    browser.close()


def hand_in(browser: Browser, answer: str) -> Section:
    path = f"{LESSON}/exercises/double/attempts"
    return watch(browser, browser.submit(LESSON, "double", path, text=answer))[0]


def press(browser: Browser, code: str) -> Section:
    return browser.submit(LESSON, "one", f"{LESSON}/cells/one/runs", text=code)


def status_of(part: Part) -> dict[str, str]:
    lines = Path(f"/proc/{part.process.pid}/status").read_text().splitlines()
    return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}


def test_what_is_handed_in_goes_through_all_of_them(ada: Browser) -> None:
    assert hand_in(ada, RIGHT).word == "passed"
    assert hand_in(ada, RIGHT.replace("+", "*")).word == "failed"


def test_what_a_cell_prints_comes_while_it_runs(ada: Browser) -> None:
    section, shown = watch(ada, press(ada, "print('here', 6 * 7)"))
    assert (section.word, shown.text.strip()) in {("ok", "here 42"), ("ok", "")}  # it may be over already
    assert "here 42" in ada.get(LESSON)


@pytest.mark.parametrize(
    ("name", "user"),
    [("web", 60001), ("web-2", 60001), ("worker", 60002), ("examiner", 60003), ("runner", 60004)],
)
def test_each_is_its_own_user_without_rights(running: Cohort, name: str, user: int) -> None:
    status = status_of(running.parts[name])
    assert status["Uid"].split() == [str(user)] * 4
    assert status["Gid"].split() == ["60000"] * 4
    assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    mounts = Path(f"/proc/{running.parts[name].process.pid}/mounts").read_text().splitlines()
    assert next(line for line in mounts if line.split()[1] == "/").split()[3].startswith("ro,")


@pytest.mark.parametrize("name", ["runner", "examiner"])
def test_who_runs_or_judges_code_has_no_network_and_knows_no_secret(running: Cohort, name: str) -> None:
    part = running.parts[name]
    links = ["nsenter", "-t", str(part.process.pid), "-n", "ip", "-o", "link"]
    seen = subprocess.run(links, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split(":")[1].strip() for line in seen] == ["lo"]
    assert "UP" not in seen[0].split("mtu")[0]
    environment = Path(f"/proc/{part.process.pid}/environ").read_bytes()
    assert b"postgres" not in environment
    assert b"redis" not in environment
    root = Path(f"/proc/{part.process.pid}/root")
    assert not (root / "run" / "secrets").exists()
    assert not list((root / "opt" / "unembed").glob(".env"))


def test_learners_code_finds_only_itself(ada: Browser) -> None:
    code = """
import os, socket
found = []
for host in ("postgres", "redis", "10.77.0.1"):
    try:
        socket.create_connection((host, 5432), 1)
        found.append(host)
    except OSError:
        pass
for path in ("/run/secrets", "/opt/unembed/app/course", "/proc/1/environ", "/run/unembed/runner/socket"):
    try:
        os.listdir(path) if os.path.isdir(path) else open(path).read()
        found.append(path)
    except OSError:
        pass
print("found", found)
"""
    assert watch(ada, press(ada, code))[0].word == "ok"
    assert "found []" in ada.get(LESSON)


def test_limits_hold_over_all_web_processes(running: Cohort) -> None:
    """Ten guesses at a password, however they are spread over the two."""
    guess = {"email": "eve@example.org", "password": "wrong"}
    said = []
    for _ in range(throttle.SIGN_IN.limit + 1):
        with httpx.Client(base_url=running.door.url) as client:  # each connection goes to the other one
            client.get("/sign-in")
            said.append(client.post("/sign-in", data=guess | {"csrf": client.cookies["unembed_csrf"]}))
    assert [answer.status_code for answer in said[:-1]].count(429) == 0
    assert said[-1].status_code == 429
    assert "Please try again in" in said[-1].text
    assert all("POST /sign-in" not in running.parts[name].said for name in ("web", "web-2"))


def test_a_worker_that_is_told_to_end_finishes_first_and_another_goes_on(
    running: Cohort, ada: Browser
) -> None:
    section = press(ada, "import time\nprint('begun', flush=True)\ntime.sleep(4)\nprint('ended')")
    engine = create_engine(running.postgres)
    with engine.connect() as database:
        question = text("SELECT state, tries FROM runs WHERE id = :id")

        def row() -> tuple[str, int]:
            database.rollback()
            state, tries = database.execute(question, {"id": section.run}).one()
            return state, tries

        wait(lambda: row()[0] == "running", running.parts["worker"])
        running.parts["worker"].process.send_signal(signal.SIGTERM)
        next_one = running.start("worker", "worker-2")
        assert running.parts["worker"].process.wait(60) == 0, running.parts["worker"].said
        assert row() == ("done", 1)
    engine.dispose()
    assert watch(ada, section)[0].word == "ok"
    next_one.wait_for('"ready"')
    assert hand_in(ada, RIGHT).word == "passed"


def test_the_site_goes_on_while_one_of_its_processes_is_renewed(running: Cohort, ada: Browser) -> None:
    web = running.parts["web-2"]
    web.process.send_signal(signal.SIGTERM)
    for _ in range(6):
        assert "Counting" in ada.get(LESSON)
    assert web.process.wait(30) in (0, -signal.SIGTERM), web.said  # as uvicorn ends
    running.door.targets.remove(web.address)
    assert hand_in(ada, RIGHT).word == "passed"


def test_the_backup_is_its_users_alone_and_can_be_brought_back(running: Cohort, ada: Browser) -> None:
    made = running.run("backup", "backup")
    assert made.returncode == 0, made.stderr.decode()
    (file,) = (running.folder / "volumes" / "backups").glob("unembed-*.db")
    assert (file.stat().st_uid, file.stat().st_mode & 0o777) == (60005, 0o600)
    with sqlite3.connect(file) as backup:
        assert backup.execute("SELECT email FROM users WHERE admin").fetchall() == [(ADA["email"],)]
        attempts = backup.execute("SELECT count(*) FROM attempts").fetchone()
    backup.close()
    assert attempts[0] >= 2
    refused = running.run("backup", "restore", "-", stdin=file.read_bytes())
    assert refused.returncode == 2
    assert b"it has to be empty" in refused.stderr
    engine = create_engine(running.postgres, isolation_level="AUTOCOMMIT")
    with engine.connect() as database:
        database.execute(text("CREATE DATABASE another OWNER unembed"))
    there = {"UNEMBED_DATABASE_URL": "postgresql://unembed@postgres/another"}
    brought = running.run("backup", "restore", "-", stdin=file.read_bytes(), **there)
    assert brought.returncode == 0, brought.stderr.decode()
    with create_engine(running.postgres.replace("/unembed?", "/another?")).connect() as database:
        assert database.execute(text("SELECT count(*) FROM attempts")).one() == attempts
    engine.dispose()
