"""Figures, attention, drawings and values show themselves, in the order they are made."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from tests.runner.conftest import Seen

Run = Callable[..., Seen]
GO = "import numpy, plotly.graph_objects as go"


def kinds(seen: Seen) -> list[str]:
    assert seen.error is None
    return [output["kind"] for output in seen.outputs]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("lab.heatmap([[1.0, 2.0]])", ["figure"]),
        ("import plotly.express as px\npx.line(y=[1, 2]).show()", ["figure"]),
        (f"{GO}\nf = go.Figure(go.Bar(y=[1]))\nlab.show(f)\nf", ["figure", "figure"]),
        ("import torch\nlab.attention(['a', 'b'], torch.eye(2)[None])", ["attention"]),
        ("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\n1", ["image", "result"]),
        ("import matplotlib.pyplot as plt\nplt.plot([1, 2])", ["image"]),
        ("import matplotlib.pyplot as plt\nf, a = plt.subplots()\na.plot([1])\nf.show()", ["image"]),
        ("import matplotlib.pyplot as plt\nplt.figure();", []),
        ("import pandas\npandas.DataFrame({'a': [1]})", ["result"]),
        ("for i in range(3): lab.show(i)", ["result", "result", "result"]),
        ("lab.show(None)", []),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_things_show_themselves(run: Run, source: str, expected: list[str]) -> None:
    assert kinds(run(source)) == expected


def test_text_comes_before_the_figure_that_is_shown_after_it(run: Run) -> None:
    seen = run("print('before', end='')\nlab.show(1)\nraise SystemExit")
    assert (seen.text, seen.result) == ("before", "1")


def test_a_drawing_is_a_png_with_its_title_as_alternative(run: Run) -> None:
    output = run("import matplotlib.pyplot as plt\nplt.plot([1])\nplt.title('loss')").outputs[0]
    assert base64.b64decode(output["png"]).startswith(b"\x89PNG")
    assert output["alt"] == "loss"


def test_a_drawing_of_a_cell_that_failed_is_not_shown_by_the_next(run: Run) -> None:
    seen = run("import matplotlib.pyplot as plt\nplt.plot([1])\n1 / 0")
    assert seen.outputs == []


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (f"{GO}\ngo.Figure(go.Scatter(y=numpy.zeros(1_200_000)))", "larger than 4 MB"),
        (f"{GO}\ngo.Figure(go.Scatter(y=numpy.zeros(3_000_000)))", "larger than 8 MB"),
        (f"{GO}\ngo.Figure(go.Scatter3d(x=[1], y=[1], z=[1]))", "cannot draw"),
        ("class A:\n    def describe_output(self): return {'kind': 'html', 'text': 'x'}\nA()", "cannot show"),
    ],
    ids=["large", "larger", "three dimensions", "forged"],
)
def test_what_cannot_be_shown_is_a_notice_and_no_error(run: Run, source: str, sentence: str) -> None:
    seen = run(source)
    assert kinds(seen) == ["notice"]
    assert sentence in seen.result


def test_after_the_last_allowed_figure_comes_one_notice(run: Run) -> None:
    seen = run("for i in range(9): lab.show(i)", outputs=5)
    assert kinds(seen) == ["result"] * 5 + ["notice"]
    assert "first 5" in seen.result


def test_a_long_result_is_cut(run: Run) -> None:
    assert "980002 more characters" in run("'x' * 1_000_000").result
