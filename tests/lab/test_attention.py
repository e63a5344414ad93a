"""lab.attention: shapes and numbers are checked with sentences, and a good pattern becomes a view."""

from __future__ import annotations

import base64

import pytest
import torch

from workers import lab


def test_a_pattern_of_heads_becomes_a_view() -> None:
    pattern = torch.tensor([[[1.0, 0.0], [0.25, 0.75]]])
    shown = lab.attention(["a", "b"], pattern, title="one head").describe_output()
    assert (shown["tokens"], shown["labels"], shown["shape"]) == (["a", "b"], ["0"], [1, 2, 2])
    assert list(base64.b64decode(shown["data"])) == [255, 0, 64, 191]
    assert shown["title"] == "one head"


def test_heads_of_layers_are_named_layer_dot_head() -> None:
    view = lab.attention("abc", torch.eye(3).expand(2, 2, 3, 3))
    assert view.labels == ["0.0", "0.1", "1.0", "1.1"]
    assert repr(view) == "AttentionView(4 heads, 3 tokens)"


def test_a_guess_names_a_head_by_label_or_number_and_a_token_from_either_end() -> None:
    pattern = torch.eye(3).expand(2, 2, 3, 3)
    assert lab.attention("abc", pattern, guess=("1.0", -1)).guess == {"head": 2, "query": 2}
    assert lab.attention("abc", pattern, guess=(3, 0)).guess == {"head": 3, "query": 0}


def test_patterns_of_a_model_come_as_they_are() -> None:
    model = lab.load("attn-only-2l")
    _, cache = model.run_with_cache(torch.randint(0, 1000, (1, 9)))
    patterns = torch.stack([cache["pattern", layer][0] for layer in range(2)])
    view = lab.attention([str(i) for i in range(9)], patterns.requires_grad_().half())
    assert view.pattern.shape == (16, 9, 9)


@pytest.mark.parametrize(
    ("tokens", "pattern", "sentence"),
    [
        ("ab", torch.eye(2), r"this one has shape \[2, 2\].*pattern\[None\]"),
        ("abc", torch.eye(2)[None], "for 2 × 2 tokens, but you gave 3"),
        ("ab", torch.ones(1, 2, 3), "for 2 × 3 tokens"),
        ("ab", torch.full((1, 2, 2), 3.0), "from before the softmax"),
        ("ab", -torch.ones(1, 2, 2), "outside 0"),
        ("ab", torch.full((1, 2, 2), torch.nan), "not finite"),
        ("ab", torch.ones(0, 2, 2), "do not fit"),
        ("a" * 200, torch.zeros(60, 200, 200), "choose fewer heads or tokens"),
    ],
)
def test_what_is_no_pattern_is_explained(tokens: str, pattern: torch.Tensor, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.attention(tokens, pattern)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"labels": ["a"]}, "2 heads but 1 labels"),
        ({"guess": ("7.7", 0)}, "no head '7.7'"),
        ({"guess": (0, 9)}, "outside of 2 heads and 2 tokens"),
    ],
)
def test_labels_and_guesses_that_do_not_fit_are_explained(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.attention("ab", torch.eye(2).expand(2, 2, 2), **options)  # type: ignore[arg-type]
