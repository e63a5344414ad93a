"""Every shape and every count of the lesson, on live models."""

import pytest
import torch
from transformer_lens.config import TransformerBridgeConfig
from transformer_lens.model_bridge import TransformerBridge

from workers import lab

SIZES = {
    "d_vocab": 1000,
    "n_ctx": 128,
    "d_model": 60,
    "n_layers": 3,
    "n_heads": 4,
    "d_head": 15,
    "d_mlp": 240,
}


@pytest.fixture(scope="module")
def quizzed():
    config = TransformerBridgeConfig(**SIZES, act_fn="gelu", normalization_type="LN")
    return TransformerBridge.boot_native(config, device="cpu")


def counted(d_vocab, n_ctx, d_model, n_layers, n_heads, d_head, d_mlp):
    norm, heads = 2 * d_model, n_heads * d_head
    attention, mlp = 4 * d_model * heads + 3 * heads + d_model, 2 * d_model * d_mlp + d_mlp + d_model
    ends = (d_vocab + n_ctx) * d_model + norm + d_model * d_vocab + d_vocab
    return ends + n_layers * (2 * norm + attention + mlp)


def test_the_quizzed_shapes_are_those_of_a_live_model(quizzed):
    logits, cache = quizzed.run_with_cache(torch.randint(1000, (2, 30)))
    shapes = {
        "residual": cache["resid_post", 0],
        "query": cache["q", 0],
        "pattern": cache["pattern", 0],
        "W_O": quizzed.W_O[0],
        "neurons": cache["blocks.0.mlp.hook_post"],
        "logits": logits,
    }
    assert {name: list(value.shape) for name, value in shapes.items()} == {
        "residual": [2, 30, 60],
        "query": [2, 30, 4, 15],
        "pattern": [2, 4, 30, 30],
        "W_O": [4, 15, 60],
        "neurons": [2, 30, 240],
        "logits": [2, 30, 1000],
    }


def test_the_count_is_that_of_a_live_model(quizzed):
    without_bias = sum(weight.numel() for weight in quizzed.parameters())
    assert counted(**SIZES) - without_bias in (0, SIZES["d_vocab"])  # some have no bias at the unembedding


def test_gpt2_small_has_163_million_untied_and_124_million_tied():
    assert counted(50257, 1024, 768, 12, 12, 64, 3072) == 163_087_441
    assert 163_087_441 - 50257 * 768 - 50257 == 124_439_808


def test_where_gpt2_smalls_parameters_are():
    attention, mlp = 12 * (4 * 768**2 + 4 * 768), 12 * (2 * 768 * 3072 + 3072 + 768)
    shares = [part / 124_439_808 for part in (attention, mlp, 50257 * 768)]
    assert shares == pytest.approx([0.228, 0.455, 0.310], abs=0.001)


def test_patterns_outgrow_the_stream_at_65_tokens():
    assert 12 * 64**2 <= 768 * 64
    assert 12 * 65**2 > 768 * 65


def test_the_riddle_of_the_difference():
    model = lab.load("attn-only-2l")
    cfg = model.cfg
    mine = counted(cfg.d_vocab, cfg.n_ctx, cfg.d_model, cfg.n_layers, cfg.n_heads, cfg.d_head, 0)
    norms, mlp_bias = (2 * cfg.n_layers + 1) * 2 * cfg.d_model, cfg.n_layers * cfg.d_model
    assert mine - sum(weight.numel() for weight in model.parameters()) == norms + mlp_bias + cfg.d_vocab
