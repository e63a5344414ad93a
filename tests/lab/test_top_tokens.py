"""lab.top_tokens: the best few candidates of each place, as torch.topk finds them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from workers import lab


def test_the_best_candidates_of_each_row_come_first() -> None:
    values = torch.tensor([[1.0, 3.0, 2.0], [9.0, -5.0, 0.0]])
    view = lab.top_tokens(values, "abc", axis="neuron", k=2)
    assert (view.rows, view.columns, view.words) == (["0", "1"], [], [["b", "c"], ["a", "c"]])
    assert view.values.tolist() == [[3, 2], [9, 0]]
    assert lab.top_tokens(values, "abc", k=1, largest=False).words == [["a"], ["b"]]
    assert repr(view) == "TopTokens(2 places, the best 2)"


def test_a_logit_lens_has_a_list_for_each_layer_and_token() -> None:
    model = lab.load("attn-only-2l")
    ids = model.to_tokens("The fox saw Simon Crane")
    words = model.to_str_tokens(ids[0])
    logits = model(ids)[0]
    lens = torch.stack([torch.randn_like(logits), logits])
    view = lab.top_tokens(lens, model, columns=words, rows=["noise", "model"], k=3)
    assert len(view.words) == 2 * len(words)
    assert view.words[-1][0] == model.to_string(logits[-1].argmax())
    assert repr(view) == f"TopTokens(2 × {len(words)} places, the best 3)"


def test_of_fewer_candidates_than_k_all_are_shown() -> None:
    assert lab.top_tokens(torch.eye(2), "ab", k=5).values.shape == (2, 2)


@pytest.mark.parametrize(
    ("values", "candidates", "options", "sentence"),
    [
        (torch.zeros(3), "abc", {}, r"\[row, candidate\] or \[row, column, candidate\]"),
        (torch.zeros(0, 3), "abc", {}, r"these have shape \[0, 3\]"),
        (torch.full((1, 3), torch.inf), "abc", {}, "not finite"),
        (torch.zeros(2, 3), "ab", {}, "3 values a place, but 2 candidates"),
        (torch.zeros(2, 3), "abc", {"k": 21}, "1 to 20 best, not 21"),
        (torch.zeros(2, 3), "abc", {"rows": [1]}, "2 rows but 1 names"),
        (torch.zeros(2, 3), "abc", {"columns": "xyz"}, "Leave `columns` out"),
        (torch.zeros(2, 4, 3), "abc", {"columns": "xyz"}, "4 columns but 3 names"),
        (torch.zeros(100, 200, 3), "abc", {"k": 2}, "fewer rows, fewer columns or a smaller k"),
    ],
)
def test_what_does_not_fit_is_explained(
    values: torch.Tensor, candidates: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.top_tokens(values, candidates, **options)
