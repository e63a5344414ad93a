"""Whatever a real child writes on its line: its run ends with a sentence or goes on; the next is served."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.runner.conftest import Seen
from tests.runner.starting import Started
from tests.wire import hostile
from workers import wire
from workers.runner.client import ChildEnded, RunnerClient
from workers.runner.limits import Limits

LIMITS = Limits(wall=5, cpu=5)
ENDINGS = ("crash", "output", "wall", "cpu")

ANSWERS = """
import numpy, plotly.graph_objects as go, torch
def tensors(): return torch.eye(3), [torch.ones(2).bool(), 1.5, float("nan")], {"a": numpy.arange(3)}
def figure(): return go.Figure(go.Heatmap(z=torch.eye(2).numpy()), {"title": "eye"})
def wrong(): return {}["x"]
"""


@pytest.fixture(scope="session")
def real_frames(runner: Started) -> list[bytes]:
    """What an honest child says."""
    with RunnerClient(runner.socket, LIMITS, seed=1) as child:
        events = list(child.cell("one", f"print('hello'){ANSWERS}lab.line([1, 2])"))
        frames = [(event, b"") for event in events]
        frames += [child.call(name, {"args": []}) for name in ("tensors", "figure", "wrong")]
    return [wire.encode(header, body) for header, body in frames]


def source_that_writes(data: bytes, then: str) -> str:
    return f"import os, base64\nos.write(3, base64.b64decode({base64.b64encode(data).decode()!r}))\n{then}"


@settings(max_examples=60)
@given(data=st.data(), then=st.sampled_from(["", "os._exit(0)", "print('on')", "os.close(3)"]))
def test_any_bytes_in_a_cell(
    data: st.DataObject, then: str, runner: Started, real_frames: list[bytes]
) -> None:
    sent = b"".join(
        data.draw(st.lists(st.one_of(hostile.frames, hostile.bent(real_frames), st.binary()), max_size=3))
    )
    seen, ended = Seen(), None
    try:
        with RunnerClient(runner.socket, LIMITS, seed=1) as child:
            for event in child.cell("one", source_that_writes(sent, then)):
                seen.take(event)
            child.hide()
            header, _ = child.call("len", {"args": ["abc"]})
            assert set(header) in ({"event", "value"}, {"event", "error"})
    except ChildEnded as end:
        ended = end
    assert ended is None or (ended.reason in ENDINGS and ended.message.endswith((".", "?")))
    assert seen.error is None or isinstance(seen.error["message"], str)


@settings(max_examples=40)
@given(data=st.data(), then=st.sampled_from(["", "os._exit(0)"]))
def test_any_bytes_instead_of_a_value(
    data: st.DataObject, then: str, runner: Started, real_frames: list[bytes]
) -> None:
    sent = b"".join(
        data.draw(st.lists(st.one_of(hostile.frames, hostile.bent(real_frames)), min_size=1, max_size=2))
    )
    body = source_that_writes(sent, then or "pass").replace("\n", "\n    ")
    ended = None
    try:
        with RunnerClient(runner.socket, LIMITS, seed=1) as child:
            assert list(child.cell("one", f"def ask():\n    {body}"))[-1]["error"] is None
            child.hide()
            for _ in range(2):
                header, _ = child.call("ask", {"args": []})
                assert set(header) in ({"event", "value"}, {"event", "error"})
    except ChildEnded as end:
        ended = end
    assert ended is None or ended.reason in ENDINGS


def test_a_frame_that_never_ends_is_ended_by_the_clock(run: Callable[..., Seen]) -> None:
    half = wire.encode({"event": "done", "cell": "one", "error": None})[:-3]
    seen = run(source_that_writes(half, "import time; time.sleep(60)"), wall=1)
    assert seen.ended == "wall"


def test_after_all_that_the_runner_is_well_and_has_stumbled_over_nothing(
    run: Callable[..., Seen], runner: Started
) -> None:
    assert run("6 * 7").result == "42"
    assert "Traceback" not in runner.log.read_text()
