"""lab.heatmap, line, scatter and histogram: figures in both themes, checked with sentences, small as JSON."""

from __future__ import annotations

import json
import subprocess
import sys

import plotly.express as px
import pytest
import torch

from workers import lab
from workers.lab import display


def test_a_heat_map_of_positive_values_fades_from_zero() -> None:
    trace = lab.heatmap(torch.tensor([[1.0, 2.0]])).data[0]
    assert (trace.zmin, trace.zmax) == (0, 2)
    assert trace.colorscale[0][1].endswith(",0)")


def test_signed_values_are_coloured_around_zero() -> None:
    trace = lab.heatmap([[-1.0, 3.0]]).data[0]
    assert (trace.zmin, trace.zmax) == (-3, 3)
    assert lab.heatmap([[0.0]]).data[0].zmax == 1
    assert lab.heatmap([[float("nan"), 2.0]]).data[0].zmax == 2


def test_names_stand_at_places_so_that_tokens_may_repeat() -> None:
    figure = lab.heatmap(torch.rand(2, 3), x=["a", "b", "a"], y=["q", "r"])
    assert list(figure.layout.xaxis.tickvals) == [0, 1, 2]
    assert list(figure.layout.xaxis.ticktext) == ["a", "b", "a"]
    assert figure.layout.yaxis.autorange == "reversed"


def test_a_map_of_heads_says_so_and_names_its_axes() -> None:
    figure = lab.heatmap(torch.rand(2, 8), heads=True, title="induction", labels={"color": "score"})
    assert figure.layout.meta == {"heads": True}
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("head", "layer")
    assert figure.data[0].colorbar.title.text == "score"


def test_lines_come_from_a_tensor_a_table_or_names() -> None:
    assert [len(line.y) for line in lab.line(torch.arange(3.0)).data] == [3]
    assert [line.name for line in lab.line(torch.ones(2, 4)).data] == ["0", "1"]
    figure = lab.line({"two layers": [1, 2.5], "one layer": torch.ones(2)}, x=[10, 20], x_title="position")
    assert [line.name for line in figure.data] == ["two layers", "one layer"]
    assert list(figure.data[0].x) == [10, 20]
    assert figure.layout.showlegend
    assert figure.layout.xaxis.title.text == "position"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: lab.heatmap(torch.rand(3)), r"needs a table \[row, column\]; this has shape \[3\]"),
        (lambda: lab.heatmap(torch.rand(2, 2, 2)), "Choose one entry"),
        (lambda: lab.heatmap(torch.rand(0, 2)), "0 × 2 values cannot be shown"),
        (lambda: lab.heatmap(torch.rand(2, 2), x=["a"]), "x has 1 names, but there are 2 columns"),
        (lambda: lab.heatmap(torch.rand(2, 2), y=["a"]), "y has 1 names, but there are 2 rows"),
        (lambda: lab.line(torch.rand(2, 2, 2)), r"\[point\] or \[line, point\]"),
        (lambda: lab.line({"a": torch.rand(2, 2)}), "One line is a list of numbers"),
        (lambda: lab.line([1, 2], x=[1]), "has 2 points, but x has 1"),
    ],
)
def test_what_cannot_be_drawn_is_explained(make: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()  # type: ignore[operator]


def test_all_figures_leave_background_and_text_to_the_page() -> None:
    for figure in (lab.heatmap(torch.eye(2)), lab.line([1, 2]), px.line(y=[1, 2])):
        described = display.describe(figure)
        assert described is not None
        layout = described["figure"]["layout"]["template"]["layout"]
        assert layout["paper_bgcolor"] == layout["plot_bgcolor"] == "rgba(0,0,0,0)"
        assert "color" not in layout["font"]


def test_figures_are_small_as_json() -> None:
    described = display.describe(lab.heatmap(torch.rand(64, 64, dtype=torch.float64)))
    assert len(json.dumps(described)) < 26_000


def test_the_lab_needs_nothing_of_the_site() -> None:
    source = "import sys, workers.lab\nprint({'fastapi', 'sqlalchemy', 'celery'} & set(sys.modules))"
    said = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
    assert said.stdout.strip() == "set()", said.stderr


@pytest.mark.parametrize("module", ["workers.wire", "workers.outputs", "workers.runner.client"])
def test_what_the_worker_imports_needs_no_torch(module: str) -> None:
    source = f"import sys, {module}\nprint('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, timeout=120)
    assert said.stdout.strip() == "False", said.stderr


def test_points_come_from_a_table_a_pair_or_groups() -> None:
    assert list(lab.scatter(torch.tensor([[1.0, 2.0], [3.0, 4.0]])).data[0].x) == [1, 3]
    assert list(lab.scatter(([1, 2], [3, 4])).data[0].y) == [3, 4]  # type: ignore[arg-type]
    figure = lab.scatter(
        {"nouns": torch.rand(3, 2), "verbs": torch.rand(2, 2)}, names={"verbs": ["go", "do"]}
    )
    assert [group.name for group in figure.data] == ["nouns", "verbs"]
    assert [group.mode for group in figure.data] == ["markers", "markers+text"]
    assert lab.scatter(torch.rand(50, 2), names=range(50)).data[0].mode == "markers"


def test_histograms_share_their_bins() -> None:
    figure = lab.histogram({"yours": torch.arange(10.0), "reference": torch.full((2, 5), 19.0)}, bins=2)
    yours, reference = figure.data
    assert list(yours.x) == list(reference.x) == [4.75, 14.25]
    assert (list(yours.y), list(reference.y)) == ([10, 0], [0, 10])
    assert figure.layout.yaxis.title.text == "count"
    shares = lab.histogram({"a": torch.rand(7), "b": torch.rand(1000)}, share=True)
    assert [sum(group.y) for group in shares.data] == pytest.approx([1, 1])
    assert sum(lab.histogram(torch.tensor([1.0, float("nan"), 1.0])).data[0].y) == 2


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: lab.scatter(torch.rand(3, 3)), r"needs points \[point, 2\].*shape \[3, 3\]"),
        (lambda: lab.scatter(([1, 2], [3])), "2 values of x, but 1 of y"),
        (lambda: lab.scatter(torch.rand(3, 2), names=["a"]), "3 points, but 1 names"),
        (lambda: lab.histogram(torch.tensor([])), "needs finite numbers"),
        (lambda: lab.histogram(torch.rand(3), bins=0), "1 to 1000 bins"),
    ],
)
def test_points_and_values_that_cannot_be_drawn_are_explained(make: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        make()  # type: ignore[operator]
