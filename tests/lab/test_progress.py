"""lab.progress: a bar that costs nearly nothing, ends as a line, and says where a loop broke off."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from workers import lab
from workers.lab import bars, display

Shown = list[dict[str, Any]]


def settled(shown: Shown) -> Shown:
    """The last of each key, once the cell is over, in the order in which they came."""
    bars.settle()
    display.settle()
    return list({output["key"]: output for output in shown}.values())


def said(output: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(output[name] for name in ("title", "done", "total", "state"))


def test_a_loop_gets_what_it_iterates_over_and_ends_as_done(shown: Shown) -> None:
    assert list(lab.progress("abc", "letters")) == ["a", "b", "c"]
    assert [said(output) for output in settled(shown)] == [("letters", 3, 3, "done")]
    assert said(shown[0]) == ("letters", 0, 3, "running")


def test_ten_thousand_steps_are_a_handful_of_outputs_and_cost_little(shown: Shown) -> None:
    began = time.process_time()
    for _ in lab.progress(range(10_000)):
        pass
    assert time.process_time() - began < 0.5
    assert said(settled(shown)[0]) == ("", 10_000, 10_000, "done")
    assert len(shown) < 20


def test_at_most_five_a_second_are_sent(shown: Shown) -> None:
    for _ in lab.progress(range(100)):
        time.sleep(0.005)
    assert 3 <= len(settled(shown) and shown) <= 2 + 5 * shown[-1]["seconds"]


def test_a_length_that_nobody_knows_is_none_unless_it_is_given(shown: Shown) -> None:
    def letters() -> Iterator[str]:
        yield from "ab"

    for _ in lab.progress(letters(), "unknown"):
        pass
    for _ in lab.progress(letters(), "given", total=2):
        pass
    for _ in lab.progress(iter([1, 2]), "hinted"):
        pass
    assert [said(output)[2] for output in settled(shown)] == [None, 2, 2]


def test_a_loop_that_is_left_says_where(shown: Shown) -> None:
    for number in lab.progress(range(1000), "training"):
        if number == 412:
            break
    assert said(settled(shown)[0]) == ("training", 412, 1000, "stopped")


def test_a_loop_that_fails_says_where_also_if_its_frame_is_still_held(shown: Shown) -> None:
    held = []
    with contextlib.suppress(ZeroDivisionError):
        try:
            for number in lab.progress(range(10)):
                1 / (3 - number)
        except ZeroDivisionError as error:
            held.append(error)
            raise
    assert said(settled(shown)[0]) == ("", 3, 10, "stopped")


def test_a_bar_within_a_bar_has_one_place(shown: Shown) -> None:
    for _ in lab.progress(range(3), "epochs"):
        for _ in lab.progress(range(2), "train"):
            pass
        for _ in lab.progress(range(1), "validate"):
            pass
    assert [said(output) for output in settled(shown)] == [
        ("epochs", 3, 3, "done"),
        ("train", 2, 2, "done"),
        ("validate", 1, 1, "done"),
    ]


def test_one_loop_after_another_has_a_line_each_up_to_ten(shown: Shown) -> None:
    for _ in range(30):
        list(lab.progress(range(1), "again"))
    assert len(settled(shown)) == bars.MOST_ALIKE


def test_where_nothing_is_shown_nothing_is_described(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "SINK", None)
    monkeypatch.setattr(display, "describe", lambda thing: pytest.fail("described"))
    assert list(lab.progress([1, 2])) == [1, 2]
