"""Views in words and as a table, for pages where no script runs; and nothing can break them."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch

from app.plain_views import TAGS, in_plain
from tests.browser import hostile
from workers import lab
from workers.view_check import VIEWS


def plain(view: Any) -> Any:
    described = view.describe_output()
    return in_plain(json.loads(json.dumps(described)), described["kind"])


def test_every_kind_of_view_has_an_element() -> None:
    assert set(TAGS) == set(VIEWS)


def test_attention_says_what_each_head_reads_at_the_last_token() -> None:
    found = plain(lab.attention("abc", torch.tensor([[[1.0, 0, 0], [0, 1, 0], [0.1, 0.8, 0.1]]]), title="T"))
    assert found.words == "T: 1 heads over 3 tokens."
    assert (found.header[1], found.rows) == ("reads most at c (2)", [["0", "b (1)", "80%"]])


def test_a_guess_is_not_given_away() -> None:
    found = plain(lab.attention("ab", torch.eye(2)[None], guess=(0, 1)))
    assert found.rows == []


def test_tokens_have_a_row_each_with_their_columns() -> None:
    found = plain(lab.tokens(["a", "b"], {"x": [1, 2], "y": [0.5, -0.25]}))
    assert found.header == ["position", "token", "x", "y"]
    assert found.rows == [["0", "a", "1", "0.5"], ["1", "b", "2", "-0.25"]]


def test_predictions_stand_beside_their_token() -> None:
    found = plain(lab.log_probs(torch.tensor([[0.0, 9.0], [0.0, 0.0]]), [0, 1], vocabulary="ab"))
    assert found.header[-2:] == ["rank", "expected"]
    assert found.rows[1][-2:] == ["1", "b"]
    assert found.rows[0][2:4] == ["", ""]  # nobody predicted the first


def test_many_columns_are_named_and_cut() -> None:
    found = plain(lab.neurons("ab", torch.zeros(2, 2, 100)))
    assert found.header[2:5] == ["layer 0, neuron 0", "layer 0, neuron 1", "layer 0, neuron 2"]
    assert len(found.header) == len(found.rows[0]) == 10
    assert found.more


def test_a_leaderboard_is_sorted() -> None:
    found = plain(lab.leaderboard(torch.tensor([[1.0, 3.0], [2.0, 0.0]])))
    assert [row[0] for row in found.rows] == ["0.1", "1.0", "0.0", "1.1"]


def test_top_tokens_and_samples_are_lists() -> None:
    assert plain(lab.top_tokens(torch.eye(2), "ab", k=1)).rows == [["0", "a"], ["1", "b"]]
    lens = plain(lab.top_tokens(torch.eye(2)[None], "ab", columns="xy"))
    assert (lens.header, lens.rows) == (["layer", "x", "y"], [["0", "a", "b"]])
    fires = plain(lab.samples(["ab", "c"], [torch.tensor([0.0, 2.0]), torch.tensor([5.0])]))
    assert fires.rows == [["5", "c", "c"], ["2", "b", "ab"]]


HOSTILE = {name: output for name, output in hostile.corpus("OUTPUT").items() if output.get("kind") in TAGS}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_was_never_checked_breaks_nothing(name: str) -> None:
    found = in_plain(HOSTILE[name], HOSTILE[name]["kind"])
    texts = [found.words, *found.header, *(text for row in found.rows for text in row)]
    assert all(isinstance(text, str) for text in texts)


@pytest.mark.parametrize("kind", TAGS)
@pytest.mark.parametrize("data", [{}, {"tokens": 3}, {"shape": [1, 10**12, 10**12], "data": ""}])
def test_data_of_another_shape_become_one_sentence(kind: str, data: dict[str, Any]) -> None:
    assert in_plain(data, kind).words == "A view that is drawn with JavaScript."
