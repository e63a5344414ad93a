"""Shapes of what a pressed cell assigns, with names of axes from its own code; and which axes met."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from workers import lab
from workers.lab import display
from workers.runner import errors
from workers.runner.cells import Notebook

HEAD = """import torch
from einops import einsum, rearrange
from jaxtyping import Float
from torch import Tensor
"""


def notes(source: str, monkeypatch: pytest.MonkeyPatch, *, head: str = HEAD) -> list[tuple[Any, ...]]:
    """(line below the imports, name, shape, axes, varies) of each note."""
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(display, "SINK", shown.append)
    notebook = Notebook()
    notebook.run("cell", head + source, notes=True)
    told = [line for output in shown if output["kind"] == "shapes" for line in output["lines"]]
    return [(line - head.count("\n"), *rest) for line, *rest in told]


def test_assigned_tensors_are_noted_with_their_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "x = torch.zeros(2, 3)\nn = 5\nz, y = x[0], x.T\nx += 1\n"
    assert notes(source, monkeypatch) == [
        (1, "x", "[2, 3]", "", False),
        (3, "z", "[3]", "", False),
        (3, "y", "[3, 2]", "", False),
        (4, "x", "[2, 3]", "", False),
    ]


def test_a_pattern_names_the_axes(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "x = torch.zeros(2, 3, 4)\n"
        'y = rearrange(x, "b h w -> b (h w)")\n'
        'z = einsum(x, x, "b q d, b k d -> b q k")\n'
        'w = torch.einsum("bqd,bkd->bqk", x, x)\n'
    )
    assert [note[3] for note in notes(source, monkeypatch)] == ["", "b (h w)", "b q k", "b q k"]


def test_annotations_of_arguments_name_axes_where_a_size_has_one_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = (
        'def f(x: Float[Tensor, "batch pos d_model"], w: Float[Tensor, "d_model d_head"]):\n'
        "    q = x @ w\n"
        "    same = torch.zeros(5, 7)\n"
        "    return q\n"
        "f(torch.zeros(2, 5, 8), torch.zeros(8, 4))\n"
    )
    found = {name: axes for _, name, _, axes, _ in notes(source, monkeypatch)}
    assert found == {"q": "batch pos d_head", "same": "pos ·"}


def test_a_shape_that_changes_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "for n in range(3):\n    x = torch.zeros(n)\n"
    assert notes(source, monkeypatch) == [(2, "x", "[2]", "", True)]


def test_attributes_and_classes_are_noted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    source = (
        "class Layer(torch.nn.Module):\n"
        "    eps: float = 1e-5\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.w = torch.nn.Parameter(torch.ones(6))\n"
        "Layer()\n"
    )
    assert notes(source, monkeypatch) == [(5, "self.w", "[6]", "", False)]


def test_an_error_keeps_what_was_noted_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert notes("x = torch.zeros(2)\n1 / 0\n", monkeypatch) == [(1, "x", "[2]", "", False)]


def test_nothing_is_noted_without_being_asked_nor_after_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(display, "SINK", shown.append)
    notebook = Notebook()
    notebook.run("one", HEAD + "def f():\n    y = torch.ones(1)\n    return y\n", notes=True)
    notebook.run("two", "f();")
    notebook.run("three", "z = torch.ones(3)")
    assert shown == []


def test_lines_source_and_results_stay_as_they_were_written(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    monkeypatch.setattr(display, "SINK", shown.append)
    notebook = Notebook()
    source = "import torch\ndef f(x):\n    y = x + 1\n    z = y @ y\n    return z\nf(torch.ones(2, 3))"
    error = notebook.run("cell", source, notes=True)
    assert error is not None
    assert error["line"] == 4
    assert "    z = y @ y\n" in error["traceback"]
    assert "__note_shape__" not in error["traceback"]
    assert inspect.getsource(notebook.names["f"]).count("\n") == 4


def test_there_are_never_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    source = "".join(f"x{n} = torch.zeros(1)\n" for n in range(300))
    assert len(notes(source, monkeypatch)) == 200


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "a + b",
            "`b` is [4, 6]. Axes meet from the last one backwards, and 5 meets 6 at axis -1",
        ),
        ("a * b.T", "`b.T` is [6, 4]. Axes meet from the last one backwards, and 5 meets 4 at axis -1"),
        ("a @ b", "`@` sums over the last axis of the left (5) and the second last of the right (4)"),
        ('einsum(a, b, "x y z, y z -> x")', "`z` is 5 in `a` and 6 in `b`."),
        ('torch.einsum("xyz,yz->x", a, b)', "`z` is 5 in `a` and 6 in `b`."),
        ('torch.einsum("xy,yz->x", a, b)', "`a` is [2, 4, 5], but the pattern gives it 2 axes: `xy`."),
        ("torch.cat([a, b])", "`a` is [2, 4, 5], `b` is [4, 6]."),
        ("torch.nn.functional.linear(a, b)", "`a` is [2, 4, 5], `b` is [4, 6]."),
    ],
)
def test_a_shape_error_says_which_axes_met(line: str, said: str) -> None:
    assert lab  # the notebook's own
    notebook = Notebook()
    error = notebook.run("cell", f"{HEAD}a, b = torch.zeros(2, 4, 5), torch.zeros(4, 6)\n{line}")
    assert error is not None
    assert said in error["shapes"]


@pytest.mark.parametrize(
    "line",
    ["1 / 0", "raise ValueError('no dimension')", "int('x')", "def f():\n    return f()\nf()", "[][3]"],
)
def test_other_errors_are_left_as_they_are(line: str) -> None:
    error = Notebook().run("cell", f"import torch\na = torch.zeros(2)\n{line}")
    assert error is not None
    assert error["shapes"] == ""


def test_what_could_change_something_is_not_done_again() -> None:
    source = (
        "import torch\ncalls = []\n"
        "def grow(x):\n    calls.append(1)\n    return x\n"
        "a, b = torch.zeros(2, 3), torch.zeros(4)\ngrow(a) + b"
    )
    notebook = Notebook()
    error = notebook.run("cell", source)
    assert error is not None
    assert notebook.names["calls"] == [1]
    assert "`b` is [4]" in error["shapes"]


def test_an_error_of_a_library_far_below_is_explained_by_the_learners_line() -> None:
    notebook = Notebook()
    source = "import torch\nm = torch.nn.Linear(3, 2)\nx = torch.zeros(5, 4)\nm(x)"
    error = notebook.run("cell", source)
    assert error is not None
    assert error["line"] == 4
    assert "`x` is [5, 4]" in error["shapes"]
    assert errors.describe(ValueError("dimension"))["shapes"] == ""
