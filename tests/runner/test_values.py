"""Values travel without pickles: what arrives is what was sent, and a forged frame is an error."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workers import lab, values
from workers.wire import WireError


def there_and_back(value: Any) -> Any:
    return values.unpack(*values.pack(value))


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -(2**80), 2.5, math.inf, "é", [], [1, [2]], (1, (2,)), {}, {"a": [1], 3: (None,)}],
    ids=repr,
)
def test_plain_values_arrive_as_they_were(value: Any) -> None:
    back = there_and_back(value)
    assert back == value
    assert type(back) is type(value)


def test_nan_arrives_as_nan() -> None:
    assert math.isnan(there_and_back(float("nan")))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.int64, torch.bool])
def test_a_tensor_keeps_its_shape_and_dtype(dtype: torch.dtype) -> None:
    tensor = torch.arange(6).reshape(2, 3).to(dtype)
    back = there_and_back(tensor)
    assert back.dtype == dtype
    assert torch.equal(back, tensor)


def test_tensors_that_share_storage_all_arrive() -> None:
    whole = torch.arange(12.0).reshape(3, 4)
    tied = {"whole": whole, "again": whole, "view": whole[1], "turned": whole.T, "part": whole[:, 1:3]}
    back = there_and_back(tied)
    assert all(torch.equal(back[name], tensor) for name, tensor in tied.items())


def test_a_tensor_with_a_gradient_or_without_an_element_arrives() -> None:
    needs = torch.ones(2, requires_grad=True)
    assert torch.equal(there_and_back(needs * 2), torch.full((2,), 2.0))
    assert there_and_back(torch.zeros(0, 3)).shape == (0, 3)
    assert there_and_back(torch.tensor(2.0)).shape == ()
    assert there_and_back(torch.nn.Parameter(torch.ones(1))).equal(torch.ones(1))
    assert there_and_back(torch.eye(2).to_sparse()).equal(torch.eye(2))


def test_numpy_arrives_as_tensors_and_numbers() -> None:
    back = there_and_back({"array": np.arange(3)[::-1], "number": np.float32(0.5), "flag": np.bool_(True)})
    assert back["array"].tolist() == [2, 1, 0]
    assert (back["number"], back["flag"]) == (0.5, True)


def test_a_subclass_that_lies_arrives_as_what_it_holds() -> None:
    class Liar(torch.Tensor):
        def __eq__(self, other: object) -> bool:  # type: ignore[override]
            return True

    class Text(str):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = str.__hash__

    back = there_and_back([torch.ones(2).as_subclass(Liar), Text("no")])
    assert type(back[0]) is torch.Tensor
    assert type(back[1]) is str


def test_a_shipped_model_arrives_as_the_one_loaded_there() -> None:
    assert values.pack(lab.load("attn-only-1l"))[0] == {"$model": "attn-only-1l"}
    assert there_and_back(lab.load("attn-only-1l")) is lab.load("attn-only-1l")


def test_a_factored_matrix_arrives_factored() -> None:
    model = lab.load("attn-only-1l")
    back = there_and_back(model.OV)
    assert type(back).__name__ == "FactoredMatrix"
    assert torch.equal(back.A, model.OV.A)


def test_a_figure_arrives_as_json_with_its_numbers_as_tensors() -> None:
    figure = lab.heatmap(torch.tensor([[0.25, 1.0], [0.5, 0.75]]), title="induction", heads=True)
    back = there_and_back(figure)
    assert torch.equal(back["data"][0]["z"], torch.tensor([[0.25, 1.0], [0.5, 0.75]]))
    assert back["layout"]["title"]["text"] == "induction"
    listed = there_and_back(go.Figure(go.Bar(x=["a", "b"], y=[1, None])))
    assert listed["data"][0]["x"] == ["a", "b"]


def test_what_cannot_travel_arrives_as_its_name_and_repr() -> None:
    class Stubborn:
        def __repr__(self) -> str:
            raise RuntimeError

    assert there_and_back(object).type == "type"
    assert there_and_back(Stubborn()) == values.Opaque("Stubborn", "<Stubborn>")
    assert there_and_back({1}).repr == "{1}"


def test_too_much_is_refused_with_a_sentence() -> None:
    deep: list[Any] = []
    for _ in range(100):
        deep = [deep]
    for value in (deep, torch.zeros(20 << 20), 1 << 5000, list(range(300_000))):
        with pytest.raises(values.Untransferable, match=r"^The value .*\.$"):
            values.pack(value)


@pytest.mark.parametrize(
    "forged",
    [
        {"$tensor": "0"},
        {"$tensor": []},
        {"$tuple": 3},
        {"$dict": [[1]]},
        {"$dict": [[[1], 2]]},
        {"$float": "1e400"},
        {"$float": 3},
        {"$factored": ["0", "1"]},
        {"$model": "../../etc/passwd"},
        {"$figure": 3},
        {"$figure": {"data": [{"z": {"dtype": "O", "bdata": "AAAA"}}]}},
        {"$figure": {"data": [{"z": {"dtype": "f4", "bdata": "AAAA", "shape": "9, 9"}}]}},
        {"$repr": "x"},
        {"$unknown": 1},
        {"$tuple": [], "more": 1},
        {},
    ],
    ids=repr,
)
def test_a_forged_value_is_an_error_and_nothing_else(forged: Any) -> None:
    with pytest.raises(WireError):
        values.unpack(forged)


def test_a_forged_body_is_an_error() -> None:
    packed, body = values.pack(torch.ones(3))
    for broken in (body[:-1], b"\xff" * 8 + body, b"\x80\x04\x95pickle", body[:8]):
        with pytest.raises(WireError):
            values.unpack(packed, broken)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["$tuple", "$dict", "$float", "$repr", "$tensor", "a"]), inner)
    ),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(json_values)
def test_any_json_gives_a_value_or_a_wire_error(packed: Any) -> None:
    with contextlib.suppress(WireError):
        values.unpack(packed)
