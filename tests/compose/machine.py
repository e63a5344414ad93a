"""The services of docker-compose.yml without Docker: each by its own command, as its own user, in a network,
a file system and an environment of its own. Needs root.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from app.config import ROOT
from app.operating import embedded
from app.processes import spawn, stop
from tests.compose import inside
from tests.compose.network import SWITCH, Door, switch
from tests.compose.reading import OURS, Service, read, service
from tests.postgres import new_database, start_postgres
from tests.serve.starting import bring_bundle

SECONDS_TO_START = 240
_HOME = "/opt/unembed"  # where the image has it
_FOLDER = re.compile(r"install -d -m (\d+)(?: -o (\d+))? -g (\d+) (/var/lib/unembed\S*)")
_CHANGED = {
    "UNEMBED_COURSE_DIR": f"{_HOME}/tests/small_course",
    "UNEMBED_DRAIN_SECONDS": "20",
    "UNEMBED_PUBLIC_URL": "http://learn.example.org",  # the door is no Caddy: it has no certificate
}


def missing() -> str:
    """Why no cohort can be had here; empty if one can."""
    if os.getuid() != 0:
        return "only root makes networks and becomes other users"
    tools = [tool for tool in ("ip", "nsenter", "unshare") if not shutil.which(tool)]
    return f"there is no {', '.join(tools)}" if tools else ""


@dataclass
class Part:
    """A service that was started, under a name of its own."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    address: str

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, text: str) -> None:
        wait(lambda: text in self.said, self)


def wait(true: Callable[[], bool], *parts: Part) -> None:
    """Until it is so; not if one of the parts ends."""
    deadline = time.monotonic() + SECONDS_TO_START
    while not true():
        for part in parts:
            assert part.process.poll() is None, f"{part.name} ended:\n{part.said}"
        assert time.monotonic() < deadline, "\n".join(f"{part.name}:\n{part.said}" for part in parts)
        time.sleep(0.1)


@dataclass
class Cohort:
    """All of it. `door` is where people come in; it leads to every web process that was started."""

    folder: Path
    holder: int
    door: Door
    postgres: str  # how the tests themselves reach it
    variables: dict[str, str]
    parts: dict[str, Part] = field(default_factory=dict)

    def start(self, of: str, name: str = "", **environment: str) -> Part:
        """A service of the file; a second one of the same needs a `name`."""
        name = name or of
        address = f"10.77.0.{10 + len(self.parts)}"
        spec = self._spec(service(of, **self.variables), name, address, environment)
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            command = [sys.executable, "-I", "-B", inside.__file__, json.dumps(spec)]
            process = spawn(command, cwd=self.folder, output=output, errors=output)
        self.parts[name] = Part(name, process, log, address)
        return self.parts[name]

    def start_everything(self) -> None:
        """In the order that `depends_on` asks for, with two web processes."""
        redis = self.start("redis")
        redis.wait_for("Ready to accept connections")
        migrate = self.start("migrate")
        assert migrate.process.wait(SECONDS_TO_START) == 0, migrate.said
        for name in ("runner", "examiner", "worker"):
            self.start(name)
        webs = [self.start("web"), self.start("web", "web-2")]
        self.door.targets = [web.address for web in webs]
        for name in ("runner", "examiner", "worker"):
            self.parts[name].wait_for('"ready"')
        for web in webs:
            web.wait_for("Application startup complete")

    def run(
        self, of: str, *command: str, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[bytes]:
        """`docker compose run --rm -T SERVICE COMMAND…`"""
        address = "10.77.0.9"
        spec = self._spec(service(of, **self.variables), f"{of}-run", address, environment, list(command))
        words = [sys.executable, "-I", "-B", inside.__file__, json.dumps(spec)]
        return subprocess.run(words, input=stdin, capture_output=True, timeout=SECONDS_TO_START)

    def _spec(
        self, of: Service, name: str, address: str, more: dict[str, str], command: list[str] | None = None
    ) -> dict[str, object]:
        root = self.folder / "roots" / name
        root.mkdir(parents=True, exist_ok=True)
        (self.folder / "data").mkdir(exist_ok=True)
        ours = of.name in OURS
        binds = [(str(self.folder / "hosts"), "/etc/hosts", True), *self._volumes(of), *self._secrets(of)]
        entry = [sys.executable, "-B", "-m", "app.cli"] if ours else []
        words = [*entry, *(command or of.command)]
        return {
            "name": name,
            "root": str(root),
            "home": _HOME if ours else "/data",
            "user": of.user,
            "command": [shutil.which(words[0]), *words[1:]],
            "environment": (_of_image() | of.environment | _CHANGED | more) if ours else self._of_redis(),
            "network": {"switch": self.holder, "address": address, "name": name} if of.networked else None,
            "read_only": of.read_only,
            "tmpfs": of.tmpfs,
            "folders": _folders() if ours else [],
            "binds": [*binds, *(self._image() if ours else self._image_of_redis())],
        }

    def _volumes(self, of: Service) -> Iterator[tuple[str, str, bool]]:
        """A named volume begins as the image's folder is, or as its options say."""
        options = read(**self.variables)["volumes"]
        for mount in of.mounts:
            place = self.folder / "volumes" / mount.source
            if not place.exists():
                place.mkdir(parents=True)
                said = options[mount.source].get("driver_opts", {}).get("o")
                mode, user, group = _of_options(said) if said else _of_image_folder(mount.target)
                os.chown(place, user, group)
                place.chmod(mode)
            yield str(place), mount.target, mount.read_only

    def _secrets(self, of: Service) -> Iterator[tuple[str, str, bool]]:
        for name, file in of.secrets.items():
            yield str(self.folder / file), f"/run/secrets/{name}", True

    def _image(self) -> list[tuple[str, str, bool]]:
        """What the Dockerfile puts in: our repository without its settings, Python, and the pages."""
        python = {sys.base_prefix, sys.prefix}
        hidden = [("/dev/null", f"{_HOME}/.env", True)] if (ROOT / ".env").exists() else []
        assets = (str(self.folder / "bundle" / "assets"), "/var/lib/unembed/assets", True)
        return [(str(ROOT), _HOME, True), *((path, path, True) for path in python), *hidden, assets]

    def _image_of_redis(self) -> list[tuple[str, str, bool]]:
        return [(str(_valkey()), str(_valkey()), True)]

    def _of_redis(self) -> dict[str, str]:
        return {"PATH": f"{_valkey().parent}:/usr/bin:/bin"}


@contextmanager
def cohort() -> Iterator[Cohort]:
    """One with nothing started yet but Postgres."""
    with tempfile.TemporaryDirectory(prefix="unembed-test-") as name, switch() as holder:
        folder = Path(name)
        folder.chmod(0o711)
        passwords = _make_secrets(folder)
        bring_bundle(folder / "bundle")
        (folder / "hosts").write_text(f"127.0.0.1 localhost\n{SWITCH} postgres\n10.77.0.10 redis\n")
        door = Door(holder, 8000)
        try:
            with start_postgres(network_of=holder) as server:
                database = _database(server, passwords["database"])
                made = Cohort(folder, holder, door, database, _variables())
                yield made
                stop([part.process for part in made.parts.values()], 10)
        finally:
            door.close()


def _database(server: str, password: str) -> str:
    """As the image of Postgres makes it: its owner is called as it is, and has a password."""
    database = new_database(server, "unembed")
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE ROLE unembed LOGIN PASSWORD '{password}'"))
        connection.execute(text("ALTER DATABASE unembed OWNER TO unembed"))
    engine.dispose()
    return database


def _variables() -> dict[str, str]:
    """Of `.env`: few children and little memory, for these tests share a small machine."""
    return {"UNEMBED_DOMAIN": "learn.example.org", "UNEMBED_MEMORY_MB": "512", "UNEMBED_WORKER_THREADS": "2"}


def _make_secrets(folder: Path) -> dict[str, str]:
    """As app/deploy/cohort.sh: the folder is closed to others, its files are not."""
    (folder / ".secrets").mkdir(mode=0o700)
    made = {name: secrets.token_hex(24) for name in ("database", "redis")}
    for name, password in made.items():
        (folder / ".secrets" / f"{name}_password").write_text(password)
    return made


def _of_image() -> dict[str, str]:
    """What the Dockerfile sets."""
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return {"PATH": path, "UNEMBED_DATA_DIR": "/var/lib/unembed", "PYTHONUNBUFFERED": "1", "HOME": "/tmp"}


def _folders() -> list[tuple[str, int, int, int]]:
    """The folders that the Dockerfile makes: place, mode, owner, group."""
    dockerfile = (ROOT / "app" / "deploy" / "Dockerfile").read_text()
    return [
        (place, int(mode, 8), int(user or 0), int(group))
        for mode, user, group, place in _FOLDER.findall(dockerfile)
    ]


def _of_image_folder(target: str) -> tuple[int, int, int]:
    """Those of the images that are not ours are root's."""
    made = {place: (mode, user, group) for place, mode, user, group in _folders()}
    return made.get(target, (0o755, 0, 0))


def _of_options(said: str) -> tuple[int, int, int]:
    options = dict(option.split("=") for option in said.split(","))
    return int(options["mode"], 8), int(options.get("uid", 0)), int(options["gid"])


def _valkey() -> Path:
    return Path(embedded.command(Path("/"), Path("/"))[0])
