"""`unembed serve` starts everything, keeps it running, and leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config import ROOT
from tests.serve.starting import Site, bring_bundle, free_port, processes_of, start_site

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One platform for the tests that leave it running."""
    with start_site(tmp_path_factory.mktemp("serve")) as started:
        started.wait_until_ready()
        yield started


def run(*command: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *command],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )


def wait_until(condition: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_it_prints_one_address_and_answers_there(site: Site) -> None:
    assert site.output.count("http://") == 1
    assert f"Unembed is at {site.url}" in site.output
    assert site.get("/readyz")[0] == 200
    assert site.get("/")[0] == 200


def test_every_part_runs_once(site: Site) -> None:
    assert set(site.parts()) == {"redis", "runner", "examiner", "worker", "site"}


def test_no_secret_reaches_runner_or_examiner(tmp_path: Path) -> None:
    secret = "sqlite:////dev/shm/not-for-learners.db"
    with start_site(tmp_path, UNEMBED_DATABASE_URL=secret, HF_TOKEN="hf_secret") as started:
        started.wait_for("database: ready")
        for process, command in started.processes().items():
            if "workers.runner" in command or "workers.examiner" in command:
                environment = Path(f"/proc/{process}/environ").read_bytes()
                assert b"not-for-learners" not in environment
                assert b"hf_secret" not in environment
    Path("/dev/shm/not-for-learners.db").unlink(missing_ok=True)


def test_nothing_is_written_outside_of_the_data_folder(site: Site) -> None:
    for process in site.processes():
        for link in Path(f"/proc/{process}/fd").iterdir():
            try:
                target = Path(os.readlink(link))
                flags = int(Path(f"/proc/{process}/fdinfo/{link.name}").read_text().split()[3], 8)
            except OSError:
                continue
            writable = flags & (os.O_WRONLY | os.O_RDWR)
            if writable and target.is_file():
                assert site.data_dir in target.parents or target == site.output_file


def test_a_second_server_on_the_same_folder_is_refused_in_one_sentence(site: Site) -> None:
    told = run("serve", UNEMBED_DATA_DIR=str(site.data_dir), UNEMBED_PORT=str(free_port()))
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert f"already runs on {site.data_dir} (process {site.process.pid})" in told.stderr


def test_a_taken_port_is_refused_in_one_sentence(site: Site, tmp_path: Path) -> None:
    told = run("serve", UNEMBED_DATA_DIR=str(tmp_path / "data"), UNEMBED_PORT=str(site.port))
    assert told.returncode == 2
    assert told.stderr == (
        f"Port {site.port} is taken: stop what uses it, or set UNEMBED_PORT to another, "
        f"for example {site.port + 1}.\n"
    )


def test_an_address_that_is_not_ours_is_refused_in_one_sentence(tmp_path: Path) -> None:
    told = run("serve", UNEMBED_DATA_DIR=str(tmp_path / "data"), UNEMBED_HOST="no.such.host.invalid")
    assert told.returncode == 2
    assert told.stderr.startswith("There is no address called no.such.host.invalid on this machine")


@pytest.mark.parametrize("part", ["site", "worker", "redis", "examiner", "runner"])
def test_a_part_that_is_killed_comes_back(site: Site, part: str) -> None:
    before = site.parts()[part]
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: site.parts()[part] != before, 60)
    wait_until(lambda: site.output.count(f"{part}: ready") >= 2, 90)
    wait_until(lambda: site.get("/readyz")[0] == 200, 60)


def test_a_visitor_who_comes_while_the_site_restarts_only_waits(site: Site) -> None:
    os.kill(site.parts()["site"], signal.SIGKILL)
    status, _ = site.get("/healthz")
    assert status == 200


def test_the_doctor_finds_a_running_installation_well(site: Site) -> None:
    told = run("doctor", UNEMBED_DATA_DIR=str(site.data_dir), UNEMBED_PORT=str(site.port))
    assert "FAIL" not in told.stdout, told.stdout
    assert told.returncode == 0
    assert "up to date" in told.stdout
    assert "Redis: embedded, running" in told.stdout


def test_the_doctor_names_what_a_fresh_folder_lacks_and_the_mend(tmp_path: Path) -> None:
    told = run("doctor", UNEMBED_DATA_DIR=str(tmp_path / "data"), UNEMBED_PORT=str(free_port()))
    assert told.returncode == 1
    assert "FAIL  pages: app.js, app.css not built: run `make serve`" in told.stdout
    assert "warn  database" in told.stdout
    assert not (tmp_path / "data").exists()


def test_ctrl_c_ends_all_within_five_seconds_and_the_next_start_takes_seconds(tmp_path: Path) -> None:
    with start_site(tmp_path) as started:
        started.wait_until_ready()
        with socket.create_connection(
            ("127.0.0.1", started.port)
        ) as stream:  # open, as a lesson's page keeps one
            stream.sendall(b"GET /lessons/induction-heads/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(0.3)
            seconds = started.stop(signal.SIGINT)
        assert seconds < 5
        assert started.processes() == {}
        assert started.process.returncode == 0
    with start_site(tmp_path / "again", UNEMBED_DATA_DIR=str(started.data_dir)) as again:
        print(f"\nended in {seconds:.1f} s, second start in {again.wait_until_ready():.1f} s")


def test_a_parent_that_is_killed_takes_all_along_once_everything_runs(tmp_path: Path) -> None:
    with start_site(tmp_path) as started:
        started.wait_until_ready()
        assert len(started.processes()) > 6
        started.stop(signal.SIGKILL)
        wait_until(lambda: started.processes() == {}, 5)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whatever_ends_it_while_it_starts_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    with start_site(tmp_path) as started:
        started.wait_for("database: ready")
        started.stop(how)
        wait_until(lambda: started.processes() == {}, 5)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_when_make_is_killed_so_is_everything(tmp_path: Path, how: signal.Signals) -> None:
    data = tmp_path / "data"
    data.mkdir()
    if not (Path(sys.prefix) / "installed.json").exists():
        pytest.skip("this Python is not one that `make` installed")
    (data / "env").symlink_to(sys.prefix)
    with start_site(tmp_path, [str(shutil.which("make")), "serve"]) as started:
        started.wait_for("database: ready")
        wait_until(lambda: len(started.processes()) > 4, 20)
        started.stop(how)
        wait_until(lambda: started.processes() == {}, 8)


def test_a_terminal_that_hangs_up_takes_everything_along(tmp_path: Path) -> None:
    """The program runs in a terminal of its own, which is then closed as a window is."""
    import pty

    data, port = tmp_path / "data", str(free_port())
    bring_bundle(data)
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        settings = {"UNEMBED_DATA_DIR": str(data), "UNEMBED_PORT": port}
        os.execve(sys.executable, [sys.executable, "-m", "app.cli", "serve"], {**os.environ, **settings})
    said = b""
    while b"database: ready" not in said:
        said += os.read(terminal, 4096)
    os.close(terminal)
    os.waitpid(child, 0)
    wait_until(lambda: processes_of(data) == {}, 5)
