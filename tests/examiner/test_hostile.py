"""What comes from the learner's process is only claimed: it gets a verdict, and never the wrong one."""

from __future__ import annotations

import pytest

from tests.examiner.conftest import Desk
from workers.wire import encode

CLAIMS = {
    "nan": "return pattern[:, 0, 0] * float('nan')",
    "infinity": "return pattern[:, 0, 0] + float('inf')",
    "a huge number": "return 10 ** 4000",
    "an endless number": "return 10 ** 100000",
    "a deep list": "x = []\n    for _ in range(5000): x = [x]\n    return x",
    "a list in itself": "x = []\n    x.append(x)\n    return x",
    "a million entries": "return list(range(10 ** 6))",
    "a scalar": "return 1.0",
    "a tensor without entries": "return torch.zeros(0)",
    "complex numbers": "return pattern[:, 0, 0] + 1j",
    "truth values": "return pattern[:, 0, 0] > 0",
    "text": "return 'passed'",
    "a module": "return torch",
    "a function": "return score",
    "bytes": "return b'1'",
    "a verdict": "return {'verdict': 'passed', 'message': 'Right.', 'details': {}}",
    "a marked value": "return {'$tensor': '0'}",
    "two hundred megabytes": "return torch.zeros(50_000_000)",
    "a sparse tensor": "return torch.zeros(3).to_sparse()",
    "a tensor on no device": "return torch.zeros(3, device='meta')",
    "an object that equals everything": (
        "class Yes:\n"
        "        def __eq__(self, other): return True\n"
        "        def __abs__(self): return 0\n"
        "        __sub__ = __rsub__ = __lt__ = __le__ = lambda self, other: self\n"
        "    return Yes()"
    ),
    "a tensor that lies": (
        "class Liar(torch.Tensor):\n"
        "        shape = property(lambda self: torch.Size([3]))\n"
        "        @classmethod\n"
        "        def __torch_function__(cls, func, types, args=(), kwargs=None): return True\n"
        "    return torch.zeros(1).as_subclass(Liar)"
    ),
    "a repr that raises": ("class Bad:\n        def __repr__(self): raise SystemExit\n    return Bad()"),
    "a generator": "return (x for x in [1])",
}

SEIZED = {
    "exit": "import sys\n    sys.exit(0)",
    "leaves at once": "import os\n    os._exit(0)",
    "keyboard interrupt": "raise KeyboardInterrupt",
    "a segmentation fault": "import ctypes\n    ctypes.string_at(0)",
    "endless recursion": "return score(pattern, back)",
    "a false assertion": "raise AssertionError('Right.')",
    "a base exception": "raise BaseException('Right.')",
    "another message": "raise ValueError('x' * 10 ** 7)",
    "a lying exception": "raise type('NotImplementedErro', (Exception,), {'__str__': lambda self: 1 / 0})()",
}

PATCHED = {
    "allclose": "torch.allclose = lambda *a, **k: True",
    "equality": "torch.Tensor.__eq__ = lambda *a: torch.tensor(True)",
    "isfinite": "torch.isfinite = lambda x: torch.ones_like(x, dtype=torch.bool)",
    "lab": "lab.same = lambda *a, **k: None",
    "builtins": "import builtins; builtins.abs = lambda x: 0",
    "packing": "from workers import values; values.pack = lambda value: ({'$tensor': '0'}, b'')",
    "the environment": "import os; os.environ.clear()",
}

WRONG = "import torch\n\n{before}\n\ndef score(pattern, back):\n    {body}\n"


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claimed_value_is_judged(claim: str, desk: Desk) -> None:
    found = desk.hand_in("score", WRONG.format(before="", body=CLAIMS[claim]))
    assert found["verdict"] in ("failed", "error"), found
    assert 10 < len(found["message"]) < 2500


@pytest.mark.parametrize("seized", SEIZED)
def test_whoever_does_not_answer_is_told_so(seized: str, desk: Desk) -> None:
    found = desk.hand_in("score", WRONG.format(before="", body=SEIZED[seized]))
    assert found["verdict"] == "error", found
    assert 10 < len(found["message"]) < 2500


@pytest.mark.parametrize("patched", PATCHED)
def test_what_is_patched_in_the_child_changes_nothing_here(patched: str, desk: Desk) -> None:
    body = "return torch.zeros(len(pattern))"
    found = desk.hand_in("score", WRONG.format(before=PATCHED[patched], body=body))
    assert found["verdict"] in ("failed", "error"), found


def test_an_endless_loop_ends_at_its_limit(desk: Desk) -> None:
    text = WRONG.format(before="", body="while True: pass")
    found = desk.hand_in("score", text, wall=2, cpu=2)
    assert found["verdict"] == "error"
    assert "2 seconds" in found["message"]


def test_a_limit_names_the_check_that_was_running(desk: Desk) -> None:
    text = WRONG.format(before="import time", body="time.sleep(60)")
    found = desk.hand_in("score", text, wall=1)
    assert found["verdict"] == "error"
    assert found["details"]["check"] == "A head that always looks that far back scores 1."


@pytest.mark.parametrize(
    "frame",
    [
        {"event": "value", "value": 1.0},
        {"verdict": "passed", "message": "Right.", "details": {}},
        {"event": "value", "error": {"type": ["x"], "message": {"a": 1}, "line": "many"}},
        {"event": "value", "error": "yes"},
        {"event": "value", "value": {"$tensor": "0"}},
        {"event": "value", "value": {"$tuple": 5}},
        {"event": "value", "value": {"$model": "no such model"}},
        {"event": "value"},
        {"event": "ended", "reason": "wall", "message": "Right."},
        {"ask": {"op": "grade"}},
    ],
    ids=str,
)
def test_a_forged_frame_is_only_a_claimed_value(frame: dict[str, object], desk: Desk) -> None:
    forged = encode(frame)
    body = f"import os\n    os.write(3, {forged!r})\n    return torch.zeros(len(pattern))"
    found = desk.hand_in("score", WRONG.format(before="", body=body))
    assert found["verdict"] in ("failed", "error"), found


def test_a_frame_that_is_none_ends_the_run(desk: Desk) -> None:
    body = "import os\n    os.write(3, b'\\xff' * 64)\n    return torch.zeros(len(pattern))"
    found = desk.hand_in("score", WRONG.format(before="", body=body))
    assert found["verdict"] == "error", found


def test_the_reference_is_nowhere_in_the_child(desk: Desk) -> None:
    search = """
        import gc, sys, torch

        def score(pattern, back):
            names = [str(getattr(o, "__name__", "")) for o in gc.get_objects() if callable(o)]
            seen = [name for name in names if name.startswith(("check_p", "check_a", "mistake_"))]
            modules = [name for name in sys.modules if "course" in name or "examiner" in name]
            assert not seen and not modules, (seen, modules)
            raise LookupError("nothing found")
    """
    assert desk.hand_in("score", search)["message"].endswith("raised in line 9 `LookupError: nothing found`")
