"""A returned value becomes what the annotation promises, or a sentence that says what is wrong with it."""

from __future__ import annotations

from typing import Any, Literal

import plotly.graph_objects as go
import pytest
import torch
from jaxtyping import Bool, Float, Int, Num
from torch import Tensor

from workers.examiner.figures import Figure
from workers.examiner.judge import judge
from workers.examiner.shapes import bind
from workers.examiner.trouble import Unfit
from workers.values import Opaque, decode_figure, figure_json

PATTERN = Float[Tensor, "head query key"]
DIMS = bind({"pattern": torch.zeros(2, 5, 5), "period": 3}, {"pattern": PATTERN})


def judged(value: Any, annotation: Any) -> Any:
    return judge(value, annotation, dict(DIMS), "`f`")


@pytest.mark.parametrize(
    ("value", "annotation"),
    [
        (torch.zeros(2), Float[Tensor, "head"]),
        (torch.zeros(2, 5), Float[Tensor, "head query"]),
        (torch.zeros(9, 9), Float[Tensor, "n n"]),
        (torch.zeros(7), Float[Tensor, "2*period+1"]),
        (torch.zeros(6), Float[Tensor, "{period}*2"]),
        (torch.zeros(4), Float[Tensor, "key-1"]),
        (torch.zeros(1, 2, 3, 5), Float[Tensor, "*batch key"]),
        (torch.zeros(2, 8, 1, 5), Float[Tensor, "head ... key"]),
        (torch.zeros(4, 1), Float[Tensor, "_ 1"]),
        (torch.zeros(4), Float[Tensor, "rows=4"]),
        (torch.zeros(2, dtype=torch.float64), Float[Tensor, "head"]),
        (torch.zeros(2, dtype=torch.int32), Int[Tensor, "head"]),
        (torch.zeros(2) > 1, Bool[Tensor, "head"]),
        (torch.zeros(2), Num[Tensor, "head"]),
        (torch.zeros(2).long(), Num[Tensor, "head"]),
        (torch.zeros(2), Tensor),
        (True, bool),
        (3, int),
        (0.5, float),
        ("a", str),
        (None, None),
        ("a", Literal["a", "b"]),
        (None, float | None),
        ([1, 2], list[int]),
        ({"a": 1.0}, dict[str, float]),
        ((1, "a"), tuple[int, str]),
        ([(1, 2)], list[tuple[int, int]]),
        ({"anything": [1, "a", torch.zeros(2)]}, Any),
    ],
)
def test_these_are_as_promised(value: Any, annotation: Any) -> None:
    judged(value, annotation)


@pytest.mark.parametrize(
    ("value", "annotation", "becomes"),
    [
        (torch.ones(2).long(), Float[Tensor, "head"], torch.ones(2)),
        (torch.ones(2).half(), Float[Tensor, "head"], torch.ones(2)),
        (torch.ones(2, dtype=torch.uint8), Int[Tensor, "head"], torch.ones(2).long()),
        (0.5, Float[Tensor, ""], torch.tensor(0.5)),
        (torch.tensor(0.5), float, 0.5),
        (2, float, 2.0),
        (torch.tensor(2), int, 2),
        (torch.tensor([1, 2]), list[int], [1, 2]),
        ((1, 2), list[int], [1, 2]),
        ([1, 2], tuple[int, int], (1, 2)),
    ],
)
def test_what_is_harmless_is_widened(value: Any, annotation: Any, becomes: Any) -> None:
    found = judged(value, annotation)
    assert type(found) is type(becomes)
    assert torch.equal(found, becomes) if isinstance(becomes, Tensor) else found == becomes
    if isinstance(becomes, Tensor):
        assert found.dtype == becomes.dtype


@pytest.mark.parametrize(
    ("value", "annotation", "sentence"),
    [
        (torch.zeros(3), Float[Tensor, "head"],
         "with shape (3,). Expected: a tensor of numbers with shape (head=2,"),
        (torch.zeros(2, 3), Float[Tensor, "n head"] | None,
         "Expected: a tensor of numbers with shape (n, head=2) or nothing."),
        (torch.zeros(2, 3), Float[Tensor, "n n"],
         "with shape (2, 3). Expected: a tensor of numbers with shape (n, n)."),
        (torch.zeros(2), Int[Tensor, "n"],
         "a tensor of numbers (float32) with shape (2,). Expected: a tensor of whole numbers"),
        (torch.zeros(2) > 0, Float[Tensor, "n"], "a tensor of truth values (bool) with shape (2,)."),
        (torch.zeros(2) + 1j, Float[Tensor, "n"], "a tensor of complex numbers (complex64)"),
        (0.5, Float[Tensor, "n"], "`f` returned 0.5 (float). Expected: a tensor"),
        ([0.5], Float[Tensor, "n"], "`f` returned a list of 1. Expected: a tensor"),
        (None, Float[Tensor, "n"],
         "nothing (None). Expected: a tensor of numbers with shape (n,). Is a `return` missing?"),
        (torch.tensor([1.0, float("nan")]), Float[Tensor, "n"],
         "`f` returned nan at [1]. Every value has to be a finite number"),
        (torch.full((3,), float("inf")), Tensor, "`f` returned inf at [0] and 2 more places."),
        (float("-inf"), float, "`f` returned -inf: not a finite number."),
        (True, int, "`f` returned True (bool). Expected: a whole number."),
        (1.5, int, "`f` returned 1.5 (float). Expected: a whole number."),
        (1, bool, "`f` returned 1 (int). Expected: True or False."),
        ("c", Literal["a", "b"], "`f` returned the text 'c'. Expected: one of 'a', 'b'."),
        (3, None, "`f` returned 3 (int). Expected: nothing."),
        ((1, 2, 3), tuple[int, int],
         "`f` returned 3 values. Expected: a tuple of 2: a whole number; a whole number."),
        ([1, "a"], list[int], "`f` returned, at entry 1, the text 'a'. Expected: a whole number."),
        ({"a": float("nan")}, dict[str, float], "`f` returned, for 'a', nan: not a finite number."),
        ([[1, None]], list[list[int]], "`f` returned, at entry 0, at entry 1, nothing (None)."),
        ({"a": [float("nan")]}, Any, "`f` returned, for 'a', at entry 0, nan: not a finite number."),
        (Opaque("Linear", "Linear()"), Any, "`f` returned a `Linear` object, which cannot be handed in."),
        (3, go.Figure, "`f` returned 3 (int). Expected: a Plotly figure."),
        (10**400, float, "`f` returned a whole number of 401 digits."),
    ],
)  # fmt: skip
def test_these_are_not_and_a_sentence_says_why(value: Any, annotation: Any, sentence: str) -> None:
    with pytest.raises(Unfit) as unfit:
        judged(value, annotation)
    assert sentence in str(unfit.value)


def test_what_did_not_fit_binds_no_names() -> None:
    dims = dict(DIMS)
    with pytest.raises(Unfit):
        judge(torch.zeros(4, 3), Float[Tensor, "new head"], dims, "`f`")
    assert dims == DIMS


def test_arguments_bind_their_names() -> None:
    assert DIMS == {"period": 3, "head": 2, "query": 5, "key": 5}


def figure(*traces: Any, **layout: Any) -> Figure:
    found = judged(decode_figure(figure_json(go.Figure(list(traces), layout))), go.Figure)
    assert isinstance(found, Figure)
    return found


def test_a_figures_numbers_are_tensors() -> None:
    shown = figure(
        go.Scatter(y=[1, 2]), go.Heatmap(z=torch.eye(2).numpy()), xaxis={"title": {"text": "head"}}
    )
    assert torch.equal(shown.values("heatmap", "z"), torch.eye(2))
    assert shown.values("scatter", "y").tolist() == [1, 2]
    assert shown.text("xaxis", "title") == "head"
    assert shown.text("yaxis", "title") == ""


def test_what_checks_calculate_with_is_of_one_precision() -> None:
    """Torch refuses to compare float64 with float32; nobody's answer is wrong for that."""
    for value in (torch.ones(2).double(), torch.ones(2).half(), torch.ones(2).int()):
        assert torch.allclose(judged(value, Float[Tensor, "head"]), torch.ones(2))
    for numbers in ([[1, 0], [0, 1]], torch.eye(2).double().numpy(), torch.eye(2).int().numpy()):
        assert torch.allclose(figure(go.Heatmap(z=numbers)).values("heatmap", "z"), torch.eye(2))


def test_a_whole_number_that_no_tensor_holds_is_told_so() -> None:
    for annotation in (Float[Tensor, ""], Int[Tensor, ""]):
        with pytest.raises(Unfit, match="a whole number of 301 digits"):
            judged(10**300, annotation)
    with pytest.raises(Unfit, match="finite"):
        judged(float("nan"), Float[Tensor, ""])


@pytest.mark.parametrize(
    ("shown", "sentence"),
    [
        (lambda: figure(go.Bar(y=[1])).values("heatmap", "z"), "The figure has no heatmap; it draws bar."),
        (lambda: figure().trace("heatmap"), "The figure has no heatmap; it draws nothing."),
        (lambda: figure(go.Heatmap(x=["a"])).values("heatmap", "z"), "The heatmap has no numbers for `z`."),
        (lambda: figure(go.Heatmap(z=[[1, None]])).values("heatmap", "z"), "no numbers for `z`."),
        (lambda: figure(go.Heatmap(z=[[1], [1, 2]])).values("heatmap", "z"), "no numbers for `z`."),
    ],
)
def test_a_figure_without_them_is_told_so(shown: Any, sentence: str) -> None:
    with pytest.raises(Unfit) as unfit:
        shown()
    assert sentence in str(unfit.value)
