"""Every limit ends a run with its own sentence, and the next run is as good as ever."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.runner.conftest import Seen
from tests.runner.starting import Started
from workers.runner.client import ChildEnded, RunnerClient, RunnerGone, status

Run = Callable[..., Seen]

Open = Callable[..., RunnerClient]


def said(seen: Seen) -> str:
    return str(seen.error["message"]) if seen.error else ""


def test_an_endless_loop_ends_at_its_limit(run: Run) -> None:
    began = time.monotonic()
    seen = run("print('begun')\nwhile True: pass", wall=1)
    assert time.monotonic() - began < 20
    assert (seen.text, seen.ended) == ("begun\n", "wall")
    assert seen.message.startswith("Stopped after 1 second, the time one run may take.")


@pytest.mark.parametrize(
    "source",
    [
        "import time\nwhile True:\n    try: time.sleep(9)\n    except BaseException: pass",
        "import signal\nfor s in range(1, 30):\n    try: signal.signal(s, signal.SIG_IGN)\n    except: pass\n"
        "while True: pass",
        "import threading, time\nthreading.Thread(target=lambda: time.sleep(99)).start()\ntime.sleep(99)",
    ],
    ids=["catches all", "ignores signals", "threads"],
)
def test_a_cell_cannot_outlive_its_time(run: Run, source: str) -> None:
    assert run(source, wall=1).ended == "wall"


def test_the_time_of_all_cells_counts_but_not_the_time_between(open_child: Open) -> None:
    with open_child(wall=2.5) as child:
        list(child.cell("one", "import time\ntime.sleep(1.2)"))
        time.sleep(2.5)
        list(child.cell("two", "1"))
        with pytest.raises(ChildEnded) as ended:
            list(child.cell("three", "time.sleep(2)"))
    assert ended.value.reason == "wall"


@pytest.mark.slow
def test_computing_in_many_threads_ends_at_the_processors_limit(run: Run) -> None:
    seen = run("import os\nwhile True: sum(range(1000))", cpu=1, wall=50)
    assert seen.ended == "cpu"
    assert "of computing" in seen.message


@pytest.mark.parametrize(
    "source",
    [
        "import torch\nx = torch.zeros(1 << 34)",
        "import torch\nx = [torch.zeros(1 << 26) for _ in range(99)]",
        "x = bytearray(10 << 30)",
        "import numpy\nx = numpy.ones((1 << 31,))",
    ],
)
def test_too_much_memory_is_an_error_that_says_so(run: Run, source: str) -> None:
    seen = run(source, memory=512 << 20)
    assert seen.error is not None
    assert seen.error["type"] == "MemoryError"
    assert "512 MB of memory" in seen.error["message"]
    assert seen.error["line"] == len(source.splitlines())


def test_a_flood_of_text_ends_at_its_limit(run: Run) -> None:
    seen = run("while True: print('x' * 200)", output=50_000)
    assert seen.ended == "output"
    assert 10_000 < len(seen.text) < 150_000
    assert "printed more than" in seen.message
    assert run("import os\nwhile True: os.write(1, b'x' * 999)", output=50_000).ended == "output"


def test_a_flood_of_figures_ends(run: Run) -> None:
    assert run("while True: lab.show(1)").ended == "output"


def test_a_flood_of_lines_ends_at_its_limit(run: Run) -> None:
    seen = run("for i in range(10**9): print()", lines=1000)
    assert (seen.ended, "more than 1,000 lines" in seen.message) == ("output", True)


@pytest.mark.parametrize(
    "source",
    [
        "with open('x', 'wb') as f:\n    for _ in range(99): f.write(bytes(1 << 20))",
        "import time\nfor i in range(99): open(str(i), 'wb').write(bytes(1 << 20));\ntime.sleep(3)",
        "import time\nfor i in range(9999): open(str(i), 'w').close()\ntime.sleep(3)",
    ],
    ids=["one", "large", "many"],
)
def test_files_have_a_size_and_a_number(run: Run, source: str) -> None:
    seen = run(source)
    assert "at most 64 MB, in 4,096 files" in (seen.message or said(seen))


def test_files_that_are_open_have_a_number(run: Run) -> None:
    assert "256 files open at once" in said(run("kept = [open('/dev/null') for _ in range(999)]"))


def test_threads_have_a_number(run: Run) -> None:
    seen = run(
        "import threading, time\n"
        "for _ in range(2000): threading.Thread(target=time.sleep, args=(30,), daemon=True).start()\n"
        "time.sleep(30)",
        memory=1 << 30,
    )
    assert "at most 64 threads" in (seen.message or said(seen))


_COPY_ALL_PAGES = """
import ctypes
for line in open("/proc/self/maps"):
    area, flags, *rest = line.split()
    if flags == "rw-p" and (len(rest) < 4 or rest[3] == "[heap]"):
        first, last = (int(part, 16) for part in area.split("-"))
        for page in range(first, last, 4096):
            ctypes.memmove(page, page, 1)
"""


def test_memory_that_needs_no_new_addresses_counts_too(run: Run, runner: Started) -> None:
    if "cgroup" not in status(runner.socket)["layers"]:
        pytest.skip("no control groups may be made here")
    seen = run(_COPY_ALL_PAGES, memory=16 << 20)
    assert (seen.ended, "more than 16 MB of memory" in seen.message) == ("memory", True)


def test_a_run_that_somebody_else_kills_is_not_blamed(open_child: Open, runner: Started) -> None:
    """By hand, or by the kernel where the whole machine has no memory left."""
    with open_child() as child:
        events = child.cell("one", "print('here', flush=True)\nimport time\ntime.sleep(60)")
        next(events)
        busy_child(runner).kill()
        with pytest.raises(RunnerGone):
            list(events)


def busy_child(runner: Started) -> psutil.Process:
    """The process that sleeps, of all that the runner has forked; the others wait for work."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for one in psutil.Process(runner.process.pid).children(recursive=True):
            if _is_asleep(one):
                return one
    raise AssertionError("nobody sleeps")


def _is_asleep(process: psutil.Process) -> bool:
    return "nanosleep" in Path(f"/proc/{process.pid}/wchan").read_text()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os\nprint('last')\nos._exit(3)", "exit code 3"),
        ("import ctypes\nprint('last')\nctypes.string_at(0)", "segmentation fault"),
        ("import os\nprint('last')\nos.abort()", ""),
        ("import os\nprint('last')\nos.close(3)\nimport time\ntime.sleep(9)", ""),
    ],
)
def test_a_death_is_told_with_all_that_was_printed_before(run: Run, source: str, words: str) -> None:
    seen = run(source, wall=20)
    assert seen.text == "last\n"
    assert seen.ended
    assert words in seen.message


def test_cancel_ends_a_run_at_once_from_another_thread(open_child: Open) -> None:
    with open_child() as child:
        threading.Timer(0.3, child.cancel).start()
        began = time.monotonic()
        with pytest.raises(ChildEnded) as ended:
            list(child.cell("one", "while True: pass"))
    assert ended.value.reason == "cancelled"
    assert time.monotonic() - began < 10


def test_closing_the_connection_kills_the_child(open_child: Open, runner: object) -> None:
    with open_child() as child:
        cell = child.cell("one", "print(1)\nwhile True: pass")
        next(cell)
        before = status(runner.socket)["runs"]  # type: ignore[attr-defined]
    deadline = time.monotonic() + 10
    while (found := status(runner.socket))["alive"] > found["pool"]:  # type: ignore[attr-defined]
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    assert (before, found["runs"]) == (1, 0)


def test_neighbours_do_not_disturb_each_other(open_child: Open, run: Run) -> None:
    with open_child(wall=30) as noisy:
        cell = noisy.cell("one", "print(1)\nwhile True: print('x' * 100, flush=True)")
        next(cell)
        assert run("6 * 7").result == "42"
