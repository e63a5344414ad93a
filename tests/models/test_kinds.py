"""Shipped models of every kind that the catalogue can describe, made of random weights for the occasion."""

import copy

import pytest
import torch
from torch.nn import functional as F

from workers.lab.models import loading
from workers.lab.models.registry import ModelInfo

ADDER = ModelInfo(
    name="an-adder",
    title="",
    summary="",
    n_layers=1,
    n_heads=2,
    d_model=12,
    n_ctx=3,
    d_vocab=8,
    d_mlp=20,
    act_fn="relu",
    norm="none",
    d_head=5,
    d_vocab_out=7,
    tokenizer="none",
)
JUDGE = ModelInfo(
    name="a-judge",
    title="",
    summary="",
    n_layers=2,
    n_heads=2,
    d_model=12,
    n_ctx=9,
    d_vocab=5,
    d_mlp=20,
    act_fn="relu",
    norm="LN",
    bidirectional=True,
    d_vocab_out=2,
    tokenizer="none",
)


def made(entry):
    """The model with weights that are no defaults, and these weights."""
    random = torch.Generator().manual_seed(3)
    shapes = {name: weight.shape for name, weight in loading._boot(entry).state_dict().items()}
    state = {name: torch.randn(shape, generator=random) for name, shape in shapes.items()}
    return loading._filled(entry, state), state


def test_without_norms_and_with_relu_it_computes_what_the_weights_say():
    model, w = made(ADDER)
    tokens = torch.tensor([[3, 0, 7], [6, 6, 7]])
    x = w["embed.weight"][tokens] + w["pos_embed.weight"]
    q, k, v = (
        F.linear(x, w[f"blocks.0.attn.{part}.weight"], w[f"blocks.0.attn.{part}.bias"]).unflatten(-1, (2, 5))
        for part in "qkv"
    )
    scores = torch.einsum("bqhd,bkhd->bhqk", q, k) / 5**0.5
    pattern = scores.masked_fill(torch.ones(3, 3).triu(1).bool(), -torch.inf).softmax(-1)
    z = torch.einsum("bhqk,bkhd->bqhd", pattern, v).flatten(2)
    x = x + F.linear(z, w["blocks.0.attn.o.weight"], w["blocks.0.attn.o.bias"])
    hidden = F.linear(x, w["blocks.0.mlp.in.weight"], w["blocks.0.mlp.in.bias"]).relu()
    x = x + F.linear(hidden, w["blocks.0.mlp.out.weight"], w["blocks.0.mlp.out.bias"])
    expected = F.linear(x, w["unembed.weight"], w["unembed.bias"])
    assert expected.shape == (2, 3, 7)
    torch.testing.assert_close(model(tokens), expected)


def test_a_bidirectional_one_sees_what_comes_later():
    model, _ = made(JUDGE)
    tokens = torch.tensor([[0, 3, 4, 3, 4, 2]])
    logits, cache = model.run_with_cache(tokens)
    assert logits.shape == (1, 6, 2)
    assert (cache["pattern", 1] > 0).all()
    changed = torch.tensor([[0, 3, 4, 3, 3, 2]])
    assert not torch.allclose(model(changed)[0, 0], logits[0, 0])


def test_its_norms_have_weights_of_their_own():
    model, w = made(JUDGE)
    _, cache = model.run_with_cache(torch.tensor([[0, 3, 4, 2]]))
    expected = F.layer_norm(
        cache["resid_post", 1], (12,), w["ln_final.weight"], w["ln_final.bias"], model.cfg.eps
    )
    torch.testing.assert_close(cache["ln_final.hook_out"], expected)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model("3 + 4 ="),
        lambda model: model(["3 + 4 =", "1 + 1 ="]),
        lambda model: model.run_with_cache("3 + 4 ="),
        lambda model: model.run_with_hooks("3 + 4 =", fwd_hooks=[]),
        lambda model: model.generate("3 + 4 ="),
        lambda model: model.to_tokens("3 + 4 ="),
        lambda model: model.to_str_tokens(torch.tensor([3, 4])),
        lambda model: model.to_string(torch.tensor([3, 4])),
        lambda model: model.to_single_token(" 3"),
    ],
)
def test_text_is_refused_with_a_sentence(ask):
    model, _ = made(ADDER)
    with pytest.raises(ValueError, match=r"an-adder has no tokenizer.*token ids, whole numbers from 0 to 7"):
        ask(model)


def test_a_copy_of_it_refuses_text_too():
    model = copy.deepcopy(made(ADDER)[0])
    assert model.tokenizer is None
    with pytest.raises(ValueError, match="no tokenizer"):
        model("3 + 4 =")


def test_a_model_with_relu_or_without_norms_is_no_gpt2():
    assert not ADDER.is_gpt2
    assert not JUDGE.is_gpt2
