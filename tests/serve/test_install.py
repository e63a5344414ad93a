"""`app/install.py` on the system's Python: what it checks, what it says, and what the lock files promise."""

from __future__ import annotations

import ast
import http.server
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import urllib.request
import venv
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from app import environment
from app.config import ROOT
from app.environment import LOCK, TEST_LOCK, size_of, why_pip_failed
from app.steps import Failed

INSTALL = ROOT / "app" / "install.py"


def install(
    *arguments: str, python: str = sys.executable, **settings: str
) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "HOME": "/nowhere", **settings}
    return subprocess.run(
        [python, str(INSTALL), *arguments], env=env, capture_output=True, text=True, timeout=200
    )


def one_sentence(told: subprocess.CompletedProcess[str]) -> str:
    """The only line of a refusal. What was said before is no part of it."""
    assert told.returncode == 2, told.stderr
    assert told.stderr.count("\n") == 1, told.stderr
    assert "Traceback" not in told.stderr
    return told.stderr


# ── what is said when it can't go on ────────────────────────────────────────


def test_an_older_python_is_told_which_one_is_needed() -> None:
    older = next((found for minor in (10, 9, 8, 7) if (found := _working(f"python3.{minor}"))), None)
    if older is None:
        pytest.skip("no older Python on this machine")
    assert "needs Python 3.11 or newer" in one_sentence(install("serve", python=older))


def _working(name: str) -> str | None:
    found = shutil.which(name)
    works = found and subprocess.run([found, "--version"], capture_output=True).returncode == 0
    return found if works else None


def test_an_older_python_could_read_the_file() -> None:
    """Else it would answer with a syntax error."""
    ast.parse(INSTALL.read_text(), feature_version=(3, 8))


def test_it_runs_on_the_standard_library_alone(tmp_path: Path) -> None:
    program = f"import sys; sys.path[:0] = [{str(ROOT)!r}]; import app.install; print(*sys.modules)"
    told = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    outside = {name.partition(".")[0] for name in told.stdout.split()} - set(sys.stdlib_module_names)
    assert {name for name in outside if not name.startswith("_")} == {"app"}


@pytest.fixture
def taken_port() -> Iterator[str]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield str(taken.getsockname()[1])


def test_a_taken_port_is_said_before_anything_is_installed(taken_port: str, tmp_path: Path) -> None:
    told = install("serve", UNEMBED_DATA_DIR=str(tmp_path / "data"), UNEMBED_PORT=taken_port)
    assert f"Port {taken_port} is taken" in one_sentence(told)
    assert not (tmp_path / "data").exists()


def test_a_port_that_is_no_number_is_said(tmp_path: Path) -> None:
    told = install("serve", UNEMBED_DATA_DIR=str(tmp_path / "data"), UNEMBED_PORT="eighty")
    assert "UNEMBED_PORT is 'eighty'" in one_sentence(told)


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = install("doctor", UNEMBED_DATA_DIR=str(tmp_path / "file" / "data"))
    assert "Nothing can be written in" in one_sentence(told)
    assert "UNEMBED_DATA_DIR" in told.stderr


@pytest.mark.skipif(sys.platform != "linux" or os.getuid() != 0, reason="mounts a small disk")
def test_a_full_disk_is_said_before_anything_is_downloaded(tmp_path: Path) -> None:
    command = f"mount -t tmpfs -o size=50m none {tmp_path} && exec {sys.executable} {INSTALL} serve"
    told = subprocess.run(
        ["unshare", "--mount", "sh", "-c", command],
        env={"PATH": os.environ["PATH"], "UNEMBED_DATA_DIR": str(tmp_path), "UNEMBED_PORT": "8471"},
        capture_output=True,
        text=True,
    )
    if "unshare" in told.stderr or "mount:" in told.stderr:
        pytest.skip("this container may not mount")
    assert "has 0.1 GB free and installing takes" in one_sentence(told)
    assert re.search(r"installs about \d\.\d GB", told.stdout)


@pytest.mark.slow
def test_no_network_is_said_and_where_pips_own_words_are(tmp_path: Path) -> None:
    nobody = "http://127.0.0.1:9/simple"
    told = install(
        "doctor",
        UNEMBED_DATA_DIR=str(tmp_path),
        PIP_INDEX_URL=nobody,
        PIP_RETRIES="1",
        PIP_CONFIG_FILE="/dev/null",
    )
    assert "The package index can't be reached" in one_sentence(told)
    assert str(tmp_path / "install.log") in told.stderr


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "disk is full",
        ),
        (
            "WARNING: Retrying … Temporary failure in name resolution\nERROR: No matching distribution found",
            "index can't be reached",
        ),
        ("ERROR: No matching distribution found for torch==2.13.0", "has no torch==2.13.0 for Python"),
        ("ERROR: something else\n", "pip failed (something else)"),
    ],
)
def test_what_pip_says_becomes_one_sentence_with_the_mend(said: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(said)
    told = why_pip_failed(tmp_path / "log")
    assert sentence in told
    assert "start" in told
    assert "\n" not in told


# ── Debian's Python without ensurepip ───────────────────────────────────────


@pytest.mark.slow
def test_without_ensurepip_pip_is_fetched_checked_and_installed(tmp_path: Path) -> None:
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    try:
        urllib.request.urlopen(f"{index}/pip/", timeout=20).close()
    except OSError:
        pytest.skip("no package index can be reached")
    venv.EnvBuilder(symlinks=True).create(tmp_path / "env")
    python = tmp_path / "env" / "bin" / "python"
    environment._bring_pip(python, tmp_path, dict(os.environ))
    said = subprocess.run(
        [python, "-m", "pip", "--version"], capture_output=True, text=True, check=True
    ).stdout
    assert said.startswith("pip " + environment.PIP_WHEEL.split("-")[1])


class Forger(http.server.BaseHTTPRequestHandler):
    """An index whose pip is not pip."""

    def do_GET(self) -> None:
        page = (
            f'<a href="/{environment.PIP_WHEEL}#sha256={environment.PIP_SHA256}">'
            if self.path == "/pip/"
            else "x"
        )
        self.send_response(200)
        self.end_headers()
        self.wfile.write(page.encode())


def test_a_wheel_that_is_not_the_one_we_know_is_refused(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Forger) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index = {"PIP_INDEX_URL": f"http://127.0.0.1:{server.server_port}"}
        with pytest.raises(Failed, match="no proper pip"):
            environment._bring_pip(Path(sys.executable), tmp_path, index)
        server.shutdown()


# ── the lock files ──────────────────────────────────────────────────────────


def pins(lock: Path) -> dict[str, str]:
    lines = [line for line in lock.read_text().splitlines() if line and not line.startswith("#")]
    found = [Requirement(line) for line in lines]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in found}


def needed(wanted: list[str]) -> set[str]:
    """All that these requirements need on this machine, directly or not."""
    seen: set[tuple[str, frozenset[str]]] = set()
    todo = [Requirement(line) for line in wanted]
    while todo:
        one = todo.pop()
        key = (canonicalize_name(one.name), frozenset(one.extras))
        if key in seen:
            continue
        seen.add(key)
        for line in metadata.requires(one.name) or []:
            follows = Requirement(line)
            places = [{**default_environment(), "extra": extra} for extra in ("", *one.extras)]
            if follows.marker is None or any(follows.marker.evaluate(place) for place in places):
                todo.append(follows)
    return {name for name, _ in seen}


def project() -> tuple[list[str], list[str]]:
    import tomllib

    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return told["dependencies"], told["optional-dependencies"]["test"]


def test_the_locks_hold_everything_that_is_needed_and_nothing_else() -> None:
    runs, tests = project()
    conditional = {"async-timeout"}  # needed before Python 3.11.3 only
    assert needed(runs) - set(pins(LOCK)) == set()
    assert set(pins(LOCK)) - needed(runs) - conditional == set()
    assert set(pins(TEST_LOCK)) == needed(runs + tests) - needed(runs)


def test_the_locked_versions_are_those_the_project_is_written_for() -> None:
    runs, tests = project()
    locked = pins(LOCK) | pins(TEST_LOCK)
    for line in runs + tests:
        asked = Requirement(line)
        assert asked.specifier.contains(locked[canonicalize_name(asked.name)]), line


def test_what_is_announced_is_what_it_takes() -> None:
    if not (Path(sys.prefix) / "installed.json").exists():
        pytest.skip("this Python is not one that `make` installed")
    data = Path(sys.prefix).parent
    with_tests = TEST_LOCK.name in json.loads((Path(sys.prefix) / "installed.json").read_text())
    expected = environment.DISK_MB + (280 if with_tests else 0)
    taken = size_of(data / "env") + size_of(data / "build") + size_of(data / "assets")
    assert taken == pytest.approx(expected, rel=0.1)
