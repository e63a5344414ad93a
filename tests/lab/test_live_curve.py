"""lab.LiveCurve: lines that grow in place, thinned when they are long, exact at their ends."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
import torch

from workers import lab
from workers.lab import curves, display
from workers.outputs import check_output

Shown = list[dict[str, Any]]


def test_it_grows_in_one_place_and_the_last_point_is_always_shown(shown: Shown) -> None:
    curve = lab.LiveCurve("Training", x_title="step", y_title="loss")
    for step in range(300):
        curve.add(step, loss=1 / (step + 1))
    display.settle()
    assert len({output["key"] for output in shown}) == 1
    assert len(shown) < 10
    assert shown[-1]["title"] == "Training"
    figure = curve.figure()
    assert (figure.data[0].name, len(figure.data[0].x), figure.data[0].y[-1]) == ("loss", 300, 1 / 300)
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("step", "loss")
    assert check_output({**shown[-1], "key": ""}) == {k: v for k, v in shown[-1].items() if k != "key"}


def test_lines_have_points_of_their_own_and_levels_reach_from_end_to_end(shown: Shown) -> None:
    curve = lab.LiveCurve().level("bigram entropy", torch.tensor(2.31))
    for step in range(10):
        curve.add(step, loss=torch.tensor(1.0, requires_grad=True))
        if step % 5 == 4:
            curve.add(step, validation=np.float32(2))
    loss, validation, level = curve.figure().data
    assert [len(line.x) for line in (loss, validation, level)] == [10, 2, 2]
    assert (level.name, list(level.x), level.line.dash) == ("bigram entropy (2.31)", [0, 9], "dash")
    assert list(level.y) == [pytest.approx(2.31)] * 2


@pytest.mark.parametrize("count", [1999, 2000, 2001, 12_345, 100_000])
def test_a_long_line_is_thinned_evenly_and_exact_at_its_ends(count: int) -> None:
    curve = lab.LiveCurve()
    for step in range(count):
        curve.add(step, loss=-step)
    x, y = curve.figure().data[0].x, curve.figure().data[0].y
    assert curves.MOST_POINTS / 2 <= len(x) <= curves.MOST_POINTS
    assert (x[0], y[0], x[-1], y[-1]) == (0, 0, count - 1, 1 - count)
    assert len(set(np.diff(x[:-1]))) == 1


def test_what_is_not_finite_is_a_gap(shown: Shown) -> None:
    curve = lab.LiveCurve()
    for value in (1.0, float("inf"), float("nan"), 2.0):
        curve.add(len(shown), loss=value)
    assert [bool(np.isnan(y)) for y in curve.figure().data[0].y] == [False, True, True, False]
    display.settle()
    check_output(shown[-1])


def test_what_is_no_number_is_explained() -> None:
    with pytest.raises(ValueError, match="loss is not one number"):
        lab.LiveCurve().add(0, loss=torch.ones(2))
    with pytest.raises(ValueError, match="at most 20 lines"):
        lab.LiveCurve().add(0, **{f"line {number}": 0 for number in range(21)})


def test_without_points_it_is_an_empty_figure() -> None:
    assert len(lab.LiveCurve("Nothing yet").figure().data) == 0
    assert list(lab.LiveCurve().level("zero", 0).figure().data[0].x) == [0, 1]


def test_it_can_be_shown_like_any_figure(shown: Shown) -> None:
    curve = lab.LiveCurve("A curve")
    lab.show(curve)
    assert [(output["kind"], output.get("key")) for output in shown] == [("figure", None)]


def test_ten_thousand_points_cost_little(shown: Shown) -> None:
    curve = lab.LiveCurve()
    curve.add(0, loss=0.0)
    began = time.process_time()
    for step in range(10_000):
        curve.add(step, loss=0.5, validation=0.25)
    assert time.process_time() - began < 1.5
