"""A cell that begins where an earlier run was sees exactly what it would see after a replay."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

import pytest

from tests.runner.pressing import LIMITS, await_kept, kept, press
from tests.runner.starting import Started
from tests.runner.starting import runner as start_runner
from workers.runner.client import RunnerClient, RunnerGone, status, wish
from workers.runner.limits import Limits

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="forks need Linux's sandbox")

_keys = (f"learner-{number}/lesson" for number in itertools.count())


@pytest.fixture(scope="module")
def keeping() -> Iterator[Started]:
    with start_runner("--snapshots", "4", pool=1) as started:
        assert "snapshots" not in status(started.socket)["missing"]
        yield started


@pytest.fixture
def key() -> str:
    return next(_keys)


DRAW = "import random, numpy, torch\nprint(random.random(), numpy.random.rand(), torch.rand(2).tolist())"
CHAINS = {
    "numbers": ["x = 1", "x += 1", "x *= 5", "x"],
    "random numbers": [DRAW, DRAW, "random.shuffle(order := list(range(9)))\norder", DRAW],
    "own generators": [
        "import numpy, torch\ng = torch.Generator().manual_seed(3)\nr = numpy.random.default_rng(4)",
        "torch.rand(2, generator=g).tolist(), r.random()",
        "torch.rand(2, generator=g).tolist(), r.random()",
    ],
    "changed tensors": [
        "import torch\nx = torch.arange(6.0).reshape(2, 3)\nview = x[0]",
        "x.mul_(2)\nview[1] = 100",
        "x, view.sum(), view._version",
    ],
    "a training": [
        "import torch\nm = torch.nn.Linear(3, 1)\no = torch.optim.AdamW(m.parameters(), lr=0.1)",
        "for _ in range(3):\n    o.zero_grad()\n    m(torch.randn(4, 3)).sum().backward()\n    o.step()",
        "m(torch.randn(4, 3)).sum().backward()\no.step()\nm.weight, m.weight.grad, o.state[m.weight]['step']",
    ],
    "classes and functions": [
        "class A:\n    count = 0\n    def __init__(self): A.count += 1",
        "def make(n, seen=[]):\n    seen.append(n)\n    A()\n    return lambda: (n, list(seen), A.count)",
        "a, b = make(1), make(2)",
        "import inspect, pickle\npickle.loads(pickle.dumps(A())).__class__ is A, a(), b(), "
        "inspect.getsource(make)",
    ],
    "a dataclass": [
        "from dataclasses import dataclass, field\n@dataclass(order=True)\nclass P:\n    x: int\n"
        "    y: list = field(default_factory=list)",
        "p = P(1)\np.y.append(p.x)",
        "p, P(0) < p, P.__module__",
    ],
    "a generator half consumed": [
        "def count():\n    for i in range(5):\n        yield i\ng = count()\nnext(g);",
        "next(g), next(g)",
        "list(g)",
    ],
    "hooks left on": [
        "import torch\nmodel = lab.load('attn-only-1l')\nseen = []",
        "model.add_hook('blocks.0.attn.hook_pattern', lambda p, hook: seen.append(p.sum().item()) or p * 0)",
        "logits = model(torch.arange(5)[None])\nseen, logits.sum()",
    ],
    "a drawing left open": [
        "from matplotlib import pyplot as plt\nplt.rcParams['lines.linewidth'] = 7\nfigure = plt.figure()",
        "figure.gca().plot([1, 2, 3])",
        "figure",
        "plt.plot([3, 1, 2])",
    ],
    "warnings once": [
        "import warnings\ndef warn():\n    warnings.warn('careful')\nwarn()",
        "warn()",
        "import sys\nwarn()\nwarnings.simplefilter('error')",
        "warn()",
    ],
    "stdout replaced": [
        "import io, sys\nreal, sys.stdout = sys.stdout, io.StringIO()\nprint('hidden')",
        "print('hidden too')",
        "real.write(sys.stdout.getvalue());",
    ],
    "torch patched": [
        "import torch\nold = torch.relu\ntorch.relu = lambda x: old(x) + 1\n"
        "torch.set_default_dtype(torch.float64)",
        "torch.relu(torch.ones(2))",
        "torch.relu(torch.ones(2)), torch.get_default_dtype(), torch.is_grad_enabled()",
    ],
    "what we use patched": [
        "import os, json, signal\nos.listdir = lambda *_: []\n"
        "os.close = os.fstat = None\nsignal.getitimer = None",
        "os.listdir()",
        "os.listdir('/'), os.close",
    ],
    "context variables": [
        "import contextvars, decimal\nv = contextvars.ContextVar('v')\n"
        "v.set(3)\ndecimal.getcontext().prec = 5",
        "v.set(v.get() + 1);",
        "v.get(), decimal.Decimal(1) / 3",
    ],
    "signals": [
        "import signal\ngot = []\nsignal.signal(signal.SIGUSR1, lambda *a: got.append(1));",
        "signal.raise_signal(signal.SIGUSR1)\ngot",
        "signal.raise_signal(signal.SIGUSR1)\ngot, signal.pthread_sigmask(signal.SIG_BLOCK, []), "
        "signal.getsignal(signal.SIGCHLD)",
    ],
    "at a fork": [
        "import os\ntold = []\nfor when in ('before', 'after_in_child', 'after_in_parent'):\n"
        "    os.register_at_fork(**{when: lambda when=when: told.append(when)})",
        "told.append(1)",
        "told",
    ],
    "garbage": [
        "import gc, weakref\nclass N: pass\nn = N(); n.me = n; dead = []\n"
        "w = weakref.finalize(n, dead.append, 1)\ngc.disable()",
        "del n\ndead",
        "gc.isenabled(), gc.collect() > 0, dead",
    ],
    "files and folders": [
        "import os\nopen('a', 'w').write('x');\nos.environ['B'] = '3'\nos.umask(0o27);\nos.remove('a')",
        "os.listdir(), os.environ['B']",
        "os.makedirs('d/e')\nopen('d/e/f', 'w').write('y');\nos.listdir()",
        "os.listdir(), open('d/e/f').read(), os.umask(0)",
    ],
    "an error": ["x = 1", "x.y", "x"],
    "an error at the end": ["x = 1", "x += 1", "def f():\n    return x / 0\nf()"],
    "no children": ["import os", "1", "try: os.wait()\nexcept ChildProcessError as e: print(e)"],
    "modules": [
        "import sys, types\nm = sys.modules['mine'] = types.ModuleType('mine')\nm.x = 1",
        "import mine\nmine.x += 1",
        "import mine\nmine.x, __name__, [n for n in ('x', 'm') if n in globals()]",
    ],
}


@pytest.mark.parametrize("name", CHAINS)
def test_every_cell_shows_the_same_after_a_replay_and_from_a_kept_state(
    keeping: Started, key: str, name: str
) -> None:
    cells = CHAINS[name]
    for count in range(1, len(cells) + 1):
        replayed = press(keeping, *cells[:count])
        assert replayed.skip == 0
        assert press(keeping, *cells[:count], key=key) == replayed
        assert press(keeping, *cells[:count], key=key) == replayed


def test_the_cells_above_are_not_run_again(keeping: Started, key: str) -> None:
    """Process numbers and times are what a kept state and a replay do differ in."""
    above = ["import time\nwhen = time.time()", "then = when"]
    first = press(keeping, *above, "when, then", key=key)
    again = press(keeping, *above, "when, then", key=key)
    assert (first.skip, again.skip) == (0, 2)
    assert first.outputs == again.outputs
    assert press(keeping, *above, "when, then").outputs != first.outputs


def test_a_press_leaves_the_state_for_the_next_cell_too(keeping: Started, key: str) -> None:
    assert [press(keeping, *["1"] * count, key=key).skip for count in (1, 2, 3, 3, 2)] == [0, 1, 2, 2, 1]


def test_a_cell_changes_nothing_of_the_state_it_began_with(keeping: Started, key: str) -> None:
    above = ["import torch, os\nx = torch.zeros(1000, 1000)\nseen = [0]", "y = x[0]"]
    worst = "x += 1\nseen.append(1)\nopen('left', 'w').write('z')\ntorch.manual_seed(5)\nos.mkdir('f')"
    press(keeping, *above, worst, key=key)
    look = "x.sum().item(), y.sum().item(), seen, os.listdir(), torch.rand(1).item()"
    pressed = press(keeping, *above, look, key=key)
    assert pressed.skip == 2
    assert pressed == press(keeping, *above, look)


@pytest.mark.parametrize(
    "other",
    [
        {"cells": ["x = 1", "x += 2", "x"]},
        {"seed": 2},
        {"limits": Limits(wall=59, cpu=60, memory=1 << 30, outputs=50)},
        {"key": "somebody-else/lesson"},
    ],
    ids=["text above changed", "seed", "limits", "owner"],
)
def test_only_the_very_same_state_is_used(keeping: Started, key: str, other: dict) -> None:  # type: ignore[type-arg]
    cells = ["x = 1", "x += 1", "x"]
    assert [press(keeping, *cells[:count], key=key).skip for count in (1, 3, 3)] == [0, 1, 2]
    asked = {"key": key, **other}
    changed = asked.pop("cells", cells)
    plain = {name: value for name, value in asked.items() if name != "key"}
    pressed = press(keeping, *changed, **asked)
    assert pressed.skip == (1 if "cells" in other else 0)
    assert pressed == press(keeping, *changed, **plain)


LEFT = {
    "a thread": "import threading\nend = threading.Event()\n"
    "threading.Thread(target=end.wait, daemon=True).start()",
    "torch's threads": "import torch\ntorch.set_num_threads(2)\n"
    "torch.randn(300, 300) @ torch.randn(300, 300);",
    "an open file": "f = open('/dev/null')",
    "a pipe": "import os\npipe = os.pipe()",
    "another stdout": "import os\nos.dup2(0, 1);",
    "no stdin": "import os\nos.close(0)",
    "a file": "open('left', 'w').write('x');",
    "a folder": "import os\nos.mkdir('d')",
    "another folder": "import os\nos.chdir('/')",
    "a timer": "import signal\nsignal.setitimer(signal.ITIMER_REAL, 50);",
    "an alarm": "import signal\nsignal.alarm(50);",
    "a kernel's timer": "import ctypes\ntimer = ctypes.c_void_p()\n"
    "assert ctypes.CDLL(None).timer_create(1, None, ctypes.byref(timer)) == 0",
    "a waiting signal": "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [10])\n"
    "signal.raise_signal(10)",
    "shared memory": "import ctypes, os\nlibc = ctypes.CDLL(None)\nlibc.mmap.restype = ctypes.c_long\n"
    "with open('m', 'w+b') as f:\n    f.truncate(4096)\n"
    "    assert libc.mmap(None, 4096, 3, 1, f.fileno(), 0) != -1\nos.remove('m')",
    "fewer files": "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))",
    "no processes": "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (1, 1))",
}


@pytest.mark.parametrize("what", LEFT)
def test_what_a_fork_would_not_have_is_replayed(keeping: Started, key: str, what: str) -> None:
    cells = ["x = 3", LEFT[what], "x += 1\nx"]
    replayed = press(keeping, *cells)
    for _ in range(2):
        pressed = press(keeping, *cells, key=key)
        assert pressed == replayed
        assert pressed.skip <= 1
    assert press(keeping, *cells[:1], "x + 1", key=key).outputs == replayed.outputs


def test_two_runs_of_one_lesson_do_not_meet(keeping: Started, key: str) -> None:
    """The second one is replayed in a child of its own."""
    press(keeping, "x = 1", "x", key=key)
    cells = [("cell-1", "x = 1"), ("cell-2", "print(x)")]
    with RunnerClient(keeping.socket, LIMITS, 1, wish(key, cells)) as first:
        assert first.skip == 1
        second = press(keeping, "x = 1", "x", key=key)
        assert (second.skip, second.outputs[0]["text"]) == (0, "1")
        assert next(iter(first.cell("cell-2", "print(x)")))["text"] == "1\n"
    assert press(keeping, "x = 1", "x", key=key).skip == 1


@pytest.mark.parametrize("question", ["call", "probe", "get", "hide"])
def test_no_grade_comes_from_a_process_that_may_be_forked(keeping: Started, key: str, question: str) -> None:
    with RunnerClient(keeping.socket, LIMITS, 1, wish(key, [("cell-1", "x = 1")])) as child:
        list(child.cell("cell-1", "x = 1"))
        if question == "hide":
            child.hide()
        with pytest.raises(RunnerGone):
            child.ask({"op": "get" if question == "hide" else question, "name": "x", "source": ""})


def test_without_the_wish_a_runner_that_keeps_states_keeps_none(keeping: Started) -> None:
    before = kept(keeping)
    press(keeping, "x = 1", "x")
    assert kept(keeping)["trees"] <= before["trees"]


def test_a_state_is_not_kept_twice(keeping: Started, key: str) -> None:
    for _ in range(3):
        press(keeping, "x = 1", "x", key=key)
    found = kept(keeping)
    press(keeping, "x = 1", "x", key=key)
    assert await_kept(keeping, lambda now: now == found)
