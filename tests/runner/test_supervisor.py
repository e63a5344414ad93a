"""The supervisor outlives its children and its zygotes, and ends everything when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.runner.starting import ROOT, Started, await_ready, end, launch
from tests.runner.starting import runner as start_runner
from workers.runner.client import ChildEnded, RunnerClient, RunnerGone, status
from workers.runner.limits import Limits


@pytest.fixture(scope="module")
def mortal() -> Iterator[Started]:
    """A runner that tests may hurt."""
    with start_runner("--sandbox", "auto", "--worn-after", "6", pool=1) as started:
        yield started


def run(started: Started, source: str) -> str:
    with RunnerClient(started.socket, Limits(wall=20), 1) as child:
        events = list(child.cell("one", source))
    return next((event["output"]["text"] for event in events if event["event"] == "output"), "")


def family(started: Started) -> list[psutil.Process]:
    return psutil.Process(started.process.pid).children(recursive=True)


def groups_of(started: Started) -> list[Path]:
    return list(Path("/sys/fs/cgroup").rglob(f"unembed-{started.process.pid}/*/"))


def test_control_groups_go_with_their_runs(mortal: Started) -> None:
    if "cgroup" not in status(mortal.socket)["layers"]:
        pytest.skip("no control groups may be made here")
    for _ in range(3):
        run(mortal, "1")
    deadline = time.monotonic() + 20
    while len(groups_of(mortal)) > 2 * status(mortal.socket)["alive"] or status(mortal.socket)["alive"] > 1:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    with start_runner("--sandbox", "auto", pool=1) as other:
        assert groups_of(other)
    assert groups_of(other) == []


def test_runs_that_wait_for_a_child_get_one(mortal: Started) -> None:
    clients = [RunnerClient(mortal.socket, Limits(wall=20), 1) for _ in range(4)]
    for client in clients:
        client.__enter__()
    for client in clients:
        assert next(iter(client.cell("one", "1")))["output"]["text"] == "1"
        client.close()


def test_a_worn_zygote_is_replaced_without_a_run_noticing(mortal: Started) -> None:
    before, zygotes = {process.pid for process in family(mortal)}, status(mortal.socket)["zygotes"]
    with RunnerClient(mortal.socket, Limits(wall=120), 1) as long:
        list(long.cell("one", "x = 1"))
        deadline = time.monotonic() + 120
        while status(mortal.socket)["zygotes"] <= zygotes:
            assert run(mortal, "6 * 7") == "42"
            assert time.monotonic() < deadline
            time.sleep(0.5)
        assert next(iter(long.cell("two", "x")))["output"]["text"] == "1"
    while before & {process.pid for process in family(mortal)}:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_dead_zygote_is_our_fault_and_is_replaced(mortal: Started) -> None:
    with RunnerClient(mortal.socket, Limits(wall=60), 1) as child:
        cell = child.cell("one", "print(1)\nwhile True: pass")
        next(cell)
        for process in family(mortal):
            process.kill()
        with pytest.raises(RunnerGone):
            list(cell)
    assert run(mortal, "6 * 7") == "42"


def test_an_unknown_request_costs_its_own_connection_only(mortal: Started) -> None:
    import socket

    from workers.wire import encode

    for data in (b"\xff" * 20, encode({"op": "dance"}), encode({"op": "open", "limits": {"wall": -1}})):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(20)
            connection.connect(str(mortal.socket))
            connection.sendall(data)
            assert connection.recv(100) == b""
    assert run(mortal, "1") == "1"


def test_a_second_runner_on_the_same_socket_refuses(mortal: Started, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workers.runner", "--socket", str(mortal.socket)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.returncode == 1
    assert "another runner already answers" in said.stderr
    assert run(mortal, "1") == "1"


def test_sigterm_ends_everything_within_two_seconds(mortal: Started) -> None:
    with RunnerClient(mortal.socket, Limits(wall=60), 1) as child:
        cell = child.cell("one", "print(1)\nwhile True: pass")
        next(cell)
        everybody = family(mortal)
        assert len(everybody) >= 2
        began = time.monotonic()
        mortal.process.send_signal(signal.SIGTERM)
        assert mortal.process.wait(20) == 0
        assert time.monotonic() - began < 4  # two seconds, and patience with a busy machine
        with pytest.raises((RunnerGone, ChildEnded)):
            list(cell)
    assert psutil.wait_procs(everybody, timeout=2)[1] == []
    assert [path.name for path in mortal.socket.parent.iterdir()] == ["log"]


def test_a_killed_supervisor_takes_everything_with_it(tmp_path: Path) -> None:
    started = launch(tmp_path, "--sandbox", "auto", "--pool", "1")
    try:
        await_ready(started)
        everybody = family(started)
        started.process.kill()
        assert psutil.wait_procs(everybody, timeout=10)[1] == []
        with pytest.raises(RunnerGone):
            status(started.socket)
    finally:
        end(started)


def test_required_refuses_to_start_without_the_minimum(tmp_path: Path) -> None:
    """Where neither namespaces nor seccomp filters can be had."""
    before = Path(__file__).with_name("circumstances.py")
    command = [sys.executable, str(before), "--refuse-everything", "--", "-m", "workers.runner"]
    command += ["--socket", str(tmp_path / "r.sock"), "--sandbox", "required"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert said.returncode == 1
    assert said.stdout == ""
    assert said.stderr.startswith(
        "runner: No code is run here: that needs seccomp, and namespaces or Landlock"
    )
    assert len(said.stderr.splitlines()) == 1
    assert os.listdir(tmp_path) == []


def test_off_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "workers.runner", "--probe", "--sandbox", "off"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert '"enough": false' in said.stdout
    assert "switched off" in said.stdout
