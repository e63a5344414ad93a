"""Every number that the lesson takes from tiny-gpt2, on the shipped weights."""

import pytest
import torch

from workers import lab

TEXT = "When Anna and Hugo went to the mill, Anna gave the lamp to"
UNSEEN = [
    "When Ralph and Lucas went to the chapel, Lucas gave the ring to Ralph. Lucas counted: two, three.",
    "The tailors by the castles look hungry. The small thief has a golden axe. The morning was sunny.",
]


def cost(hooks: list) -> float:
    model = lab.load("tiny-gpt2")
    losses = [model.run_with_hooks(tale, return_type="loss", fwd_hooks=hooks) for tale in UNSEEN]
    return sum(loss.item() for loss in losses) / len(losses)


def near(word: str) -> list[str]:
    model, rows = lab.load("tiny-gpt2"), lab.weights("tiny-gpt2")["embed.W_E"]
    likeness = torch.cosine_similarity(rows[model.to_single_token(word)], rows, dim=-1)
    return [model.to_string(token) for token in likeness.topk(6).indices[1:]]


def test_the_sizes_that_the_lesson_names():
    sizes = {"d_vocab": 1024, "n_ctx": 128, "d_model": 128, "n_layers": 3, "n_heads": 4, "d_head": 32}
    assert lab.config("tiny-gpt2") == {**sizes, "d_mlp": 512, "eps": pytest.approx(1e-5)}


def test_the_stream_is_the_sum_of_what_was_written():
    model = lab.load("tiny-gpt2")
    _, cache = model.run_with_cache(TEXT)
    total = cache["hook_embed"] + cache["hook_pos_embed"]
    for layer in range(3):
        total = total + cache["attn_out", layer] + cache["mlp_out", layer]
    torch.testing.assert_close(total, cache["resid_post", 2], rtol=1e-4, atol=1e-4)


def test_its_vectors_become_more_than_ten_times_as_long():
    _, cache = lab.load("tiny-gpt2").run_with_cache(TEXT)
    start, end = (cache[key][0, 1:].norm(dim=-1).mean() for key in (("resid_pre", 0), ("resid_post", 2)))
    assert end > 10 * start


def test_the_first_norm_makes_a_faint_vector_loud_and_has_weights_of_its_own():
    _, cache = lab.load("tiny-gpt2").run_with_cache(TEXT)
    assert cache["resid_pre", 0][0, -1].std() < 0.15
    assert 0.6 < cache["blocks.0.ln1.hook_out"][0, -1].std() < 1.2
    weights = lab.weights("tiny-gpt2")["blocks.0.ln1.w"]
    assert weights.max() > 1.2 * weights.min()


def test_words_of_a_kind_lie_close_together():
    assert set(near(" blue")) <= {
        " black",
        " green",
        " red",
        " grey",
        " pink",
        " brown",
        " orange",
        " white",
        " golden",
        " yellow",
        " purple",
        " silver",
    }
    assert all(name.strip().istitle() for name in near(" Anna"))


def test_places_far_apart_are_unlike_and_direct_neighbours_less_alike_than_places_eight_apart():
    rows = lab.weights("tiny-gpt2")["pos_embed.W_pos"]
    rows = rows / rows.norm(dim=-1, keepdim=True)
    one, eight, far = ((rows @ rows.T).diagonal(apart).mean().item() for apart in (1, 8, 100))
    assert far < 0.1
    assert one < eight - 0.2
    assert eight > 0.5


def test_without_places_every_token_costs_more_than_two_nats_more():
    nowhere = ("hook_pos_embed", lambda places, hook: torch.zeros_like(places))
    assert 1 < cost([]) < 2
    assert cost([nowhere]) > cost([]) + 2
