"""What is shown again under the same key: one place, always the last of it, and no way to flood anybody."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.runner.conftest import Seen
from workers.runner.client import ChildEnded, RunnerClient

Run = Callable[..., Seen]
FRAME = """
import json, os, struct
def send(text, key):
    frame = json.dumps({"event": "output", "output": {"kind": "result", "text": text, "key": key}}).encode()
    os.write(3, struct.pack(">II", len(frame), 0) + frame)
"""


def test_the_newest_stands_where_the_first_stood(run: Run) -> None:
    seen = run("lab.show(1, key='a')\nlab.show('between')\nfor i in range(999): lab.show(i, key='a')")
    assert [output["text"] for output in seen.outputs] == ["998", "'between'"]


def test_a_loop_of_ten_thousand_sends_few_and_counts_as_one_output(
    open_child: Callable[..., RunnerClient],
) -> None:
    source = "for i in lab.progress(range(10_000), 'loop'): lab.show(i, key='i')\nlab.show('after')"
    with open_child(outputs=3) as child:
        events = [event["output"] for event in child.cell("one", source) if event["event"] == "output"]
    assert len(events) < 40
    assert [output["text"] for output in events if output["kind"] == "result"][-1] == "9999"
    assert "'after'" in [output.get("text") for output in events]
    assert not any(output["kind"] == "notice" for output in events)


@pytest.mark.parametrize("ending", ["1 / 0", "raise SystemExit", "break"])
def test_a_loop_that_breaks_off_says_where(run: Run, ending: str) -> None:
    seen = run(f"for i in lab.progress(range(10)):\n    if i == 4: {ending}")
    bar = next(output for output in seen.outputs if output["kind"] == "progress")
    assert (bar["done"], bar["total"], bar["state"]) == (4, 10, "stopped")


def test_a_curve_of_a_cell_above_goes_on_below(open_child: Callable[..., RunnerClient]) -> None:
    seen = Seen()
    with open_child() as child:
        list(child.cell("one", "curve = lab.LiveCurve()\ncurve.add(0, loss=1)", show=False))
        for event in child.cell("two", "curve.add(1, loss=2)\ncurve.add(2, loss=3)"):
            seen.take(event)
    (figure,) = seen.outputs
    assert figure["figure"]["data"][0]["x"]["shape"] == "3"


def test_beyond_the_last_allowed_output_a_key_has_no_place_and_ends_nothing(run: Run) -> None:
    source = "for i in range(3): lab.show(i)\nfor i in lab.progress(range(2000)): pass\nprint('end')"
    seen = run(source, outputs=2)
    assert [output["kind"] for output in seen.outputs] == ["result", "result", "notice"]
    assert (seen.text, seen.ended) == ("end\n", "")


@pytest.mark.parametrize("length", [1, 4_000_000])
def test_who_floods_is_stopped(run: Run, length: int) -> None:
    seen = run(f"{FRAME}while True: send('x' * {length}, 'a')")
    assert (seen.ended, "far more figures" in seen.message) == ("output", True)
    assert len(seen.outputs) == 1


def test_what_came_fast_is_sent_on_slowly(open_child: Callable[..., RunnerClient]) -> None:
    source = f"{FRAME}for i in range(500): send(str(i), 'a')"
    with open_child() as child:
        texts = [event["output"]["text"] for event in child.cell("one", source) if event["event"] == "output"]
    assert (texts[0], texts[-1]) == ("0", "499")
    assert len(texts) < 100


@pytest.mark.parametrize("key", ["1", "['a']", "None", "'x' * 300"])
def test_what_is_no_key_is_none(run: Run, key: str) -> None:
    seen = run(f"{FRAME}for i in range(3): send(str(i), {key})")
    assert [output["text"] for output in seen.outputs] == ["0", "1", "2"]


def test_a_killed_run_has_sent_what_it_had(open_child: Callable[..., RunnerClient]) -> None:
    seen = Seen()
    with pytest.raises(ChildEnded), open_child(wall=2) as child:  # noqa: PT012
        for event in child.cell("one", "import time\nfor i in lab.progress(range(100)): time.sleep(0.1)"):
            seen.take(event)
    assert seen.outputs[0]["done"] > 5
