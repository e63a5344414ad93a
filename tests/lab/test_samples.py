"""lab.samples: of many texts those in which something fires most, in their order."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import torch

from workers import lab

TEXTS = [["a", "b"], ["c"], ["d", "e", "f"]]


def test_texts_stand_in_the_order_of_their_largest_value() -> None:
    view = lab.samples(TEXTS, [torch.tensor([0.0, 2.0]), torch.tensor([5.0]), torch.tensor([3.0, -9.0, 1.0])])
    assert view.orders == [[1, 2, 0]]
    assert repr(view) == "Samples(3 texts for 1 features)"


def test_each_feature_has_its_own_texts_and_others_stay_behind() -> None:
    values = [torch.tensor([[0.0, 8.0], [2.0, 0.0]]), torch.tensor([[5.0, 1.0]]), torch.zeros(3, 2)]
    view = lab.samples(TEXTS, values, k=1, axis="neuron", names=["x", "y"])
    assert (view.texts, view.places, view.orders) == ([["a", "b"], ["c"]], [0, 1], [[1], [0]])
    shown = view.describe_output()
    numbers = torch.frombuffer(bytearray(base64.b64decode(shown["data"])), dtype=torch.float32)
    assert numbers.tolist() == [0, 2, 5, 8, 0, 1]  # x of all tokens, then y
    assert shown["axis"] == {"name": "neuron", "labels": ["x", "y"]}


@pytest.mark.parametrize(
    ("texts", "values", "options", "sentence"),
    [
        ([], [], {}, "activations for each text: 0 texts, 0"),
        (TEXTS, [torch.zeros(2)], {}, "3 texts, 1"),
        (TEXTS, torch.zeros(3, 3), {}, r"Text 0 has 2 tokens, but 3 values\. Cut padding off"),
        ([["a"]], [torch.zeros(1, 2, 3)], {}, r"shape \[1, 2, 3\]"),
        ([["a"], ["b"]], [torch.zeros(1, 2), torch.zeros(1, 3)], {}, r"numbers of features: \[2, 3\]"),
        ([["a"]], [torch.full((1,), torch.nan)], {}, "not finite"),
        ([torch.arange(2)], [torch.zeros(2)], {}, "these are ids"),
        ([["a"]], [torch.zeros(1)], {"k": 51}, "1 to 50 texts"),
        ([["a"]], [torch.zeros(1, 2)], {"names": ["x"]}, "2 features but 1 names"),
        ([["a"] * 100] * 20, [torch.rand(100, 400) for _ in range(20)], {}, "fewer features or a smaller k"),
    ],
)
def test_what_does_not_fit_is_explained(
    texts: Any, values: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.samples(texts, values, **options)
