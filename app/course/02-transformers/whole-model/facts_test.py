"""What the lesson says of tiny-gpt2, of its weights and of what it writes."""

import torch

from workers import lab


def test_there_are_a_few_dozen_tensors_and_their_names_begin_as_listed():
    weights = lab.weights("tiny-gpt2")
    assert len(weights) == 54
    assert sum(weight.numel() for weight in weights.values()) == 874_624


def test_trained_weights_spread_wider_than_fresh_ones():
    for name, weight in lab.weights("tiny-gpt2").items():
        if ".W_" in name and name.startswith("blocks."):
            assert weight.std() > 2 * 0.02, name


def test_it_goes_on_with_the_tale():
    model = lab.load("tiny-gpt2")
    tokens = model.to_tokens("When Anna and Hugo went to the mill,")[0]
    for _ in range(12):
        tokens = torch.cat([tokens, model(tokens[None])[0, -1].argmax()[None]])
    said = model.to_string(tokens[1:])
    assert said.startswith("When Anna and Hugo went to the mill, ")
    assert any(name in said[36:] for name in ("Anna", "Hugo"))
