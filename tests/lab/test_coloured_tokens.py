"""lab.tokens, lab.neurons and lab.log_probs: values are checked, and good ones become views."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import torch

from workers import lab


def numbers(described: dict[str, Any], *shape: int) -> torch.Tensor:
    return torch.frombuffer(bytearray(base64.b64decode(described["data"])), dtype=torch.float32).view(*shape)


def test_one_value_a_token_becomes_a_view() -> None:
    view = lab.tokens(["a", "b"], [1, -2.5], title="Two", unit="nats")
    shown = view.describe_output()
    assert (shown["tokens"], shown["title"], shown["unit"]) == (["a", "b"], "Two", "nats")
    assert numbers(shown, 2).tolist() == [1, -2.5]
    assert repr(view) == "TokenView(2 tokens)"


def test_several_values_a_token_get_a_chooser() -> None:
    by_name = lab.tokens("abc", {"loss": torch.arange(3), "norm": torch.ones(3)})
    assert [axis.labels for axis in by_name.axes] == [["loss", "norm"]]
    table = lab.tokens("abc", torch.arange(6).view(3, 2), names=["one", "two"])
    assert table.axes[0].labels == ["one", "two"]
    assert table.values.tolist() == [[0, 2, 4], [1, 3, 5]]
    assert lab.tokens("abc", torch.zeros(3, 2)).axes[0].labels == ["0", "1"]


def test_values_of_a_model_come_as_they_are() -> None:
    values = torch.ones(2, requires_grad=True).to(torch.bfloat16)
    assert lab.tokens("ab", values).values.tolist() == [[1, 1]]


@pytest.mark.parametrize(
    ("tokens", "values", "sentence"),
    [
        (torch.arange(2), [1, 2], "these are ids: give it `model.to_str_tokens"),
        ([], [], "1 to 1024 tokens, and these are 0"),
        ("a" * 1025, [0] * 1025, "choose a part"),
        ("abc", [1, 2], r"3 tokens, but 2 values\. Losses .*tokens\[1:\]"),
        ("abc", [1], "3 tokens, but 1 values"),
        ("ab", [1, float("nan")], "not finite"),
        ("ab", [1, float("inf")], "not finite"),
        ("ab", torch.zeros(2, 0), "no values at all"),
        ("ab", torch.zeros(1, 2, 3), r"shape \[1, 2, 3\].*values\[0\]"),
        ("ab", torch.zeros(3, 2), r"transpose, \[2, column\]"),
        ("ab", torch.zeros(2, 1 << 19), "do not fit into one view"),
        ("ab", {"x": [1, 2], "y": [1]}, "columns of one shape"),
        ("ab", {"x": torch.zeros(2, 2)}, "one value a token in each column"),
        ("ab", [[1], [2, 3]], "as a tensor"),
    ],
)
def test_values_that_do_not_fit_are_explained(tokens: Any, values: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.tokens(tokens, values)


def test_names_have_to_be_as_many_as_columns() -> None:
    with pytest.raises(ValueError, match="2 columns but 1 names"):
        lab.tokens("ab", torch.zeros(2, 2), names=["x"])
    with pytest.raises(ValueError, match="leave `names` out"):
        lab.tokens("ab", {"x": [1, 2]}, names=["x"])


def test_a_neuron_is_chosen_by_layer_and_number() -> None:
    activations = torch.randn(4, 2, 5)
    view = lab.neurons("abcd", activations, layers=[3, 7])
    assert [(axis.name, axis.labels) for axis in view.axes] == [
        ("layer", ["3", "7"]),
        ("neuron", ["0", "1", "2", "3", "4"]),
    ]
    torch.testing.assert_close(numbers(view.describe_output(), 2, 5, 4)[1, 3], activations[:, 1, 3])
    assert lab.neurons("abcd", activations[:, 0]).values.shape == (1, 5, 4)


@pytest.mark.parametrize(
    ("activations", "options", "sentence"),
    [
        (torch.zeros(4), {}, r"\[token, neuron\]"),
        (torch.zeros(2, 4, 5), {}, r"stack the layers with dim=1, or use \.movedim"),
        (torch.zeros(3, 5), {}, "4 tokens, but 3 values"),
        (torch.zeros(4, 2, 5), {"layers": [1]}, "2 layers but 1 names"),
        (torch.full((4, 5), torch.nan), {}, "not finite"),
        (torch.zeros(4, 100, 2000), {}, "fewer layers, neurons or tokens"),
    ],
)
def test_activations_that_do_not_fit_are_explained(
    activations: torch.Tensor, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.neurons("abcd", activations, **options)


def test_planted_logits_give_their_probabilities_ranks_and_best_predictions() -> None:
    chances = torch.tensor([[0.1, 0.2, 0.7], [0.5, 0.3, 0.2], [0.3, 0.3, 0.4]])
    view = lab.log_probs(chances.log(), torch.tensor([2, 1, 2]), vocabulary=["a", "b", "c"], k=2)
    assert view.tokens == ["c", "b", "c"]
    torch.testing.assert_close(view.values[0, 1:], torch.tensor([0.2, 0.2]))
    torch.testing.assert_close(view.values[1, 1:], -torch.tensor([0.2, 0.2]).log())
    assert view.values[:, 0].isnan().all()
    assert view.guesses is not None
    assert view.guesses.ranks == [None, 2, 3]
    assert view.guesses.words == [[], ["c", "b"], ["a", "b"]]
    torch.testing.assert_close(view.guesses.chances[2], torch.tensor([0.5, 0.3]))


def test_a_model_reads_a_text_or_its_ids_and_agrees_with_its_own_loss() -> None:
    model = lab.load("attn-only-2l")
    ids = model.to_tokens("The fox saw Simon Crane and followed him.")
    by_text = lab.log_probs(model, "The fox saw Simon Crane and followed him.")
    by_logits = lab.log_probs(model(ids), ids, vocabulary=model)
    loss = model(ids, return_type="loss", loss_per_token=True)[0]
    for view in (by_text, lab.log_probs(model, ids[0]), by_logits):
        assert view.tokens == model.to_str_tokens(ids[0])
        torch.testing.assert_close(view.values[1, 1:], loss, atol=1e-4, rtol=0)


def test_a_model_of_ones_own_needs_no_tokenizer() -> None:
    own = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.Linear(3, 5))
    view = lab.log_probs(own, [3, 4, 0])
    assert view.tokens == ["#3", "#4", "#0"]
    expected = own(torch.tensor([[3, 4, 0]])).softmax(-1)[0]
    torch.testing.assert_close(view.values[0, 1:], torch.stack([expected[0, 4], expected[1, 0]]).detach())


def test_without_a_vocabulary_tokens_are_numbers() -> None:
    view = lab.log_probs(torch.zeros(2, 5), [3, 4])
    assert view.tokens == ["#3", "#4"]


@pytest.mark.parametrize(
    ("logits", "tokens", "options", "sentence"),
    [
        (torch.zeros(2, 5), "text", {}, "only with a model"),
        (torch.zeros(2, 5), [0, 9], {}, "Token 9 is not among the 5"),
        (torch.zeros(3, 5), [0, 1], {}, r"for 2 tokens; these have shape \[3, 5\]"),
        (torch.zeros(2, 2, 5), [0, 1], {}, r"shape \[2, 2, 5\]"),
        (torch.full((2, 5), torch.nan), [0, 1], {}, "not finite"),
        (torch.zeros(2, 5), [0], {}, "2 to 1024 tokens, and this one has 1"),
        (torch.zeros(2, 5), [0, -1], {}, "negative id"),
        (torch.zeros(2, 5), [0.5, 1.5], {}, "ids of one text"),
        (torch.zeros(2, 5), torch.zeros(2, 2, dtype=torch.long), {}, "ids of one text"),
        (torch.zeros(2, 5), [0, 1], {"k": 0}, "1 to 20 best"),
        (torch.zeros(2, 5), [0, 4], {"vocabulary": ["a"]}, "vocabulary has 1 tokens"),
        (torch.zeros(2, 5), [0, 4], {"vocabulary": 3}, "a model, or the list"),
    ],
)
def test_logits_and_tokens_that_do_not_fit_are_explained(
    logits: Any, tokens: Any, options: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.log_probs(logits, tokens, **options)


def test_all_heads_stand_a_layer_a_row() -> None:
    view = lab.attention_heads("ab", torch.eye(2).expand(3, 4, 2, 2))
    assert (view.grid, view.labels[5]) == (4, "1.1")
    with pytest.raises(ValueError, match=r"this has shape \[4, 2, 2\]\. Stack the layers"):
        lab.attention_heads("ab", torch.eye(2).expand(4, 2, 2))
