"""`unembed serve`: database, Redis, runner, examiner, worker and site of one machine, until Ctrl-C."""

from __future__ import annotations

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn, TextIO

from app.config import ROOT, Settings, settings
from app.environment import private_places
from app.operating import embedded, without_secrets
from app.operating.alone import alone, holder
from app.operating.supervisor import Part, Supervisor
from app.processes import adopt_orphans, end_orphans
from app.sockets import CannotListen, listen
from app.steps import Failed

_SECONDS_TO_STOP = 4.0


def main() -> int:
    """Start all parts, print the address, watch until a signal comes. 2 if something stands in the way.

    After SIGUSR1 (`unembed renew`) this process begins anew, as the version that the files now are.
    """
    config = settings()
    try:
        with _only_one(config), _listening(config) as site_socket, _Signals() as signals:
            _serve(config, site_socket, signals)
        return _begin_anew() if signals.renew else 0
    except (Failed, CannotListen, embedded.EmbeddedRedisError) as why:
        _say(str(why), sys.stderr)
        return 2


def renew() -> None:
    """Tell the site that runs on this data folder to begin anew. Raises Failed if none does."""
    process = holder(settings().data_dir)
    if process is None:
        raise Failed("Unembed does not run here: `make serve` starts it, as the version that is there now.")
    os.kill(process, signal.SIGUSR1)
    print("The running site finishes what it is at, installs what is new, and starts again.")


def _begin_anew() -> NoReturn:
    """By the Python that made ours: the environment may be about to change."""
    python = getattr(sys, "_base_executable", sys.executable)
    os.execv(python, [python, str(ROOT / "app" / "install.py"), "serve"])


def _serve(config: Settings, site_socket: socket.socket, signals: _Signals) -> None:
    supervisor = Supervisor(_say)
    adopt_orphans()
    try:
        for part in first_parts(config):
            supervisor.add(part)
        _migrate(config)
        for part in second_parts(config, site_socket):
            supervisor.add(part)
        while not signals.stop and not supervisor.all_ready:
            supervisor.tend()
            signals.wait(0.1)
        if not signals.stop:
            _announce(config)
        while not signals.stop:
            supervisor.tend()
            signals.wait(1)
        _say("\nStopping…")
    finally:
        site_socket.close()
        supervisor.stop(0 if signals.hurry else _SECONDS_TO_STOP + config.drain_seconds)
        end_orphans()


# ── the parts ───────────────────────────────────────────────────────────────


def first_parts(config: Settings) -> list[Part]:
    """What needs no database: Redis, and the two that take seconds to import torch."""
    clean = without_secrets.environment(config)
    parts = [_part(config, "runner", without_secrets.runner(config), clean)]
    parts += [_part(config, "examiner", without_secrets.examiner(config), clean)]
    return parts if config.redis_url else [_redis(config), *parts]


def second_parts(config: Settings, site_socket: socket.socket) -> list[Part]:
    """What needs the database: worker and site."""
    env, address = _environment(config), site_socket.getsockname()[:2]
    worker = _part(config, "worker", ["workers.worker"], env)
    site = _part(config, "site", ["app.cli", "site", "--socket", str(site_socket.fileno())], env)
    site.keep, site.ready = (site_socket.fileno(),), lambda: answers_ready(*address)
    return [worker, site]


def _part(config: Settings, name: str, module: list[str], env: dict[str, str]) -> Part:
    log = config.data_dir.resolve() / "log" / f"{name}.log"
    return Part(name, [sys.executable, "-m", *module], env, log, ROOT)


def _redis(config: Settings) -> Part:
    folder = config.data_dir.resolve() / "redis"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    command, where = (
        embedded.command(config.run_dir, config.data_dir.resolve()),
        config.run_dir / "redis.sock",
    )
    if embedded.answers(where):
        raise Failed(f"Another Redis server already answers on {where}: stop it first.")
    log = config.data_dir.resolve() / "log" / "redis.log"
    return Part(
        "redis", command, without_secrets.environment(config), log, folder, lambda: embedded.answers(where)
    )


def _environment(config: Settings) -> dict[str, str]:
    """Of those who may know everything: ours, and the folder as an absolute path."""
    data = config.data_dir.resolve()
    ours = {"UNEMBED_DATA_DIR": str(data), "PYTHONUNBUFFERED": "1", **private_places(data)}
    return {**os.environ, **ours}


# ── at the start ────────────────────────────────────────────────────────────


@contextlib.contextmanager
def _only_one(config: Settings) -> Iterator[None]:
    with alone(config.data_dir):
        _make_run_dir(config.run_dir)
        yield


def _make_run_dir(run_dir: Path) -> None:
    """Ours alone: whoever can write there could pose as the examiner."""
    run_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    status = run_dir.lstat()
    if status.st_uid != os.getuid() or not run_dir.is_dir() or run_dir.is_symlink():
        raise Failed(
            f"{run_dir} belongs to somebody else: set UNEMBED_DATA_DIR to a folder with a shorter path."
        )
    run_dir.chmod(0o700)


@contextlib.contextmanager
def _listening(config: Settings) -> Iterator[socket.socket]:
    with listen(config.host, config.port) as bound:
        yield bound


def _migrate(config: Settings) -> None:
    """In a process of its own, so that this one stays small and without threads."""
    begun, log = time.monotonic(), config.data_dir.resolve() / "log" / "migrate.log"
    command = [sys.executable, "-m", "app.cli", "migrate"]
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            env=_environment(config),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    if done.returncode:
        last = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
        raise Failed(f"The database could not be brought up to date ({last}): all that was said is in {log}.")
    _say(f"  database: ready in {time.monotonic() - begun:.1f} s")


def answers_ready(host: str, port: int) -> bool:
    """Whether the site says that it, its database, Redis, runner, examiner and worker are there."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _announce(config: Settings) -> None:
    if not config.on_loopback:
        command = [sys.executable, "-m", "app.cli", "user", "link"]
        told = subprocess.run(command, env=_environment(config), cwd=ROOT, capture_output=True, text=True)
        if link := told.stdout.strip():
            _say(f"\nThe first account, its owner's, is made here, once: {link}")
    _say(f"\nUnembed is at {config.url}  (Ctrl-C stops it)\n")


# ── while it runs ───────────────────────────────────────────────────────────


class _Signals:
    """Notes that we are asked to stop, and wakes `wait` for that or for a child that ended."""

    def __enter__(self) -> _Signals:
        self.stop = self.hurry = self.renew = False
        self._wake, end = os.pipe()
        for side in (self._wake, end):
            os.set_blocking(side, False)
        signal.set_wakeup_fd(end, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if (
                signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGINT
            ):  # nohup ignores SIGHUP
                signal.signal(number, self._asked)
        signal.signal(signal.SIGUSR1, self._asked_to_renew)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(self, *_: object) -> None:
        signal.set_wakeup_fd(-1)

    def _asked(self, *_: object) -> None:
        self.hurry, self.stop = self.stop, True

    def _asked_to_renew(self, *_: object) -> None:
        self.stop = self.renew = True

    def wait(self, seconds: float) -> None:
        """Sleep, but not through a signal."""
        select.select([self._wake], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 4096)


def _say(line: str, to: TextIO | None = None) -> None:
    """Print, also when the terminal has gone away meanwhile."""
    with contextlib.suppress(OSError):
        print(line, file=to or sys.stdout, flush=True)
