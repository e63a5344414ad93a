"""Every number that the lesson takes from a model, on the shipped weights."""

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

MODEL = "attn-only-2l"
TEACHERS = [(1, 3), (1, 5), (1, 6)]  # the induction heads


@pytest.fixture(autouse=True)
def _same_texts_every_time():
    torch.manual_seed(7)


def said_twice(texts: int = 32, period: int = 20) -> Int[Tensor, "text pos"]:
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(texts)])
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)


def tales() -> Int[Tensor, "text pos"]:
    words = lab.load(MODEL).to_tokens(" ".join(lab.tales(400)), prepend_bos=False, truncate=False)[0]
    pieces = words[: len(words) // 63 * 63].view(-1, 63)
    return torch.cat([torch.zeros(len(pieces), 1, dtype=torch.long), pieces], dim=1)


def patterns(tokens: Int[Tensor, "text pos"]) -> Float[Tensor, "layer text head query key"]:
    _, cache = lab.load(MODEL).run_with_cache(tokens)
    return torch.stack([cache["pattern", layer] for layer in range(2)])


def score(tokens: Int[Tensor, "text pos"], where: Tensor) -> Float[Tensor, "layer head"]:
    spent = torch.einsum("lbhqk,bqk->lh", patterns(tokens), where.float())
    return spent / where.any(-1).sum()


def duplicates(tokens: Int[Tensor, "text pos"]) -> Tensor:
    return (tokens[:, :, None] == tokens[:, None, :]).tril(-1)


def after_duplicates(tokens: Int[Tensor, "text pos"]) -> Tensor:
    where = torch.zeros_like(duplicates(tokens))
    where[:, :, 1:] = duplicates(tokens)[:, :, :-1]
    return where


def run_without(tokens: Int[Tensor, "text pos"], silent: list[tuple[int, int]], **how) -> Tensor:
    def silence(z, hook):
        for layer, head in silent:
            if layer == hook.layer():
                z[:, :, head] = 0
        return z

    every_z = [(lambda name: name.endswith("hook_z"), silence)]
    return lab.load(MODEL).run_with_hooks(tokens, fwd_hooks=every_z, **how)


def right_logit_without(tokens: Int[Tensor, "text pos"], silent: list[tuple[int, int]]) -> float:
    logits = run_without(tokens, silent)
    return logits[:, 21:-1].gather(-1, tokens[:, 22:, None]).mean().item()


def parts(tokens: Int[Tensor, "text pos"]) -> dict[str, Float[Tensor, "text pos d_model"]]:
    model = lab.load(MODEL)
    _, cache = model.run_with_cache(tokens)
    found = {"embedding": cache["hook_embed"], "position": cache["hook_pos_embed"]}
    for layer in range(2):
        for head in range(8):
            found[f"{layer}.{head}"] = cache["z", layer][:, :, head] @ model.W_O[layer, head]
    return found | {"biases": model.b_O.sum(0).expand_as(found["embedding"])}


def attribution(tokens: Int[Tensor, "text pos"]) -> dict[str, Float[Tensor, "text pos-1"]]:
    model = lab.load(MODEL)
    _, cache = model.run_with_cache(tokens)
    scale, directions = cache["ln_final.hook_scale"][:, :-1], model.W_U.T[tokens[:, 1:]]
    return {
        name: (((part - part.mean(-1, keepdim=True))[:, :-1] / scale) * directions).sum(-1)
        for name, part in parts(tokens).items()
    }


def mean_attribution(tokens: Int[Tensor, "text pos"]) -> dict[str, float]:
    """Over the second copy."""
    return {name: each[:, 21:].mean().item() for name, each in attribution(tokens).items()}


def cost(tokens, pair, instead, first: int) -> float:
    """By how much the loss rises when one head says something else."""
    model, (layer, head) = lab.load(MODEL), pair

    def replace(z, hook):
        z[:, :, head] = instead
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", replace)]
    loss = model.run_with_hooks(tokens, return_type="loss", loss_per_token=True, fwd_hooks=hooks)
    whole = model(tokens, return_type="loss", loss_per_token=True)
    return (loss - whole)[:, first:].mean().item()


def heard(texts: Int[Tensor, "text pos"], pair: tuple[int, int]) -> Float[Tensor, "text pos d_head"]:
    return lab.load(MODEL).run_with_cache(texts)[1]["z", pair[0]][:, :, pair[1]]


def costs(tokens, other, pair, first: int = 0) -> tuple[float, float, float]:
    """By zeros, by the mean, by resampling."""
    said = heard(other, pair)
    zero, mean, resample = (cost(tokens, pair, instead, first) for instead in (0, said.mean(0), said))
    return zero, mean, resample


def test_the_right_logit_is_near_zero_in_the_first_copy_and_above_twelve_in_the_second():
    tokens = said_twice()
    right = lab.load(MODEL)(tokens)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    assert abs(right[:, :20].mean()) < 1
    assert right[:, 22:].mean() > 12


def test_every_theory_but_one_finds_its_heads():
    tokens = said_twice()
    length = tokens.shape[1]
    itself, back = torch.eye(length), torch.ones(length - 1).diag(-1)
    first = torch.zeros(length, length)
    itself[0], first[1:, 0] = 0, 1
    current, previous, start = (score(tokens, mask.bool().repeat(32, 1, 1)) for mask in (itself, back, first))
    assert (current > 0.5).nonzero().tolist() == [[0, 3], [0, 4], [0, 5], [0, 6], [0, 7]]
    assert (previous > 0.5).nonzero().tolist() == [[0, 0]]
    assert (start > 0.5).nonzero().tolist() == [[1, 0], [1, 1], [1, 2], [1, 4], [1, 7]]
    assert score(tokens, duplicates(tokens)).max() < 0.2
    assert (score(tokens, after_duplicates(tokens)) > 0.5).nonzero().tolist() == [[1, 3], [1, 5], [1, 6]]


def test_in_tales_induction_scores_a_quarter_and_the_resting_heads_rest_less():
    texts = tales()[:32]
    found = score(texts, after_duplicates(texts))
    for layer, head in TEACHERS:
        assert 0.2 < found[layer, head] < 0.33
    resting = [0, 1, 2, 4, 7]
    on_tales, on_copies = (patterns(each)[1, :, resting, 1:, 0].mean() for each in (texts, said_twice()))
    assert on_tales < on_copies - 0.1


def test_the_parts_sum_to_the_stream_and_to_the_logits():
    tokens = said_twice()
    model = lab.load(MODEL)
    logits, cache = model.run_with_cache(tokens)
    assert torch.allclose(sum(parts(tokens).values()), cache["blocks.1.hook_resid_post"], atol=1e-3)
    right = logits[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    assert torch.allclose(sum(attribution(tokens).values()), right, atol=1e-3)


def test_the_scale_of_the_last_norm_is_three_times_as_large_in_the_first_copy():
    scale = lab.load(MODEL).run_with_cache(said_twice())[1]["ln_final.hook_scale"]
    assert 2.5 < scale[:, 2:21].mean() / scale[:, 22:].mean() < 3.5


def test_three_heads_own_the_logit_and_nobody_else_much_more_than_a_tenth():
    owned = mean_attribution(said_twice())
    assert owned["1.6"] == pytest.approx(4.5, abs=0.1)
    assert sum(owned.values()) == pytest.approx(12.8, abs=0.2)
    three = [owned.pop(f"1.{head}") for head in (3, 5, 6)]
    assert sum(three) == pytest.approx(12.8, abs=0.2)
    assert all(0.28 < each / sum(three) < 0.39 for each in three)
    assert max(map(abs, owned.values())) < 0.15
    assert abs(owned["0.0"]) < 0.05


def test_what_a_head_adds_comes_from_where_the_next_token_stood():
    model, tokens = lab.load(MODEL), said_twice()
    _, cache = model.run_with_cache(tokens)
    value = cache["v", 1][:, :, 6] @ model.W_O[1, 6]
    value = value - value.mean(-1, keepdim=True)
    said = torch.einsum("bqk,bkd->bqkd", cache["pattern", 1][:, 6], value)[:, :-1]
    source = torch.einsum("bqkd,bqd->bqk", said, model.W_U.T[tokens[:, 1:]])
    source = source / cache["ln_final.hook_scale"][:, :-1]
    assert torch.allclose(source.sum(-1), attribution(tokens)["1.6"], atol=0.02)  # the value bias is apart
    second = torch.arange(21, 40)
    assert (source[:, second].argmax(-1) == second - 19).float().mean() > 0.95


def test_one_of_three_costs_little_more_than_half_of_its_attribution_and_all_three_what_they_add():
    tokens = said_twice()
    whole = right_logit_without(tokens, [])
    one, two, three = (whole - right_logit_without(tokens, TEACHERS[-count:]) for count in (1, 2, 3))
    assert one == pytest.approx(2.4, abs=0.15)
    assert 0.5 < one / mean_attribution(tokens)["1.6"] < 0.6
    assert two == pytest.approx(5.8, abs=0.3)
    assert three == pytest.approx(12.9, abs=0.3)


def test_without_the_head_that_adds_nothing_all_is_lost():
    tokens = said_twice()
    assert right_logit_without(tokens, []) - right_logit_without(tokens, [(0, 0)]) > 12


def test_with_the_norm_frozen_attribution_keeps_its_promise():
    model, tokens = lab.load(MODEL), said_twice()
    logits, cache = model.run_with_cache(tokens)

    def silence(z, hook):
        z[:, :, 6] = 0
        return z

    frozen = ("ln_final.hook_scale", lambda scale, hook: cache["ln_final.hook_scale"])
    left = model.run_with_hooks(tokens, fwd_hooks=[("blocks.1.attn.hook_z", silence), frozen])
    falls = (logits - left)[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    assert torch.allclose(falls, attribution(tokens)["1.6"], atol=2e-3)


def test_two_heads_are_loud_in_the_first_copy_and_without_a_word_for_the_right_token():
    tokens = said_twice()
    said, owned = parts(tokens), attribution(tokens)
    lengths = {head: said[f"1.{head}"][:, 2:21].norm(dim=-1).mean().item() for head in range(8)}
    assert sorted(sorted(lengths, key=lengths.__getitem__)[-2:]) == [5, 6]
    assert min(lengths[5], lengths[6]) > 5 * max(lengths[head] for head in (0, 1, 2, 3, 4, 7))
    for head in (5, 6):
        loud = said[f"1.{head}"][:, 5:21]
        assert -0.5 < owned[f"1.{head}"][:, 2:20].mean() < 0
        alike = loud.mean(0).pow(2).sum(-1).mean() / loud.pow(2).sum(-1).mean()
        assert alike > 0.8  # nearly the same in every text


def test_without_them_the_first_copy_costs_a_nat_more_as_the_logits_grow():
    tokens = said_twice()
    how = {"return_type": "loss", "loss_per_token": True}
    whole, less = (run_without(tokens, silent, **how)[:, :20].mean() for silent in ([], [(1, 5), (1, 6)]))
    assert 1 < less - whole < 1.5
    spread, wider = (run_without(tokens, silent)[:, 2:20].std(-1).mean() for silent in ([], [(1, 5), (1, 6)]))
    assert wider > 2.5 * spread


def test_on_tales_the_zero_of_one_head_costs_much_and_its_mean_next_to_nothing():
    texts = tales()
    for layer in range(2):
        for head in range(8):
            zero, mean, resample = costs(texts[:64], texts[64:128], (layer, head))
            stands_out = zero > 0.5 and mean < 0.1 and resample < 0.15
            assert stands_out == ((layer, head) == (0, 1))
    zero, mean, resample = costs(texts[:64], texts[64:128], (0, 0))
    assert zero > 2
    assert mean > 0.3
    assert resample > 0.7


def test_on_copies_the_induction_heads_are_misled_by_another_text():
    tokens, other = said_twice(), said_twice()
    for head in range(8):
        zero, mean, resample = costs(tokens, other, (1, head), first=21)
        assert (resample - zero > 0.4) == (head in (3, 5, 6))
        assert mean == pytest.approx(zero, abs=0.1)
        if head in (3, 5, 6):
            assert 2.5 < resample / zero < 5


def test_the_previous_token_head_is_needed_in_every_way_on_copies():
    assert min(costs(said_twice(), said_twice(), (0, 0), first=21)) > 6


def test_a_mean_is_kind_only_where_it_knows_which_copy_it_is_in():
    tokens, other, pair = said_twice(), said_twice(), (1, 5)
    never = torch.cat([torch.zeros(32, 1, dtype=torch.long), torch.randint(1, 1024, (32, 40))], dim=1)
    at_each = cost(tokens, pair, heard(other, pair).mean(0), 21)
    assert at_each == pytest.approx(0.2, abs=0.06)
    assert cost(tokens, pair, heard(other, pair).mean((0, 1)), 21) > 0.9
    assert cost(tokens, pair, heard(never, pair).mean(0), 21) > 1


def test_the_real_model_has_induction_heads_where_it_is_installed():
    try:
        model = lab.load("smollm2-135m")
    except lab.ModelUnavailable:
        pytest.skip("smollm2-135m is not installed here")
    once = torch.randint(1000, 40_000, (2, 24))
    tokens = torch.cat([torch.zeros(2, 1, dtype=torch.long), once, once], dim=1)
    where, scores = after_duplicates(tokens), torch.zeros(30, 9)

    def note(pattern, hook):
        scores[hook.layer()] = torch.einsum("bhqk,bqk->h", pattern, where.float()) / where.any(-1).sum()

    every_pattern = [(lambda name: name.endswith("hook_pattern"), note)]
    model.run_with_hooks(tokens, return_type=None, fwd_hooks=every_pattern)
    best = [divmod(place, 9) for place in scores.flatten().argsort(descending=True)[:8].tolist()]
    assert {(18, 6), (17, 3), (17, 4)} <= set(best)
    assert min(layer for layer, _ in best) >= 14
    assert scores[18, 6] > 0.7
    assert best[0] == (18, 6)

    def silence(z, hook):
        z[:, :, 6] = 0
        return z

    how = {"return_type": "loss", "loss_per_token": True}
    less = model.run_with_hooks(tokens, fwd_hooks=[("blocks.18.attn.hook_z", silence)], **how)
    assert 0.7 < (less - model(tokens, **how))[:, 25:].mean() < 3


def test_the_labs_own_lines_say_the_same():
    model, tokens, other = lab.load(MODEL), said_twice(), said_twice()
    detected = lab.head_scores(model, tokens, "induction")
    assert torch.allclose(detected, score(tokens, after_duplicates(tokens)), atol=1e-4)
    shares = lab.direct_logit_attribution(model, tokens[:, :-1], tokens[:, -1])
    ours = [part[:, -1].mean() for name, part in attribution(tokens).items() if "." in name]
    assert torch.allclose(shares.heads.flatten(), torch.stack(ours), atol=1e-3)
    without = lab.ablate(model, tokens, [(1, 6)], "mean", data=other).log_softmax(-1)
    nats = -without[:, :-1].gather(-1, tokens[:, 1:, None])[..., 0]
    whole = model(tokens, return_type="loss", loss_per_token=True)
    expected = cost(tokens, (1, 6), heard(other, (1, 6)).mean(0), 0)
    assert (nats - whole).mean().item() == pytest.approx(expected, abs=1e-4)
