"""Every number that the lesson takes from a model, on the shipped weights."""

import random
from collections.abc import Callable
from functools import cache

import pytest
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from workers import lab
from workers.lab import Agreement
from workers.training.lexicon import HE, SHE

MODEL = "tiny-gpt2"
Probe = tuple[Float[Tensor, "d_model"], Float[Tensor, ""]]


@pytest.fixture(autouse=True)
def _same_lots_every_time():
    torch.manual_seed(7)


@cache
def batch(seed: int, held_out: bool = False, kind: str = "saw") -> Agreement:
    return lab.agreement(400, seed, kind, held_out)


def residual_stream(of: Agreement) -> Float[Tensor, "layer example pos d_model"]:
    """Before the first layer and after each, as the hooks that are on the model leave it."""
    names = ["blocks.0.hook_resid_pre", *(f"blocks.{layer}.hook_resid_post" for layer in range(3))]
    _, cache = lab.load(MODEL).run_with_cache(of.tokens, names_filter=names)
    return torch.stack([cache[name] for name in names])


@cache
def untouched(seed: int, held_out: bool, kind: str) -> Float[Tensor, "layer example pos d_model"]:
    return residual_stream(batch(seed, held_out, kind))


def at_noun(seed: int, held_out: bool, layer: int) -> Float[Tensor, "example d_model"]:
    of = batch(seed, held_out)
    return untouched(seed, held_out, "saw")[layer + 1, torch.arange(len(of.nouns)), of.places]


def at_saw(seed: int, held_out: bool, layer: int, kind: str = "saw") -> Float[Tensor, "example d_model"]:
    return untouched(seed, held_out, kind)[layer + 1, :, -1]


def fit(x: Float[Tensor, "example d_model"], labels: Bool[Tensor, "example"]) -> Probe:
    """The reference of the exercise, written again: facts must not depend on it."""
    centre = x.mean(0)
    weights = torch.zeros(x.shape[1] + 1, requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=100)

    def loss():
        optimiser.zero_grad()
        score = (x - centre) @ weights[:-1] + weights[-1]
        cost = torch.nn.functional.binary_cross_entropy_with_logits(score, labels.float())
        cost = cost + 0.01 * weights[:-1].square().sum()
        cost.backward()
        return cost

    optimiser.step(loss)
    direction, bias = weights.detach()[:-1], weights.detach()[-1]
    return direction, bias - centre @ direction


def right(probe: Probe, x: Float[Tensor, "example d_model"], labels: Bool[Tensor, "example"]) -> float:
    return ((x @ probe[0] + probe[1] > 0) == labels).float().mean().item()


def says_many(of: Agreement, hooks: list | None = None) -> Bool[Tensor, "example"]:
    logits = lab.load(MODEL).run_with_hooks(of.tokens, fwd_hooks=hooks or [])[:, -1]
    return logits[:, of.verbs[1]] > logits[:, of.verbs[0]]


def means(layer: int) -> tuple[Float[Tensor, "d_model"], Float[Tensor, "d_model"]]:
    """Of sentences about many, and about one."""
    x, many = at_saw(1, False, layer), batch(1).many
    return x[many].mean(0), x[~many].mean(0)


def push(layer: int, direction: Float[Tensor, "d_model"]) -> tuple[str, Callable]:
    def hook(residual, hook):
        residual[:, -1] += direction
        return residual

    return f"blocks.{layer}.hook_resid_post", hook


def gone(layer: int) -> tuple[str, Callable]:
    many, one = means(layer)
    u = (many - one) / (many - one).norm()

    def hook(residual, hook):
        residual[:, -1] -= ((residual[:, -1] - (many + one) / 2) @ u)[:, None] * u
        return residual

    return f"blocks.{layer}.hook_resid_post", hook


def blind() -> tuple[str, Callable]:
    def hook(z, hook):
        z[:, -1] = 0
        return z

    return "blocks.2.attn.hook_z", hook


def turned(of: Agreement, direction: Float[Tensor, "d_model"], strength: float) -> float:
    """The share of sentences about one that the model ends as if about many."""
    chosen = of._replace(tokens=of.tokens[~of.many])
    return says_many(chosen, [push(1, strength * direction)]).float().mean().item()


def test_the_verb_is_right_in_nine_sentences_of_ten():
    unseen = batch(2, True)
    assert (says_many(unseen) == unseen.many).float().mean() == pytest.approx(0.92, abs=0.02)


def test_neither_the_last_token_nor_its_place_tells_the_number():
    unseen = batch(2, True)
    assert len(set(unseen.tokens[:, -1].tolist())) == 1
    assert at_saw(2, True, -1).std(0).max() < 1e-5


def test_layer_by_layer_the_number_arrives_at_saw():
    found = [right(fit(at_saw(1, False, layer), batch(1).many), at_saw(2, True, layer), batch(2, True).many)
             for layer in range(-1, 3)]  # fmt: skip
    assert found[0] == pytest.approx(0.5, abs=0.03)
    assert 0.58 < found[1] < 0.75
    assert 0.78 < found[2] < 0.92
    unseen = batch(2, True)
    assert found[3] > (says_many(unseen) == unseen.many).float().mean().item() + 0.01


def test_shuffled_labels_stay_at_one_half():
    for layer in range(3):
        x, new = at_saw(1, False, layer), at_saw(2, True, layer)
        lots = [batch(1).many[torch.randperm(400)] for _ in range(5)]
        assert sum(right(fit(x, lot), new, batch(2, True).many) for lot in lots) / 5 == pytest.approx(
            0.5, abs=0.08
        )


def test_bare_embeddings_of_the_noun_tell_the_number_by_a_letter():
    probe, unseen = fit(at_noun(1, False, -1), batch(1).many), batch(2, True)
    assert right(probe, at_noun(2, True, -1), unseen.many) == pytest.approx(0.9, abs=0.05)
    model = lab.load(MODEL)
    ends = [model.to_string(row[place]) for row, place in zip(unseen.tokens, unseen.places, strict=True)]
    plural = [end for end, many in zip(ends, unseen.many, strict=True) if many]
    assert sum(end == "s" for end in plural) > 0.55 * len(plural)


def test_at_the_noun_a_probe_learns_meaningless_labels_and_at_saw_hardly():
    for layer in range(-1, 3):
        assert 0.65 < control(layer, at_noun) < 0.85
        assert 0.4 < control(layer, at_saw) < 0.65


def test_selectivity_is_lower_where_accuracy_is_higher():
    seen, again = batch(1), batch(3)
    for layer in (1, 2):
        noun = right(fit(at_noun(1, False, layer), seen.many), at_noun(3, False, layer), again.many)
        saw = right(fit(at_saw(1, False, layer), seen.many), at_saw(3, False, layer), again.many)
        assert noun > saw
        assert noun - control(layer, at_noun) == pytest.approx(0.25, abs=0.08)
        assert saw - control(layer, at_saw) > noun - control(layer, at_noun)


def control(layer: int, at: Callable[[int, bool, int], Tensor]) -> float:
    """How often labels by lot, one for each noun, are read in other sentences; the mean of three lots."""
    seen, again = batch(1), batch(3)
    kinds, found = sorted(set(seen.nouns + again.nouns)), []
    for lot in range(3):
        chosen = random.Random(lot).sample(kinds, len(kinds) // 2)
        labels = [torch.tensor([noun in chosen for noun in each.nouns]) for each in (seen, again)]
        found.append(right(fit(at(1, False, layer), labels[0]), at(3, False, layer), labels[1]))
    return sum(found) / 3


def test_six_verbs_in_ten_turn_at_the_distance_itself_and_nearly_all_at_twice():
    many, one = means(1)
    unseen = batch(2, True)
    assert turned(unseen, many - one, 0) < 0.2
    assert turned(unseen, many - one, 1) == pytest.approx(0.6, abs=0.1)
    assert turned(unseen, many - one, 2) > 0.9
    lots = torch.randn(5, 128)
    lots *= (many - one).norm() / lots.norm(dim=1, keepdim=True)
    assert sum(turned(unseen, lot, 3) for lot in lots) / 5 < 0.35


def test_the_push_carries_over_to_another_verb_and_the_probe_does_not():
    near, (many, one) = batch(5, True, "near"), means(1)
    assert turned(near, many - one, 0) < 0.2
    assert turned(near, many - one, 4) > 0.75
    probe = fit(at_saw(1, False, 1), batch(1).many)
    assert right(probe, at_saw(5, True, 1, "near"), near.many) < 0.65


def test_knocked_out_late_the_verb_is_a_coin_and_earlier_hardly_harmed():
    unseen = batch(2, True)
    verbs = [(says_many(unseen, [gone(layer)]) == unseen.many).float().mean().item() for layer in range(3)]
    assert verbs[0] > 0.88
    assert verbs[1] > 0.84
    assert verbs[2] == pytest.approx(0.5, abs=0.07)


def test_layer_two_brings_the_number_a_second_time():
    unseen, late = batch(2, True), fit(at_saw(1, False, 2), batch(1).many)
    verbs, read = {}, {}
    for name, hooks in {"gone": [gone(1)], "blind": [blind()], "both": [gone(1), blind()]}.items():
        verbs[name] = (says_many(unseen, hooks) == unseen.many).float().mean().item()
        with lab.load(MODEL).hooks(fwd_hooks=hooks):
            read[name] = right(late, residual_stream(unseen)[3, :, -1], unseen.many)
    assert read["gone"] > 0.9
    assert 0.6 < verbs["blind"] < 0.85
    assert verbs["both"] == pytest.approx(0.5, abs=0.07)
    assert read["both"] < 0.62


def test_the_model_mistakes_one_name_in_four():
    model = lab.load(MODEL)
    he, she = (model.to_tokens(word, prepend_bos=False)[0, 0] for word in (" he", " she"))
    lead = []
    for names, sign in ((HE, 1), (SHE, -1)):
        for name in names:
            text = f"On Monday the king went home. {name} walked from the mill to the inn, because"
            logits = model(model.to_tokens(text))[0, -1]
            lead.append(sign * (logits[he] - logits[she]).item())
    assert sum(each < 0 for each in lead) / len(lead) == pytest.approx(0.25, abs=0.08)
