"""Every number that the lesson takes from a model, on the shipped weights."""

from copy import deepcopy

import pytest
import torch
from transformer_lens.model_bridge import TransformerBridge

from workers import lab

TEXT = "The fox saw Simon Crane and followed him. The owl saw Simon"


@pytest.fixture
def model() -> TransformerBridge:
    return lab.load("tiny-gpt2")


def test_twelve_words_are_eighteen_tokens(model):
    assert len(TEXT.split()) == 12
    assert model.to_tokens(TEXT).shape == (1, 18)
    assert model.to_str_tokens("The fox") == ["<|endoftext|>", "The", " fo", "x"]
    assert model.to_str_tokens("fox") == ["<|endoftext|>", "f", "o", "x"]
    assert model.cfg.default_prepend_bos


def test_without_the_start_token_it_is_worse_than_a_blind_guess(model):
    loss = {
        bos: model(model.to_tokens(TEXT, prepend_bos=bos), return_type="loss").item() for bos in (True, False)
    }
    assert loss[True] == pytest.approx(2.4, abs=0.05)
    assert loss[False] > 8 > torch.tensor(1024.0).log()


def test_everything_is_a_megabyte_and_a_half_and_patterns_a_hundredth(model):
    _, cache = model.run_with_cache(model.to_tokens(TEXT))
    _, few = model.run_with_cache(
        model.to_tokens(TEXT), names_filter=lambda name: name.endswith("hook_pattern")
    )
    size, less = (sum(v.numel() * v.element_size() for v in c.values()) for c in (cache, few))
    assert 1.4e6 < size < 1.7e6
    assert size > 90 * less


def test_a_hook_is_told_the_new_name_and_the_layer(model):
    seen = []
    hooks = [("blocks.0.attn.hook_z", lambda value, hook: seen.append((hook.name, hook.layer())))]
    model.run_with_hooks(model.to_tokens(TEXT), fwd_hooks=hooks)
    assert seen == [("blocks.0.attn.o.hook_in", 0)]


def test_what_is_called_scores_is_the_pattern(model):
    _, cache = model.run_with_cache(model.to_tokens(TEXT))
    assert torch.equal(cache["attn_scores", 0], cache["pattern", 0])


def test_without_our_checks_an_edit_of_the_scores_moves_nothing(model):
    from transformer_lens.hook_points import HookPoint

    plain, tokens = deepcopy(model), model.to_tokens(TEXT)
    plain.__class__ = TransformerBridge
    for module in plain.modules():
        if isinstance(module, HookPoint):
            module.__class__ = HookPoint
    hook = [("blocks.0.attn.hook_attn_scores", lambda value, hook: torch.zeros_like(value))]
    with pytest.warns(UserWarning, match="discarded"):
        assert torch.equal(plain.run_with_hooks(tokens, fwd_hooks=hook), plain(tokens))
    with pytest.raises(ValueError, match="Edit hook_pattern instead"):
        model.run_with_hooks(tokens, fwd_hooks=hook)
    spread = [("blocks.0.hook_attn_out", lambda value, hook: value[:, :1])]
    assert plain.run_with_hooks(tokens, fwd_hooks=spread).shape == plain(tokens).shape


def test_folding_moves_logits_but_neither_probabilities_nor_differences(model):
    folded, tokens = deepcopy(model), model.to_tokens(TEXT)
    folded.enable_compatibility_mode(disable_warnings=True)
    before, after = model(tokens), folded(tokens)
    assert 0.5 < (before - after).abs().max() < 0.8
    assert (before - after).std(-1).max() < 1e-4
    assert (before.log_softmax(-1) - after.log_softmax(-1)).abs().max() < 1e-4
    assert after.mean(-1).abs().max() < 1e-4
    assert abs(_missing(model, tokens)) > 3
    assert abs(_missing(folded, tokens)) < 1e-3


def _missing(model, tokens) -> float:
    """What lies between the logit and the sum of what the parts say of it."""
    right = model.to_tokens(" C", prepend_bos=False)[0, 0]
    logits, cache = model.run_with_cache(tokens)
    parts = [cache["embed"], cache["pos_embed"]]
    for layer in range(model.cfg.n_layers):
        parts += [cache["attn_out", layer], cache["mlp_out", layer]]
    stacked = torch.stack(parts)[:, 0, -1]
    scaled = (stacked - stacked.mean(-1, keepdim=True)) / cache["ln_final.hook_scale"][0, -1]
    total = (scaled @ model.W_U[:, right]).sum() + model.b_U[right]
    return (logits[0, -1, right] - total).item()


def test_the_lab_s_models_are_of_two_builds(model):
    """Those it ships are built from sizes; their cache has results of heads all the same."""
    _, cache = model.run_with_cache(model.to_tokens(TEXT))
    assert cache.stack_head_results(apply_ln=False, layer=-1).shape[0] == 12
    with pytest.raises(NotImplementedError):
        model.set_use_attn_result(True)


def test_what_the_table_says_is_there_is_there(model):
    from transformer_lens import ActivationCache, utilities

    assert utilities.get_act_name("pattern", 0) == "blocks.0.attn.hook_pattern"
    assert model.W_Q.shape == (3, 4, 128, 32)
    for method in ("logit_attrs", "accumulated_resid", "decompose_resid", "stack_head_results"):
        assert callable(getattr(ActivationCache, method))
    import transformer_lens

    for gone in ("HookedTransformer", "HookedTransformerConfig", "utils", "train", "loading"):
        with pytest.raises(ImportError):
            getattr(transformer_lens, gone)
