"""Every number that the lesson takes from tiny-gpt2 or from chance."""

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

TEXT = "When Anna and Hugo went to the mill, Anna gave the lamp to"


def queries_and_keys(layer: int) -> tuple[Float[Tensor, "head pos d_head"], Float[Tensor, "head pos d_head"]]:
    _, cache = lab.load("tiny-gpt2").run_with_cache(TEXT)
    q, k = (cache[name, layer][0].transpose(0, 1) for name in ("q", "k"))
    return q, k


def spread(scores: Float[Tensor, "*head query key"]) -> float:
    """On how many tokens the attention lies."""
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    pattern = scores.masked_fill(future, -torch.inf).softmax(-1)
    return (-(pattern * (pattern + 1e-12).log()).sum(-1)).exp().mean().item()


def test_there_are_twelve_heads():
    cfg = lab.load("tiny-gpt2").cfg
    assert cfg.n_layers * cfg.n_heads == 12


def test_without_the_mask_about_half_of_the_attention_would_go_ahead():
    ahead = []
    for layer in range(3):
        q, k = queries_and_keys(layer)
        ahead.append((q @ k.mT / 32**0.5).softmax(-1).triu(1).sum(-1).mean().item())
    assert 0.38 < sum(ahead) / 3 < 0.62


def test_without_the_scale_patterns_are_much_sharper():
    torch.manual_seed(0)
    q, k = torch.randn(4, 40, 32), torch.randn(4, 40, 32)
    assert spread(q @ k.mT) < 0.3 * spread(q @ k.mT / 32**0.5)
    for layer in range(3):
        q, k = queries_and_keys(layer)
        assert spread(q @ k.mT) < 0.6 * spread(q @ k.mT / 32**0.5)


def test_a_dot_product_of_random_vectors_is_about_the_root_of_their_length():
    torch.manual_seed(0)
    assert 5 < (torch.randn(10_000, 32) * torch.randn(10_000, 32)).sum(-1).std() < 6.3


def test_heads_add_up_to_their_layer():
    model, weights = lab.load("tiny-gpt2"), lab.weights("tiny-gpt2")
    _, cache = model.run_with_cache(TEXT)
    for layer in range(3):
        z = cache["z", layer]
        total = torch.einsum("bphd,hdm->bpm", z, weights[f"blocks.{layer}.attn.W_O"])
        total = total + weights[f"blocks.{layer}.attn.b_O"]
        torch.testing.assert_close(total, cache["attn_out", layer], rtol=1e-4, atol=1e-4)


def test_changing_the_last_word_changes_nothing_before():
    model = lab.load("tiny-gpt2")
    tokens = model.to_tokens(TEXT)
    other = tokens.clone()
    other[0, -1] = model.to_single_token(" from")
    (_, one), (_, two) = model.run_with_cache(tokens), model.run_with_cache(other)
    moved = (one["resid_post", 2] - two["resid_post", 2])[0].norm(dim=-1)
    assert moved[:-1].max() < 1e-3
    assert moved[-1] > 1
