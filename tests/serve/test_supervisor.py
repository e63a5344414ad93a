"""`app.operating.supervisor` brings its parts back when they die, and leaves nothing behind when it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.config import ROOT
from app.operating.supervisor import Part, Supervisor
from app.steps import Failed

GREET = 'import sys, time; print(\'{"ready": true, "layers": ["walls"]}\', flush=True); time.sleep(60)'


class Watched:
    """A supervisor whose parts are Python one-liners, and what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.said = folder, list[str]()
        self.supervisor = Supervisor(self.said.append)

    def add(self, name: str, program: str) -> Part:
        command = [sys.executable, "-c", program]
        part = Part(name, command, dict(os.environ), self.folder / f"{name}.log", self.folder)
        self.supervisor.add(part)
        return part

    def tend_until(self, condition: Callable[[], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, self.said
            self.supervisor.tend()
            time.sleep(0.02)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    made = Watched(tmp_path)
    yield made
    made.supervisor.stop(1)


def gone(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> None:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert condition()


def test_a_part_is_ready_once_it_says_so(watched: Watched) -> None:
    part = watched.add("runner", GREET)
    assert not watched.supervisor.all_ready
    watched.tend_until(lambda: watched.supervisor.all_ready)
    assert part.greeting["layers"] == ["walls"]
    assert "(walls)" in watched.said[-1]


def test_a_part_that_dies_is_started_again_and_that_is_said(watched: Watched) -> None:
    part = watched.add("runner", GREET)
    watched.tend_until(lambda: part.is_ready)
    assert part.process
    first = part.process.pid
    part.process.kill()
    watched.tend_until(lambda: part.is_ready and part.process is not None and part.process.pid != first)
    assert any("runner: ended (SIGKILL), starts again in" in line for line in watched.said)


def test_a_log_that_grows_large_is_put_aside_while_its_part_goes_on_writing(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operating.supervisor.LARGE_LOG", 100_000)
    writes = "for n in itertools.count(): print(n, 'x' * 90, flush=True); time.sleep(0.0001)"
    part = watched.add("runner", f"import itertools, time\n{writes}")
    aside = part.log.with_suffix(".log.1")
    watched.tend_until(aside.exists)
    first = aside.read_bytes()
    watched.tend_until(lambda: aside.read_bytes() != first)
    assert part.process is not None
    assert part.process.poll() is None
    assert first.startswith(b"0 x")
    assert part.log.stat().st_size < 10 << 20
    assert b"\0" not in part.log.read_bytes()  # it is appended to, not written at where it was
    assert part.log.read_bytes().strip()
    assert {path.name for path in watched.folder.iterdir()} == {"runner.log", "runner.log.1"}


def test_the_last_words_of_a_log_for_machines_are_its_message(watched: Watched) -> None:
    watched.add("runner", """import sys; sys.exit('{"level": "error", "message": "no walls here"}')""")
    with pytest.raises(Failed, match=r"The runner does not start \(no walls here\)"):
        watched.tend_until(lambda: False)


def test_each_death_in_a_row_makes_the_pause_longer(watched: Watched) -> None:
    part = watched.add("site", GREET)
    watched.tend_until(lambda: part.is_ready)
    pauses = []
    for _ in range(3):
        watched.tend_until(lambda: part.process is not None)
        assert part.process
        part.process.kill()
        watched.tend_until(lambda: part.process is None)
        pauses.append(part.start_at - time.monotonic())
    assert pauses == sorted(pauses)
    assert pauses[-1] > 2 * pauses[0]


def test_a_part_that_never_starts_ends_it_all_with_its_last_words(watched: Watched) -> None:
    watched.add("runner", "import sys; sys.exit('no walls here')")
    with pytest.raises(Failed, match=r"The runner does not start \(no walls here\)"):
        watched.tend_until(lambda: False)


def test_a_part_that_will_not_listen_is_killed(watched: Watched) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + GREET
    part = watched.add("worker", deaf)
    watched.tend_until(lambda: part.is_ready)
    assert part.process
    begun = time.monotonic()
    watched.supervisor.stop(1)
    assert time.monotonic() - begun < 2
    assert gone(part.process.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets us adopt orphans")
def test_what_went_into_a_session_of_its_own_ends_too() -> None:
    program = """
import subprocess, sys
from app.processes import adopt_orphans, end_orphans
adopt_orphans()
leave = '''
from subprocess import DEVNULL, Popen
print(Popen(["sleep", "60"], stdout=DEVNULL, stderr=DEVNULL, start_new_session=True).pid)
'''
print(subprocess.run([sys.executable, "-c", leave], capture_output=True, text=True).stdout)
end_orphans()
"""
    said = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert gone(int(said.stdout))


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_parts_die_with_a_supervisor_that_was_killed(tmp_path: Path) -> None:
    program = """
import os, sys, time
from pathlib import Path
from app.operating.supervisor import Part, Supervisor
supervisor = Supervisor(print)
command = [sys.executable, "-c", "import time; time.sleep(60)"]
part = Part("part", command, dict(os.environ), Path("part.log"), Path())
supervisor.add(part)
print(part.process.pid, flush=True)
time.sleep(60)
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=env
    )
    assert parent.stdout
    part = int(parent.stdout.readline())
    assert not gone(part)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    wait_until(lambda: gone(part))


def test_a_log_that_has_grown_large_is_put_aside(
    watched: Watched, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operating.supervisor.LARGE_LOG", 10 << 20)
    (tmp_path / "site.log").write_bytes(b"old\n" * (3 << 20))
    part = watched.add("site", GREET)
    watched.tend_until(lambda: part.is_ready)
    assert (tmp_path / "site.log").stat().st_size < 1000
    assert (tmp_path / "site.log.1").stat().st_size == 12 << 20
