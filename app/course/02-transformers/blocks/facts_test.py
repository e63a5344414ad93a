"""Every number that the lesson takes from tiny-gpt2 or states of the curve."""

import pytest
import torch
from torch.nn import functional as F

from workers import lab

TEXT = "When Anna and Hugo went to the mill, Anna gave the lamp to"


def test_gelu_and_its_approximation_differ_by_less_than_a_thousandth():
    x = torch.linspace(-6, 6, 10_001)
    assert 3e-4 < (F.gelu(x) - F.gelu(x, approximate="tanh")).abs().max() < 1e-3
    assert F.gelu(x).min() < -0.1


def test_most_neurons_are_silent_most_of_the_time():
    _, cache = lab.load("tiny-gpt2").run_with_cache(TEXT)
    for layer in range(3):
        assert (cache[f"blocks.{layer}.mlp.hook_post"] > 0.5).float().mean() < 0.15


def test_two_thirds_of_a_blocks_weights_are_in_its_mlp():
    weights = lab.weights("tiny-gpt2")
    counts = {
        part: sum(weight.numel() for name, weight in weights.items() if name.startswith(f"blocks.0.{part}."))
        for part in ("attn", "mlp")
    }
    assert counts == {"attn": 66_048, "mlp": 131_712}
    assert counts["mlp"] / sum(counts.values()) == pytest.approx(2 / 3, abs=0.01)


def test_the_last_block_decides_and_at_the_start_the_guess_is_the_token_itself():
    model, weights = lab.load("tiny-gpt2"), lab.weights("tiny-gpt2")
    logits, cache = model.run_with_cache(TEXT)

    def guess(name: str) -> str:
        normed = F.layer_norm(cache[name][0, -1], (128,), weights["ln_final.w"], weights["ln_final.b"], 1e-5)
        return model.to_string((normed @ weights["unembed.W_U"]).argmax()[None])

    final = model.to_string(logits[0, -1].argmax()[None])
    assert guess("blocks.0.hook_resid_pre") == " to"
    assert guess("blocks.2.hook_resid_pre") != final == guess("blocks.2.hook_resid_post")
    assert final == " Hugo"


def test_tiny_gpt2_unembeds_with_the_matrix_it_embeds_with():
    weights = lab.weights("tiny-gpt2")
    assert torch.equal(weights["unembed.W_U"], weights["embed.W_E"].T)
    assert not weights["unembed.b_U"].any()
