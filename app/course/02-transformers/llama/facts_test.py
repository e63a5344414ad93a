"""The lesson's Llama is transformers' own: random tiny models, nothing fetched. And the real one, where it
is."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from workers import lab

HERE = Path(__file__).parent
PARTS = ("rms_norm", "rotary", "gated_mlp", "grouped_attention", "llama_model")


@pytest.fixture(scope="module")
def llama() -> ModuleType:
    """The five references, each of which sees those before it."""
    given: dict = {}
    for part in PARTS:
        spec = importlib.util.spec_from_file_location(f"facts_{part}", HERE / f"{part}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        vars(module).update(given)
        spec.loader.exec_module(module)
        given[part] = getattr(module, part)
    return module


@pytest.mark.parametrize(("heads", "keys", "tied"), [(4, 4, True), (6, 2, True), (4, 1, False)])
def test_our_llama_is_that_of_transformers(llama, heads, keys, tied):
    torch.manual_seed(heads)
    config = LlamaConfig(
        vocab_size=50,
        hidden_size=8 * heads,
        intermediate_size=44,
        num_hidden_layers=3,
        num_attention_heads=heads,
        num_key_value_heads=keys,
        rms_norm_eps=1e-3,
        tie_word_embeddings=tied,
        initializer_range=0.3,
    )
    theirs = LlamaForCausalLM(config).eval()
    for name, weight in theirs.named_parameters():
        if "norm" in name:
            torch.nn.init.uniform_(weight, 0.5, 1.5)
    weights = dict(theirs.state_dict())
    if tied:
        weights.pop("lm_head.weight", None)
    tokens = torch.randint(50, (2, 11))
    with torch.no_grad():
        want = theirs(tokens).logits
        got = llama.llama_model(tokens, weights, heads, keys, 10_000.0, 1e-3)
    assert torch.allclose(got, want, atol=1e-3, rtol=1e-3)


def test_both_norms_make_vectors_equally_long_and_one_takes_the_mean_away():
    x = torch.randn(512) + 2
    layer, rms = (x - x.mean()) / x.std(correction=0), x / x.pow(2).mean().sqrt()
    assert layer.pow(2).mean().item() == pytest.approx(1, abs=1e-4)
    assert rms.pow(2).mean().item() == pytest.approx(1, abs=1e-4)
    assert abs(layer.mean().item()) < 1e-5 < rms.mean().item()


def test_the_real_model_says_the_same_through_our_lines_where_it_is_installed(llama):
    try:
        weights, sizes = lab.llama_weights("smollm2-135m"), lab.llama_sizes("smollm2-135m")
    except lab.ModelUnavailable:
        pytest.skip("smollm2-135m is not installed here")
    model = lab.load("smollm2-135m")
    assert (model.cfg.n_layers, model.cfg.n_heads) == (30, 9)
    assert sizes["n_kv_heads"] == 3
    tokens = model.to_tokens("The capital of France is", prepend_bos=False)
    with torch.no_grad():
        got, want = llama.llama_model(tokens, weights, **sizes), model(tokens)
    assert torch.allclose(got.log_softmax(-1), want.log_softmax(-1), atol=1e-2)
    assert model.to_string(got[0, -1].argmax()) == " Paris"
