"""Each part by its own command, as containers start them: it knows its own settings, and no secrets."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.config import ROOT, Settings, settings
from app.processes import spawn, stop
from tests.conftest import SMALL_COURSE
from tests.serve.starting import bring_bundle, free_port
from workers.examiner import client as examiner
from workers.runner.client import status
from workers.sockets import answers, listen

SECRET = "postgresql://unembed:hunter2@db/unembed"


@contextmanager
def started(name: str, folder: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """`unembed NAME`, with these variables and nothing else of ours."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("UNEMBED_")}
    command = [sys.executable, "-m", "app.cli", name]
    with (folder / f"{name}.log").open("wb") as log:
        env = {**kept, **variables}
        process = spawn(command, cwd=ROOT, env=env, output=log, errors=log)
    try:
        yield process
    finally:
        stop([process], 10)


def wait_for(true: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as name:  # a short path: it holds sockets
        yield Path(name)


def environment_of(process: int) -> bytes:
    return Path(f"/proc/{process}/environ").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("name", ["runner", "examiner"])
def test_runner_and_examiner_listen_where_the_settings_say_and_know_no_secret(
    name: str, folder: Path
) -> None:
    path = folder / "elsewhere" / f"{name}.sock"
    told = {
        "UNEMBED_DATA_DIR": str(folder),
        f"UNEMBED_{name.upper()}_SOCKET": str(path),
        "UNEMBED_GROUP_SOCKETS": "true",
        "UNEMBED_SANDBOX": "auto",
        "UNEMBED_COURSE_DIR": str(SMALL_COURSE),
        "UNEMBED_DATABASE_URL": SECRET,
        "ANOTHER_SECRET": "hunter2",
    }
    with started(name, folder, **told) as process:
        log = folder / f"{name}.log"
        wait_for(lambda: '"ready"' in log.read_text(), process, log)
        assert path.stat().st_mode & 0o777 == 0o660
        found = status(path) if name == "runner" else examiner.status(path)
        assert found["warm"] if name == "runner" else "double" in found["exercises"]
        assert b"hunter2" not in environment_of(process.pid)
    assert not path.exists()


@pytest.mark.parametrize(("proxies", "believed"), [("127.0.0.1", True), ("10.9.8.7,10.1.0.0/16", False)])
def test_the_site_listens_by_itself_and_believes_only_the_proxies_that_it_is_told_of(
    folder: Path, database: str, redis_server: str, proxies: str, believed: bool
) -> None:
    bring_bundle(folder)
    port = free_port()
    told = {"UNEMBED_DATA_DIR": str(folder), "UNEMBED_PORT": str(port), "UNEMBED_DATABASE_URL": database}
    told |= {"UNEMBED_REDIS_URL": redis_server, "UNEMBED_TRUSTED_PROXIES": proxies}
    with started("site", folder, **told) as process:
        wait_for(lambda: _answers(port), process, folder / "site.log")
        asked = urllib.request.Request(f"http://127.0.0.1:{port}/", headers={"x-forwarded-proto": "https"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert ("Secure" in answer.headers["set-cookie"]) == believed


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_setting_may_come_from_a_file_of_secrets(tmp_path: Path, own_settings: pytest.MonkeyPatch) -> None:
    (tmp_path / "unembed_database_url").write_text(f"{SECRET}\n")
    own_settings.setattr("app.config.SECRETS", tmp_path)
    settings.cache_clear()
    assert settings().database == SECRET
    own_settings.setenv("UNEMBED_DATABASE_URL", "sqlite:///elsewhere.db")
    settings.cache_clear()
    assert settings().database == "sqlite:///elsewhere.db"


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("postgresql://unembed@db/unembed", "postgresql://unembed:a%2Fb%40c@db/unembed"),
        ("postgresql://unembed:own@db:5432/unembed", "postgresql://unembed:own@db:5432/unembed"),
        ("sqlite:////tmp/unembed.db", "sqlite:////tmp/unembed.db"),
        (None, None),
    ],
)
def test_a_password_goes_where_the_address_has_none(tmp_path: Path, url: str, whole: str) -> None:
    found = Settings(data_dir=tmp_path, database_url=url, database_password="a/b@c")
    assert found.database == whole or (whole is None and found.database.startswith("sqlite:///"))
    assert "a/b@c" not in repr(found)


def test_redis_has_no_user_before_its_password(tmp_path: Path) -> None:
    found = Settings(data_dir=tmp_path, redis_url="redis://redis:6379", redis_password="secret")
    assert found.redis == "redis://:secret@redis:6379"


def test_sockets_stand_in_the_data_folder_unless_told_otherwise(tmp_path: Path) -> None:
    found = Settings(data_dir=tmp_path, examiner_socket=Path("/run/examiner/socket"))
    assert found.runner_socket == found.run_dir / "runner.sock"
    assert found.examiner_socket == Path("/run/examiner/socket")


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes other users")
@pytest.mark.parametrize(("group", "let_in"), [(False, set()), (True, {"same group"})])
def test_only_whom_it_was_made_for_may_ask_a_socket(folder: Path, group: bool, let_in: set[str]) -> None:
    others, path = {"same group": (60001, 60000), "another": (60001, 60001)}, folder / "socket"
    folder.chmod(0o711)
    with listen(path, group=group):
        os.chown(path, 0, 60000)
        assert answers(path)
        assert {who for who, ids in others.items() if _may_connect(path, *ids)} == let_in


def _may_connect(path: Path, user: int, group: int) -> bool:
    """Asked by a fork of ours: not every user may start this Python."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)
        with socket.socket(socket.AF_UNIX) as probe:
            os._exit(probe.connect_ex(str(path)))
    said = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert said in (0, errno.EACCES)
    return said == 0
