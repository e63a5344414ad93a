"""A cell runs in a fresh, warm process, as in a notebook, and nothing of it survives."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.runner.conftest import Seen
from workers.runner.client import RunnerClient

Run = Callable[..., Seen]
Open = Callable[..., RunnerClient]


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("1 + 1", ["2"]),
        ("1 + 1;", []),
        ("1 + 1  # two;", ["2"]),
        ("x = 3", []),
        ("None", []),
        ("'a;'", ["'a;'"]),
        ("if True:\n    4", []),
        ("", []),
        ("# nothing", []),
        ("x = 2\n(x\n * 3)", ["6"]),
    ],
)
def test_the_last_expression_is_shown(run: Run, source: str, result: list[str]) -> None:
    assert [output["text"] for output in run(source).outputs] == result


def test_what_is_printed_comes_as_it_is_printed(open_child: Open) -> None:
    arrived = []
    with open_child() as child:
        for event in child.cell("one", "import time\nfor i in range(3):\n    print(i)\n    time.sleep(0.3)"):
            arrived.append((event.get("text"), time.monotonic()))
    assert [text for text, _ in arrived[:3]] == ["0\n", "1\n", "2\n"]
    assert arrived[1][1] - arrived[0][1] > 0.1


def test_both_streams_and_c_libraries_are_heard_in_order(run: Run) -> None:
    source = "print('a')\nprint('b', file=sys.stderr)\nos.write(2, b'c')\nprint('é∂', end='')"
    seen = run(f"import os, sys\n{source}")
    assert sorted(seen.text) == sorted("a\nb\ncé∂")
    assert seen.text.index("a") < seen.text.index("b") < seen.text.index("é")


def test_many_short_lines_are_few_events(open_child: Open) -> None:
    with open_child() as child:
        events = list(child.cell("one", "for i in range(5000): print(i)"))
    assert "".join(event.get("text", "") for event in events) == "".join(f"{i}\n" for i in range(5000))
    assert len(events) < 500


def test_cells_share_names_and_only_shown_ones_show(open_child: Open) -> None:
    with open_child() as child:
        assert [event["event"] for event in child.cell("one", "x = 5\nprint(x)\nx", show=False)] == ["done"]
        events = list(child.cell("two", "x + 1"))
        assert events[0]["output"] == {"kind": "result", "text": "6"}
        assert events[1]["cell"] == "two"


def test_lab_is_there_and_can_be_imported(run: Run) -> None:
    assert run("lab.load('attn-only-2l').cfg.n_layers").result == "2"
    assert run("from workers import lab\nlab.models()[0].name").result == "'attn-only-0l'"


def test_nothing_survives_into_the_next_run(run: Run) -> None:
    run("import torch\nx = 1\ntorch.leak = 2\nopen('left', 'w').close()\nlab.load('attn-only-1l').leak = 3")
    seen = run(
        "import os, torch\n"
        "'x' in globals(), hasattr(torch, 'leak'), os.listdir(), hasattr(lab.load('attn-only-1l'), 'leak')"
    )
    assert seen.result == "(False, False, [], False)"


def test_random_numbers_follow_the_seed(open_child: Open) -> None:
    source = "import random, numpy, torch\nrandom.random(), numpy.random.rand(), torch.rand(1).item()"

    def draw(seed: int) -> str:
        with open_child(seed=seed) as child:
            return next(iter(child.cell("one", source)))["output"]["text"]

    assert draw(1) == draw(1) != draw(2)


@pytest.mark.parametrize(
    "source",
    [
        "import tempfile\nwith tempfile.NamedTemporaryFile() as f: f.write(b'x')",
        "import torch\ntorch.save(torch.ones(2), 'x.pt')\nassert torch.load('x.pt').sum() == 2",
        "import shutil\nopen('a', 'w').write('x');\nshutil.copyfile('a', 'b');",
        "import threading\nt = threading.Thread(target=print)\nt.start()\nt.join()",
        "import asyncio\nasync def f(): await asyncio.sleep(0.01)\nasyncio.run(f())",
        "import signal\nsignal.signal(signal.SIGALRM, lambda *a: None)\nsignal.alarm(1);",
        "import torch\nx = torch.randn(9, 9, requires_grad=True)\n(x @ x).sum().backward()",
        "import torch\ntorch.set_num_threads(2)\ntorch.randn(300, 300) @ torch.randn(300, 300);",
        "import numpy, pandas\npandas.DataFrame(numpy.linalg.svd(numpy.eye(20))[0]).sum();",
        "import einops, torch\neinops.rearrange(torch.ones(2, 3, 4), 'a b c -> (a b) c');",
        "import tqdm\nfor i in tqdm.tqdm(range(10)): pass",
        "import dataclasses\n@dataclasses.dataclass\nclass A:\n    x: int\nassert A(1).x == 1",
        "import inspect\ndef f(): return 'here'\nassert 'here' in inspect.getsource(f)",
        "import pickle\nclass A: pass\npickle.loads(pickle.dumps(A()));",
        "from torch.utils.data import DataLoader\nlist(DataLoader([1, 2, 3], batch_size=2));",
        "import torch\nmodel = lab.load('attn-only-2l')\n_, cache = model.run_with_cache('a b a b')\n"
        "hooks = [('blocks.0.attn.hook_pattern', lambda p, hook: p)]\n"
        "model.run_with_hooks(torch.arange(5)[None], fwd_hooks=hooks);",
        "import torch\nm = torch.nn.Linear(3, 1)\no = torch.optim.AdamW(m.parameters())\n"
        "m(torch.ones(2, 3)).sum().backward()\no.step()",
    ],
    ids=lambda source: source.split("\n")[0][:40],
)
def test_what_learners_do_works_behind_the_walls(run: Run, source: str) -> None:
    seen = run(source)
    assert (seen.error, seen.ended) == (None, "")
