"""lab.beside: two figures on the same scales, one over the other, subtracted, and compared in words."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.express as px
import plotly.graph_objects as go
import pytest
import torch

from workers import lab
from workers.lab import besides
from workers.lab.besides import Beside, compared
from workers.outputs import check_output
from workers.values import decode_figure, figure_json


def views(found: Beside) -> dict[str, list[dict[str, Any]]]:
    """Name → figures, as a page would get them, with their numbers as tensors."""
    checked = check_output(found.describe_output())
    assert checked["words"] == found.words
    return {view["name"]: [decode_figure(figure) for figure in view["figures"]] for view in checked["views"]}


def test_heat_maps_share_their_colours_and_are_subtracted_cell_by_cell() -> None:
    ours = torch.rand(2, 8)
    yours = ours.clone()
    yours[1, 6] += 0.75
    found = lab.beside(lab.heatmap(yours, title="Scores"), lab.heatmap(ours, title="Induction", heads=True))
    seen = views(found)
    assert list(seen) == ["Side by side", "Overlaid", "Difference"]
    scales = {(figure["data"][0]["zmin"], figure["data"][0]["zmax"]) for figure in seen["Side by side"]}
    assert len(scales) == 1
    assert [figure["layout"]["title"]["text"] for figure in seen["Side by side"]] == [
        "Yours: Scores",
        "Ours: Induction",
    ]
    assert len(seen["Overlaid"][0]["data"]) == 2
    torch.testing.assert_close(seen["Difference"][0]["data"][0]["z"], yours - ours)
    assert found.words.startswith("The largest deviation is 0.75, in row 1, column 6: yours is ")


def test_a_heat_map_of_another_library_or_of_lists_is_compared_too() -> None:
    ours = lab.heatmap([[0.0, 1.0]], x=["a", "b"])
    for yours in (px.imshow([[0.0, 3.0]]), go.Figure(go.Heatmap(z=[[0, 3]]))):
        found = lab.beside(yours, ours)
        assert "row 0, column 1 (“b”): yours is 3 there, ours 1" in found.words
        assert views(found)["Side by side"][0]["data"][0]["zmax"] == 3


def test_heat_maps_of_other_sizes_are_only_put_side_by_side() -> None:
    found = lab.beside(lab.heatmap(torch.rand(8, 2)), lab.heatmap(torch.rand(2, 8)))
    assert list(views(found)) == ["Side by side"]
    assert found.words.startswith("Yours has 8 rows and 2 columns, ours 2 rows and 8 columns")


def test_lines_are_subtracted_where_both_are_whatever_their_points() -> None:
    yours = lab.line([0.0, 10.0, 25.0], x=[0, 10, 20])
    ours = lab.line([5.0, 10.0, 15.0, 30.0], x=[5, 10, 15, 30], x_title="step", y_title="loss")
    found = lab.beside(yours, ours)
    seen = views(found)
    (difference,) = seen["Difference"][0]["data"]
    assert difference["x"].tolist() == [5, 10, 15, 20]
    assert difference["y"].tolist() == [0, 0, 2.5, 5]
    assert found.words == "The largest deviation is 5, at 20: yours is 25 there, ours 20."
    ranges = [figure["layout"]["xaxis"]["range"] for figure in seen["Side by side"]]
    assert ranges == [[-1.5, 31.5]] * 2
    assert seen["Overlaid"][0]["layout"]["xaxis"]["title"]["text"] == "step"


def test_lines_find_each_other_by_name_and_else_by_order() -> None:
    ours = lab.line({"train": [1.0, 2.0], "test": [3.0, 4.0]})
    found = lab.beside(lab.line({"test": [3.0, 4.0], "train": [1.0, 2.0]}), ours)
    assert found.words.startswith("Where both have points, they agree")
    found = lab.beside(lab.line({"a": [1.0, 2.0], "b": [3.0, 4.5], "c": [0.0, 0.0]}), ours)
    assert found.words.startswith("Yours has 3 lines, ours 2. The largest deviation is 0.5, at 1 of “test”")


def test_the_same_figures_agree_and_so_do_those_that_were_rounded() -> None:
    values = torch.rand(3, 3, dtype=torch.float64)
    assert "agree" in lab.beside(lab.heatmap(values), lab.heatmap(values + 1e-9)).words
    assert "agree" in lab.beside(lab.line(values[0]), lab.line(values[0])).words


def test_lines_without_a_common_place_say_so() -> None:
    found = lab.beside(lab.line([1.0, 2.0], x=[0, 1]), lab.line([1.0, 2.0], x=[5, 6]))
    assert list(views(found)) == ["Side by side", "Overlaid"]
    assert "no place in common" in found.words


def test_gaps_and_long_lines_are_fine() -> None:
    y = np.sin(np.arange(50_000) / 1000)
    found = lab.beside(lab.line(y), lab.line(np.where(y > 0.9, np.nan, y)))
    assert len(views(found)["Difference"][0]["data"][0]["x"]) == besides.MOST_POINTS
    assert "agree" not in lab.beside(lab.heatmap([[float("nan"), 2.0]]), lab.heatmap([[1.0, 1.0]])).words


@pytest.mark.parametrize(
    ("yours", "ours"),
    [
        (lab.heatmap([[1.0]]), lab.line([1.0])),
        (go.Figure(), lab.line([1.0])),
        (go.Figure(go.Bar(y=[1])), go.Figure(go.Bar(y=[1]))),
        (go.Figure(go.Scatter(y=["a", "b"])), lab.line([1.0])),
    ],
)
def test_what_cannot_be_compared_is_explained(yours: go.Figure, ours: go.Figure) -> None:
    with pytest.raises(ValueError, match="These two figures cannot be compared"):
        lab.beside(yours, ours)


@pytest.mark.parametrize(
    "claimed",
    [
        {"data": ["x", {"type": "scatter", "y": [1, 2], "name": {"a": 1}}], "layout": "x"},
        {"data": [{"y": [1, 2], "x": [3, 4]}], "layout": {"xaxis": "x", "title": ["x"]}},
        {"data": [{"y": [1, 2], "mode": 7}], "layout": {"xaxis": {"type": "log"}}},
    ],
)
def test_odd_figures_are_compared_all_the_same(claimed: dict[str, Any]) -> None:
    assert compared(claimed, figure_json(lab.line([1.0, 2.0]))).words
