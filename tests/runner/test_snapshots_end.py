"""What is kept has an end, and what runs on top of it has the same limits and walls as anything else."""

from __future__ import annotations

import itertools
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.pressing import LIMITS, await_kept, kept, press
from tests.runner.starting import Started, end
from tests.runner.starting import runner as start_runner
from tests.runner.test_walls import ATTACKS
from workers.runner.client import ChildEnded, RunnerClient, status, wish
from workers.runner.limits import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks need Linux's sandbox")

_keys = (f"learner-{number}/lesson" for number in itertools.count())


@pytest.fixture(scope="module")
def keeping() -> Iterator[Started]:
    with start_runner("--snapshots", "3", "--snapshots-mb", "400", pool=1) as started:
        yield started


@pytest.fixture
def key() -> str:
    return next(_keys)


def test_no_more_states_than_wanted_are_kept_and_the_oldest_go(keeping: Started, key: str) -> None:
    before = kept(keeping)["kept"]
    cells = [f"x = {number}" for number in range(6)]
    for count in range(1, 7):
        press(keeping, *cells[:count], key=key)
    await_kept(keeping, lambda now: now["kept"] <= before + 3)
    assert [press(keeping, *cells[:count], "x", key=key).skip for count in (6, 1)] == [6, 0]


def test_all_states_together_have_their_memory(keeping: Started, key: str) -> None:
    """Each of these takes 160 MB, and what is shared counts for both."""
    large = "import torch\nx = torch.ones(40_000_000)"
    for number in range(3):
        press(keeping, large, key=f"{key}-{number}")
    await_kept(keeping, lambda now: now["kept"] <= 2)
    assert press(keeping, large, "x[0].item()", key=f"{key}-2").skip == 1
    assert press(keeping, large, "x[0].item()", key=f"{key}-0").skip == 0


ENDINGS = {
    "crash": "import os\nos._exit(3)",
    "wall": "while True: pass",
    "memory": "import torch\nx = torch.ones(900_000_000)",
    "output": "while True: print('x' * 1000)",
    "threads": "import threading, time\n"
    "for _ in range(80): threading.Thread(target=time.sleep, args=(9,)).start()",
}


@pytest.mark.parametrize("worst", ENDINGS)
def test_a_limit_ends_the_run_as_ever_and_leaves_the_state(keeping: Started, key: str, worst: str) -> None:
    limits = Limits(wall=3, memory=1 << 30)
    press(keeping, "x = 3", key=key, limits=limits)
    ended = press(keeping, "x = 3", ENDINGS[worst], key=key, limits=limits)
    replayed = press(keeping, "x = 3", ENDINGS[worst], limits=limits)
    assert ended.skip == 1
    assert (ended.ended, ended.message) == (replayed.ended, replayed.message)
    assert bool(ended.error) == bool(replayed.error)
    again = press(keeping, "x = 3", "x", key=key, limits=limits)
    assert (again.skip, again.outputs[0]["text"]) == (1, "3")


def test_processor_time_is_summed_over_all_cells(keeping: Started, key: str) -> None:
    """The kernel counts each fork from nothing."""
    limits = Limits(wall=120, cpu=3)
    busy = "import time\nuntil = time.process_time() + 1.2\nwhile time.process_time() < until: pass"
    assert press(keeping, busy, key=key, limits=limits).ended == ""
    assert press(keeping, busy, busy, key=key, limits=limits).ended == ""
    third = press(keeping, busy, busy, busy, key=key, limits=limits)
    assert (third.skip, third.ended) == (2, "cpu")
    assert third.message == limits.sentence("cpu")


def test_the_clock_goes_on_where_it_was(keeping: Started, key: str) -> None:
    limits = Limits(wall=4)
    slow = "import time\ntime.sleep(1.7)"
    assert [press(keeping, *[slow] * count, key=key, limits=limits).ended for count in (1, 2, 3)] == [
        "",
        "",
        "wall",
    ]


def test_a_fork_is_cancelled_and_the_state_stays(keeping: Started, key: str) -> None:
    press(keeping, "x = 1", key=key)
    cells = [("cell-1", "x = 1"), ("cell-2", "print(x)\nwhile True: pass")]
    with RunnerClient(keeping.socket, LIMITS, 1, wish(key, cells)) as child:
        events = child.cell(*cells[1])
        assert next(events)["text"] == "1\n"
        child.cancel()
        with pytest.raises(ChildEnded) as ended:
            list(events)
    assert ended.value.reason == "cancelled"
    assert press(keeping, "x = 1", "x", key=key).skip == 1


@pytest.mark.parametrize("wanted", [*ATTACKS, "the processor in peace", "to be woken"])
def test_the_walls_stand_around_a_fork(keeping: Started, key: str, wanted: str) -> None:
    """But that a run may end what was kept of its own lesson, which costs it a replay."""
    source = {
        **ATTACKS,
        "the processor in peace": "import os\nos.setpriority(os.PRIO_PROCESS, 0, -5)\nprint('GOT')",
        "to be woken": "import os, signal\nfor pid in range(1, 30):\n"
        "    try: os.kill(pid, signal.SIGCONT)\n    except OSError: continue\n    print('GOT', pid)",
        "its parent's life": "import os, signal\nos.kill(os.getppid(), signal.SIGKILL)",
    }[wanted]
    press(keeping, "x = 42", key=key)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        source = source.replace("PORT", str(listening.getsockname()[1]))
        source = source.replace("SOCKET", str(keeping.socket)).replace("VICTIM", str(os.getpid()))
        pressed = press(keeping, "x = 42", source, key=key)
    assert pressed.skip == 1
    assert "GOT" not in pressed.text
    assert press(keeping, "x = 42", "x", key=key).outputs[0]["text"] == "42"


def test_who_asks_for_forks_without_end_is_not_listened_to(keeping: Started, key: str) -> None:
    bomb = (
        "import os\nfor _ in range(5000):\n    try:\n        if os.fork() == 0: os._exit(0)\n"
        "    except OSError: continue\n    print('GOT')"
    )
    press(keeping, "x = 1", key=key)
    assert "GOT" not in press(keeping, "x = 1", bomb, key=key).text
    assert press(keeping, "x = 1", "x", key=key).outputs[0]["text"] == "1"
    assert press(keeping, "x = 2", "x", key=next(_keys)).outputs[0]["text"] == "2"


def test_a_neighbour_does_not_see_what_is_kept_of_others(keeping: Started, key: str) -> None:
    press(keeping, "secret = 'canary-of-a-learner'", key=key)
    look = "import os\nprint([n for n in os.listdir('/proc') if n.isdigit()] == [str(os.getpid())])"
    assert press(keeping, look, key=next(_keys)).text == "True\n"
    assert press(keeping, "secret = 'canary-of-a-learner'", look, key=key).text == "True\n"


def _processes(started: Started) -> set[int]:
    """All processes below this runner."""
    found = {started.process.pid}
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def test_what_rests_for_long_goes(key: str) -> None:
    with start_runner("--snapshots", "4", "--snapshots-idle", "1", pool=1) as started:
        before = _processes(started)
        press(started, "x = 1", "x", key=key)
        assert kept(started)["trees"] == 1
        await_kept(started, lambda now: now == {"trees": 0, "kept": 0})
        deadline = time.monotonic() + 20
        while len(_processes(started)) > len(before) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert len(_processes(started)) <= len(before)
        assert press(started, "x = 1", "x", key=key).skip == 0


def test_with_its_zygote_everything_kept_is_renewed(key: str) -> None:
    with start_runner("--snapshots", "4", "--worn-after", "5", pool=1) as started:
        skipped = [press(started, "x = 1", "x", key=key).skip for _ in range(2)]
        deadline = time.monotonic() + 120
        while skipped[-1] and time.monotonic() < deadline:
            assert press(started, "1").outputs[0]["text"] == "1"  # these are forks of the zygote
            pressed = press(started, "x = 1", "x", key=key)
            assert pressed.outputs[0]["text"] == "1"
            skipped.append(pressed.skip)
        assert (skipped[:2], skipped[-1]) == ([0, 1], 0)
        assert status(started.socket)["zygotes"] >= 2


def test_a_zygote_that_dies_takes_everything_along_and_the_next_press_is_replayed(key: str) -> None:
    with start_runner("--snapshots", "4", pool=1) as started:
        press(started, "x = 1", "x", key=key)
        await_kept(started, lambda now: now["kept"] == 2)
        zygote = min(_processes(started) - {started.process.pid})
        os.kill(zygote, signal.SIGKILL)
        await_kept(started, lambda now: now == {"trees": 0, "kept": 0})
        assert press(started, "x = 1", "x", key=key).outputs[0]["text"] == "1"


@pytest.mark.parametrize("gently", [True, False])
def test_with_the_supervisor_everything_ends(key: str, gently: bool) -> None:
    with start_runner("--snapshots", "4", pool=1) as started:
        press(started, "x = 1", "x", key=key)
        await_kept(started, lambda now: now["kept"] == 2)
        everybody = _processes(started)
        assert len(everybody) >= 6
        if not gently:
            started.process.kill()
        end(started)
        deadline = time.monotonic() + 20
        while (left := {pid for pid in everybody if _lives(pid)}) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not left


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_learners_at_once_each_have_their_own(keeping: Started) -> None:
    wrong = []

    def learn(number: int) -> None:
        key = next(_keys)
        for count in range(4):
            shown = press(keeping, f"x = {number}", *["x += 100"] * count, "x", key=key).outputs
            if shown[0]["text"] != str(number + 100 * count):
                wrong.append((number, shown))

    threads = [threading.Thread(target=learn, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.slow
def test_where_namespaces_are_refused_nothing_is_kept_and_it_is_said() -> None:
    with start_runner("--snapshots", "4", pool=1, refused=True) as started:
        found = status(started.socket)
        assert found["missing"]["snapshots"].startswith("No snapshots between cells")
        assert found["snapshots"] is None
        assert press(started, "x = 1", "x", key="somebody").outputs[0]["text"] == "1"


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become nobody")
def test_an_ordinary_user_has_them_too(key: str) -> None:
    with start_runner("--snapshots", "4", pool=1, as_nobody=True) as started:
        cells = ["import random\nx = random.random()", "x, random.random()"]
        first, again = press(started, *cells, key=key), press(started, *cells, key=key)
        assert (first.skip, again.skip) == (0, 1)
        assert first == again == press(started, *cells)
        assert press(started, cells[0], "import os\nos._exit(3)", key=key).ended == "crash"
        peek = "print('GOT', open('/proc/1/mem', 'r+b'))"
        assert "GOT" not in press(started, cells[0], peek, key=key).text
