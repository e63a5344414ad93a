"""What the lesson reads from the shipped models, and what it says of them."""

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab

ZERO, ONE, TWO = "attn-only-0l", "attn-only-1l", "attn-only-2l"
CALLS = [
    ("Anna would eat neither bread", " nor"),
    ("Anna liked both bread", " and"),
    ("It was either a fox", " or"),
    ("The lamp was as red", " as"),
]


def normalise(x: Float[Tensor, "row d_model"]) -> Float[Tensor, "row d_model"]:
    return torch.nn.functional.layer_norm(x, x.shape[-1:], eps=1e-5)


def token(word: str) -> int:
    (found,) = lab.load(ONE).to_tokens(word, prepend_bos=False)[0].tolist()
    return found


def chance(name: str, text: str, answer: str) -> float:
    model = lab.load(name)
    return model(model.to_tokens(text))[0, -1].softmax(-1)[token(answer)].item()


def ov(head: int) -> Float[Tensor, "earlier next"]:
    model = lab.load(ONE)
    table = normalise(model.W_E) @ model.W_V[0, head] @ model.W_O[0, head] @ model.W_U
    return table - table.mean(-1, keepdim=True)


@pytest.mark.parametrize(("text", "answer"), CALLS)
def test_without_layers_a_calling_word_is_out_of_reach_and_one_layer_hears_it(text, answer):
    assert chance(ZERO, text, answer) < 0.1
    assert chance(ONE, text, answer) > 0.3
    assert chance(TWO, text, answer) > 0.1


def test_nor_is_as_good_as_impossible_without_layers():
    assert chance(ZERO, *CALLS[0]) < 0.01


def test_without_the_calling_word_one_layer_does_not_expect_its_partner():
    assert chance(ONE, "Anna would eat bread", " nor") < 0.1
    assert chance(ONE, "Anna liked bread", " and") < 0.1


def test_without_layers_what_stood_before_does_not_matter():
    model = lab.load(ZERO)
    sentence = model.to_tokens("The old fox saw a")
    alone = sentence.clone()
    alone[:, :-1] = 0
    assert (model(sentence)[0, -1] - model(alone)[0, -1]).abs().max() < 1e-6
    assert model.cfg.d_vocab == 1024
    assert model.cfg.d_model == 128


def test_the_zero_layer_table_agrees_with_unseen_tales_and_the_one_layer_table_less():
    found = {}
    for name in (ZERO, ONE):
        model = lab.load(name)
        tokens = model.to_tokens(" ".join(lab.tales(600)), prepend_bos=False, truncate=False)[0]
        counts = torch.zeros(1024, 1024)
        counts.index_put_((tokens[:-1], tokens[1:]), torch.ones(len(tokens) - 1), accumulate=True)
        often = counts >= 3
        table = (normalise(model.W_E) @ model.W_U).log_softmax(-1)
        pair = (table[often], (counts / counts.sum(1, keepdim=True))[often])
        ranks = torch.stack([each.argsort().argsort().float() for each in pair])
        found[name] = torch.corrcoef(ranks)[0, 1].item()
    assert found[ZERO] == pytest.approx(0.75, abs=0.05)
    assert found[ONE] < found[ZERO] - 0.08


def test_the_rows_shown_of_the_bigram_table():
    model = lab.load(ZERO)
    table = (normalise(model.W_E) @ model.W_U).softmax(-1)
    assert table[token(" mind")].argmax() == token(" all")
    assert table[token(" either")].argmax() == token(" a")
    assert table[token(" neither")].max() < 0.1


@pytest.mark.parametrize(
    ("word", "partner"), [(" neither", " nor"), (" both", " and"), (" either", " or"), (" mind", " all")]
)
def test_one_head_says_the_partner_of_each_calling_word(word, partner):
    assert ov(6)[token(word)].argmax() == token(partner)


@pytest.mark.parametrize("colour", [" blue", " green"])
def test_as_a_colour_as_is_the_largest_skip_trigram_of_one_head(colour):
    model, head = lab.load(ONE), 4
    E = normalise(model.W_E)
    scores = (E[token(colour)] @ model.W_Q[0, head]) @ (E @ model.W_K[0, head]).T / model.cfg.d_head**0.5
    table = scores.softmax(-1)[:, None] * ov(head)
    assert divmod(table.argmax().item(), 1024) == (token(" as"), token(" as"))


def test_the_one_layer_logits_are_the_sum_of_the_direct_path_and_the_heads():
    model = lab.load(ONE)
    _, cache = model.run_with_cache(model.to_tokens("Anna would eat neither bread"))
    direct = cache["hook_embed"] + cache["hook_pos_embed"]
    heads = torch.einsum("bphd,hdm->bpm", cache["z", 0], model.W_O[0]) + model.b_O[0]
    assert torch.allclose(direct + heads, cache["resid_post", 0], atol=1e-4)


def test_only_products_of_weights_can_be_seen():
    torch.manual_seed(0)
    W_Q, W_K, R = torch.randn(9, 4), torch.randn(9, 4), torch.randn(4, 4)
    turned = (W_Q @ R) @ (W_K @ torch.linalg.inv(R).T).T
    assert torch.allclose(turned, W_Q @ W_K.T, atol=1e-3)
