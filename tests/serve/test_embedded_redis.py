"""A laptop gets a real Redis server from `app.operating.embedded`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from app.operating.embedded import EmbeddedRedisError, answers, start_redis, stop_redis


@pytest.fixture
def server(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    started = start_redis(tmp_path / "run", tmp_path)
    yield started
    stop_redis(started)


def client(folder: Path) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(folder / "run" / "redis.sock"))


def test_it_answers_at_once_and_never_evicts(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with client(tmp_path) as connection:
        assert connection.ping()
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert connection.config_get("port") == {"port": "0"}


def test_what_was_written_survives_a_kill(server: subprocess.Popen[bytes], tmp_path: Path) -> None:
    with client(tmp_path) as connection:
        connection.xadd("page", {"text": "7.0"})
    server.kill()
    server.wait()
    again = start_redis(tmp_path / "run", tmp_path)
    try:
        with client(tmp_path) as connection:
            assert connection.xlen("page") == 1
    finally:
        stop_redis(again)


def test_a_second_server_does_not_take_the_first_ones_socket(
    server: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    with pytest.raises(EmbeddedRedisError, match="already answers"):
        start_redis(tmp_path / "run", tmp_path)
    assert answers(tmp_path / "run" / "redis.sock")


def test_stopping_it_leaves_no_process(tmp_path: Path) -> None:
    server = start_redis(tmp_path / "run", tmp_path)
    stop_redis(server)
    assert not answers(tmp_path / "run" / "redis.sock")
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_it_dies_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    program = "import sys, time; from pathlib import Path; from app.operating.embedded import start_redis\n"
    program += (
        "root = Path(sys.argv[1]); print(start_redis(root / 'run', root).pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    parent.stdout.readline()
    assert answers(tmp_path / "run" / "redis.sock")
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    deadline = time.monotonic() + 5
    while answers(tmp_path / "run" / "redis.sock") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not answers(tmp_path / "run" / "redis.sock")
