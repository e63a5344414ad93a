"""Views of activations are hostile until they are checked: what does not fit together is refused."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest
import torch

from workers import lab
from workers.lab import display
from workers.outputs import Unshowable, check_output


def float32(*values: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def tokens(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "tokens",
        "title": "t",
        "tokens": ["a", "b"],
        "axes": [{"name": "value", "labels": ["x", "y"]}],
        "data": float32(1, 2, 3, float("nan")),
        "unit": "nats",
        "most": [1.0, None],
        "guesses": {
            "words": [[], ["c", "d"]],
            "data": float32(0, 0, 0.5, 0.25),
            "width": 2,
            "ranks": [None, 3],
            "of": 7,
        },
        **changes,
    }


def test_our_own_views_come_through_as_they_are() -> None:
    model = lab.load("attn-only-2l")
    ids = model.to_tokens("The fox saw the owl.")
    words = model.to_str_tokens(ids[0])
    pattern = torch.eye(len(words)).expand(2, 3, -1, -1)
    for view in (
        lab.attention(words, pattern),
        lab.attention_heads(words, pattern),
        lab.tokens(words, torch.randn(len(words)), unit="nats"),
        lab.log_probs(model, ids),
        lab.neurons(words, torch.randn(len(words), 3, 20)),
        lab.leaderboard({"mine": torch.randn(2, 3), "other": torch.randn(2, 3)}, pattern, words),
        lab.leaderboard(torch.randn(2, 3)),
        lab.top_tokens(model(ids)[0][None], model, columns=words),
        lab.top_tokens(torch.randn(4, len(words)), words, axis="neuron"),
        lab.samples([words, words[:3]], [torch.randn(len(words), 2), torch.randn(3, 2)], names="ab"),
    ):
        described = display.describe(view)
        assert described is not None
        assert check_output(described) == described


def test_what_nobody_asked_for_is_not_copied() -> None:
    output = tokens(onclick="x()", src="https://example.org")
    output["axes"][0] |= {"__proto__": {"x": 1}, "src": "https://example.org"}
    output["guesses"] |= {"src": "https://example.org"}
    assert check_output(output) == tokens()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"tokens": []}, "1 to 1024 texts"),
        ({"tokens": ["a"] * 1025}, "1 to 1024 texts"),
        ({"tokens": [1, 2]}, "1 to 1024 texts"),
        ({"tokens": "ab"}, "1 to 1024 texts"),
        ({"tokens": ["a"]}, "its data does not fit its axes"),
        ({"axes": []}, "1 to 3 axes"),
        ({"axes": [{"name": "x", "labels": ["y"]}] * 4}, "1 to 3 axes"),
        ({"axes": [3]}, "an axis is not one"),
        ({"axes": [{"name": "x", "labels": [None]}]}, "1 to 20000 texts"),
        ({"axes": [{"name": "x", "labels": ["y"] * 900}] * 3}, "too large"),
        ({"data": float32(1, 2, 3, float("inf"))}, "infinite"),
        ({"data": float32(1, 2, 3, float("-inf"))}, "infinite"),
        ({"data": float32(1, 2, 3)}, "does not fit its axes"),
        ({"data": "?"}, "malformed"),
        ({"data": None}, "larger than"),
        ({"data": "A" * (3 << 20)}, "larger than"),
        ({"guesses": 3}, "predictions do not fit"),
        ({"guesses": {**tokens()["guesses"], "words": [[]]}}, "predictions do not fit"),
        ({"guesses": {**tokens()["guesses"], "words": [[], ["c"] * 21]}}, "more than 20"),
        ({"guesses": {**tokens()["guesses"], "words": [[], [3, 4]]}}, "1 to 2 texts"),
        ({"guesses": {**tokens()["guesses"], "data": float32(1)}}, "does not fit its axes"),
    ],
)
def test_coloured_tokens_that_do_not_fit_together_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unshowable, match=sentence):
        check_output(tokens(**changes))


def test_numbers_that_steer_are_dropped_where_they_are_none() -> None:
    for most in ([float("inf"), -1], [True, "1"], [float("nan"), 1e300]):
        assert check_output(tokens(most=most))["most"] == [None, None]
    assert check_output(tokens(most={"length": 2}))["most"] == []
    hostile = {**tokens()["guesses"], "width": 10**9, "ranks": [True, -4], "of": "many"}
    clean = check_output(tokens(guesses=hostile))["guesses"]
    assert (clean["width"], clean["ranks"], clean["of"]) == (2, [None, None], 0)


def test_texts_are_cut_and_can_be_stored() -> None:
    clean = check_output(tokens(tokens=["\x00" + "a" * 999, "\ud800"], title="t" * 999, unit="u" * 99))
    assert [len(text) for text in (clean["tokens"][0], clean["title"], clean["unit"])] == [207, 307, 47]
    assert clean["tokens"][1] == "?"


@pytest.mark.parametrize(("grid", "kept"), [(2, 2), (3, 0), (0, 0), (True, 0), ("2", 0), (8, 0), (None, 0)])
def test_a_grid_of_heads_has_full_rows(grid: Any, kept: int) -> None:
    view = lab.attention("ab", torch.eye(2).expand(4, 2, 2)).describe_output()
    assert check_output({**view, "grid": grid})["grid"] == kept


def leaderboard(**changes: Any) -> dict[str, Any]:
    plain = {"title": "t", "names": ["x"], "shape": [1, 2], "data": float32(1, 2), "attention": None}
    return {"kind": "leaderboard", **plain, **changes}


ATTENTION = {
    "tokens": ["a"],
    "labels": ["0.0", "0.1"],
    "shape": [2, 1, 1],
    "data": "//8=",
    "title": "",
    "guess": None,
    "grid": 0,
}


def test_a_leaderboard_holds_an_attention_view_as_strictly_checked_as_any() -> None:
    output = leaderboard(attention={**ATTENTION, "src": "https://example.org"})
    assert check_output(output) == leaderboard(attention=ATTENTION)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"shape": None}, "no layers or no heads"),
        ({"shape": [1, 0]}, "no layers or no heads"),
        ({"shape": [True, 2]}, "no layers or no heads"),
        ({"shape": [4096, 4096]}, "at most 4096 heads"),
        ({"shape": [1, 3]}, "does not fit its axes"),
        ({"names": []}, "1 to 12 texts"),
        ({"names": ["x"] * 13}, "1 to 12 texts"),
        ({"data": float32(1, float("inf"))}, "infinite"),
        ({"attention": 3}, "its attention view is none"),
        ({"attention": {**ATTENTION, "data": ""}}, "data does not fit its shape"),
        ({"attention": {**ATTENTION, "labels": ["0"], "shape": [1, 1, 1], "data": "/w=="}}, "other heads"),
    ],
)
def test_leaderboards_that_do_not_fit_together_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unshowable, match=sentence):
        check_output(leaderboard(**changes))


def top_tokens(**changes: Any) -> dict[str, Any]:
    plain = {"title": "t", "axis": "layer", "rows": ["0", "1"], "columns": ["a"]}
    filled = {"words": [["x", "y"], ["z", "w"]], "data": float32(1, 2, 3, 4)}
    return {"kind": "top_tokens", **plain, **filled, **changes}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"rows": []}, "1 to 20000 texts"),
        ({"columns": [1]}, "1 to 1024 texts"),
        ({"columns": ["a", "b"]}, "do not fit its rows and columns"),
        ({"words": [3, 4]}, "do not fit its rows and columns"),
        ({"words": [["x", "y"], ["z"]]}, "everywhere as many"),
        ({"words": [[], []]}, "1 to 20 words at each place"),
        ({"words": [["x", "y"], ["z", None]]}, "everywhere as many"),
        ({"words": [["x"] * 21] * 2}, "1 to 20 words at each place"),
        ({"rows": ["r"] * 2000, "columns": [], "words": [["x"] * 20] * 2000}, "at most 20,000 words"),
        ({"data": float32(1)}, "does not fit its axes"),
    ],
)
def test_top_tokens_that_do_not_fit_together_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unshowable, match=sentence):
        check_output(top_tokens(**changes))


def samples(**changes: Any) -> dict[str, Any]:
    plain = {"title": "t", "axis": {"name": "feature", "labels": ["x", "y"]}, "texts": [["a", "b"], ["c"]]}
    filled = {"places": [0, 9], "orders": [[0, 1], [1]], "data": float32(1, 2, 3, 4, 5, 6)}
    return {"kind": "samples", **plain, **filled, **changes}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"texts": []}, "1 to 500 texts"),
        ({"texts": [["a"]] * 501}, "1 to 500 texts"),
        ({"texts": [["a"], [3]]}, "1 to 1024 texts"),
        ({"places": [0]}, "no places"),
        ({"places": [0, True]}, "no places"),
        ({"orders": [[0]]}, "other features"),
        ({"orders": [[0, 2], [1]]}, "not there"),
        ({"orders": [[0, 0], [1]]}, "twice"),
        ({"orders": [[0, "1"], [1]]}, "not there"),
        ({"orders": [[], [1]]}, "1 to 50 texts"),
        ({"axis": None}, "an axis is not one"),
        ({"data": float32(1)}, "does not fit its axes"),
    ],
)
def test_samples_that_do_not_fit_together_are_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unshowable, match=sentence):
        check_output(samples(**changes))
