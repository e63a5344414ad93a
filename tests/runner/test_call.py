"""The examiner's questions: functions are called, probes run, values looked at; errors are answers too."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch

from workers import values
from workers.runner.client import ChildEnded, RunnerClient

ANSWER = '''
import torch
def double(x, times=2):
    """Twice, or more."""
    print("noise")
    return x * times
def fail(x):
    return x.nothing
number = 3
'''


@pytest.fixture
def child(open_child: Callable[..., RunnerClient]) -> Iterator[RunnerClient]:
    with open_child(wall=30) as child:
        done = list(child.cell("answer", ANSWER, show=False))[-1]
        assert done["error"] is None
        yield child


def ask(child: RunnerClient, question: dict[str, Any], *arguments: Any, **named: Any) -> tuple[Any, Any]:
    """The value and the error."""
    packed, body = values.pack([list(arguments), named])
    header, answer = child.ask({**question, "args": packed[0], "kwargs": packed[1]}, body)
    if "error" in header:
        return None, header["error"]
    return values.unpack(header["value"], answer), None


def test_a_function_gets_values_and_gives_one(child: RunnerClient) -> None:
    value, error = ask(child, {"op": "call", "name": "double"}, torch.arange(3.0), times=3)
    assert error is None
    assert torch.equal(value, torch.tensor([0.0, 3.0, 6.0]))


def test_a_model_can_be_an_argument(child: RunnerClient) -> None:
    list(child.cell("more", "def layers(model): return model.cfg.n_layers"))
    packed = {"args": [{"$model": "attn-only-2l"}], "kwargs": {"$dict": []}}
    assert child.call("layers", packed)[0]["value"] == 2


def test_a_model_at_a_step_of_its_training_can_be_an_argument_and_an_answer(child: RunnerClient) -> None:
    list(child.cell("more", "def at_start(model, other): return model.W_E.std() < other.W_E.std(), model"))
    early, late = ({"$checkpoint": ["attn-only-2l", step]} for step in (0, 1600))
    packed = {"args": [early, late], "kwargs": {"$dict": []}}
    reply = child.call("at_start", packed)[0]
    assert "error" not in reply, reply
    assert reply["value"]["$tuple"][1] == early


def test_a_name_can_be_looked_at(child: RunnerClient) -> None:
    assert ask(child, {"op": "get", "name": "number"}) == (3, None)


def test_a_probe_sees_the_answer_and_leaves_it_alone(child: RunnerClient) -> None:
    source = "def probe(x):\n    global number\n    number = 5\n    return double(x) + number"
    assert ask(child, {"op": "probe", "name": "probe", "source": source}, 4) == (13, None)
    assert ask(child, {"op": "get", "name": "number"}) == (3, None)


@pytest.mark.parametrize(
    ("question", "arguments", "kind", "words"),
    [
        ({"op": "call", "name": "fail"}, [1], "AttributeError", "nothing"),
        ({"op": "call", "name": "gone"}, [], "NameError", "no `gone`"),
        ({"op": "get", "name": "gone"}, [], "NameError", "no `gone`"),
        ({"op": "call", "name": "number"}, [], "TypeError", "not a function any more"),
        ({"op": "call", "name": "double"}, [1, 2, 3], "TypeError", "positional"),
        ({"op": "call", "name": "double"}, [torch.ones(6 << 20), 4], "", ""),
        ({"op": "call", "name": "double"}, ["x" * 1000, 100_000], "ValueError", "at most"),
        ({"op": "call", "name": "double"}, [torch.ones(1), torch.ones(20 << 20, 1)[:0]], "", ""),
        ({"op": "probe", "name": "p", "source": "def p(): fail(1)"}, [], "AttributeError", "nothing"),
    ],
)
def test_an_error_is_an_answer(
    child: RunnerClient, question: dict[str, Any], arguments: list[Any], kind: str, words: str
) -> None:
    value, error = ask(child, question, *arguments)
    if not kind:
        assert error is None
        return
    assert value is None
    assert error["type"] == kind
    assert words in error["message"]
    assert "workers/runner" not in error["traceback"]
    assert ask(child, {"op": "get", "name": "number"}) == (3, None)


def test_the_learners_line_is_named_but_not_the_probes(child: RunnerClient) -> None:
    _, error = ask(child, {"op": "probe", "name": "p", "source": "def p():\n    secret = 1\n    fail(1)"})
    assert (error["cell"], error["line"]) == ("answer", 8)
    assert "secret" not in error["traceback"]
    assert "<check>" not in error["traceback"]


def test_a_value_too_large_to_travel_is_an_error(child: RunnerClient) -> None:
    list(child.cell("more", "big = torch.zeros(17 << 20)"))
    _, error = ask(child, {"op": "get", "name": "big"})
    assert "more than 64 MB" in error["message"]


def test_a_figure_answers_with_its_json(child: RunnerClient) -> None:
    list(child.cell("more", "def plot(x): return lab.heatmap(x)"))
    value, _ = ask(child, {"op": "call", "name": "plot"}, torch.eye(2))
    assert torch.equal(value["data"][0]["z"], torch.eye(2))


def test_after_hide_nothing_is_shown(child: RunnerClient) -> None:
    heard: list[Any] = []
    child.on_event = heard.append
    ask(child, {"op": "call", "name": "double"}, 1)
    assert [event["text"] for event in heard] == ["noise\n"]
    child.hide()
    ask(child, {"op": "call", "name": "double"}, 1)
    list(child.cell("more", "import os\nprint('hidden')\nos.write(1, b'hidden')\nlab.show(1)"))
    assert len(heard) == 1


def forge(**header: Any) -> str:
    text = json.dumps(header).encode()
    return f"import os\nos.write(3, {struct.pack('>II', len(text), 0) + text!r});"


@pytest.mark.parametrize(
    "source",
    [
        forge(event="value", value=1),
        forge(event="started"),
        forge(event="ended", reason="closed", message="all is well"),
        forge(event="done", cell="another", error=None),
        forge(event="verdict", verdict="passed"),
        forge(),
        "import os\nos.write(3, b'\\xff' * 64);",
        "import os\nos.write(3, b'[' * 99);",
    ],
)
def test_a_forged_frame_ends_the_run(open_child: Callable[..., RunnerClient], source: str) -> None:
    def run_two_cells() -> None:
        with open_child(wall=20) as child:
            list(child.cell("one", source))
            list(child.cell("two", "1"))

    with pytest.raises(ChildEnded) as ended:
        run_two_cells()
    assert ended.value.reason in ("crash", "output")


def test_a_forged_answer_is_only_a_claimed_value(open_child: Callable[..., RunnerClient]) -> None:
    source = "def f():\n    " + forge(event="value", value={"$tensor": "7"}).replace("\n", "\n    ")
    with open_child(wall=20) as child:
        list(child.cell("one", source))
        header, _ = child.ask({"op": "call", "name": "f", "args": [], "kwargs": {"$dict": []}})
        assert header == {"event": "value", "value": {"$tensor": "7"}}
        with pytest.raises(ChildEnded):
            list(child.cell("two", "1"))
