"""Every number that the lesson takes from a model, on the shipped weights."""

import pytest
import torch
from jaxtyping import Float, Int
from torch import Tensor

from workers import lab

MODEL, IMPOSTOR = "attn-only-2l", "fixed-period-impostor"
TEACHERS = (3, 5, 6)  # the induction heads of layer 1
SELF_READERS = range(3, 8)  # the heads of layer 0 that look at their own token
TOKENS = torch.arange(1024)


@pytest.fixture(autouse=True)
def _same_texts_every_time():
    torch.manual_seed(7)


def centre(vectors: Tensor) -> Tensor:
    return vectors - vectors.mean(-1, keepdim=True)


def embedding(name: str = MODEL) -> Float[Tensor, "d_vocab d_model"]:
    centred = centre(lab.load(name).W_E)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt()


def extended() -> Float[Tensor, "d_vocab d_model"]:
    model, E = lab.load(MODEL), embedding()
    return centre(model.W_E + sum(E @ model.W_V[0, head] @ model.W_O[0, head] for head in SELF_READERS))


def said_twice(texts: int = 32, period: int = 20) -> Int[Tensor, "text pos"]:
    once = torch.stack([1 + torch.randperm(1023)[:period] for _ in range(texts)])
    return torch.cat([torch.zeros(texts, 1, dtype=torch.long), once, once], dim=1)


def tales() -> Int[Tensor, "text pos"]:
    words = lab.load(MODEL).to_tokens(" ".join(lab.tales(400)), prepend_bos=False, truncate=False)[0]
    pieces = words[: len(words) // 63 * 63].view(-1, 63)
    return torch.cat([torch.zeros(len(pieces), 1, dtype=torch.long), pieces], dim=1)


def hits(table: Float[Tensor, "d_vocab d_vocab"]) -> float:
    return (table.argmax(-1) == TOKENS).float().mean().item()


def ov(layer: int, heads: tuple[int, ...], words: Tensor) -> Float[Tensor, "d_vocab d_vocab"]:
    model = lab.load(MODEL)
    return sum(words @ model.W_V[layer, head] @ model.W_O[layer, head] @ model.W_U for head in heads)


def copying(layer: int, head: int) -> float:
    model = lab.load(MODEL)
    values = torch.linalg.eigvals(model.W_O[layer, head] @ model.W_U @ embedding() @ model.W_V[layer, head])
    return (values.real.sum() / values.abs().sum()).item()


def matching(early: int, late: int, asks: Tensor) -> float:
    model = lab.load(MODEL)
    written = centre(embedding() @ model.W_V[0, early] @ model.W_O[0, early])
    return hits(asks @ model.W_Q[1, late] @ (written @ model.W_K[1, late]).T)


def composition(name: str, kind: str) -> Float[Tensor, "early late"]:
    model = lab.load(name)
    written = model.W_V[0] @ model.W_O[0]
    W_Q, W_K, W_V, W_O = model.W_Q[1], model.W_K[1], model.W_V[1], model.W_O[1]
    reads = {"Q": W_Q @ W_K.mT, "K": W_K @ W_Q.mT, "V": W_V @ W_O}[kind]
    product = torch.einsum("eab,lbc->elac", written, reads).flatten(2).norm(dim=-1)
    return product / (written.flatten(1).norm(dim=-1)[:, None] * reads.flatten(1).norm(dim=-1))


def z(name: str, kind: str) -> Float[Tensor, "early late"]:
    A, B = (torch.randn(400, 128, 16) @ torch.randn(400, 16, 128) for _ in range(2))
    chance = (A @ B).flatten(1).norm(dim=-1) / A.flatten(1).norm(dim=-1) / B.flatten(1).norm(dim=-1)
    return (composition(name, kind) - chance.mean()) / chance.std()


def test_most_of_the_first_five_words_call_for_themselves():
    table = ov(1, TEACHERS, embedding())
    words = [" fox", " green", " Simon", " the", " river"]
    chosen = [lab.load(MODEL).to_tokens(word, prepend_bos=False)[0, 0].item() for word in words]
    assert sum(table[token].argmax().item() == token for token in chosen) >= 3


def test_centring_what_is_written_changes_no_logit_and_the_scales_vary():
    model = lab.load(MODEL)
    tokens = torch.cat([torch.zeros(4, 1, dtype=torch.long), torch.randint(1, 1024, (4, 40))], dim=1)
    writers = ["hook_embed", "hook_pos_embed", "blocks.0.hook_attn_out", "blocks.1.hook_attn_out"]
    hooks = [(name, lambda written, hook: centre(written)) for name in writers]
    assert torch.allclose(model.run_with_hooks(tokens, fwd_hooks=hooks), model(tokens), atol=1e-3)
    scale = model.run_with_cache(tokens)[1]["ln_final.hook_scale"]
    assert scale.max() > 4 * scale.min()


def test_the_induction_heads_copy_and_single_tokens_are_right_in_a_quarter_of_cases():
    for head in TEACHERS:
        assert copying(1, head) > 0.95
        assert 0.13 < hits(ov(1, (head,), embedding())) < 0.28
    assert copying(0, 1) > copying(1, 3)
    assert hits(ov(0, (1,), embedding())) == pytest.approx(1 / 3, abs=0.03)
    assert copying(1, 4) == pytest.approx(0.8, abs=0.03)
    assert hits(ov(1, (4,), embedding())) < 0.03


def test_five_heads_copy_and_the_next_one_comes_close():
    scores = {(layer, head): copying(layer, head) for layer in range(2) for head in range(8)}
    assert sorted(pair for pair, score in scores.items() if score > 0.95) == [
        *((0, 1), (0, 2)),
        *((1, 3), (1, 5), (1, 6)),
    ]
    assert scores[0, 6] == pytest.approx(0.92, abs=0.01)


def test_three_heads_together_get_five_of_six_and_with_the_extended_embedding_all():
    assert hits(ov(1, TEACHERS, embedding())) == pytest.approx(5 / 6, abs=0.02)
    assert all(hits(ov(1, (head,), extended())) > 0.87 for head in TEACHERS)
    assert hits(ov(1, TEACHERS, extended())) > 0.995


def positional(scale: float) -> Float[Tensor, "pos pos"]:
    model = lab.load(MODEL)
    x = centre(model.W_pos) / scale
    scores = (x @ model.W_Q[0, 0] + model.b_Q[0, 0]) @ (x @ model.W_K[0, 0] + model.b_K[0, 0]).T / 4
    return (scores + torch.full((64, 64), -torch.inf).triu(1)).softmax(-1)


def test_the_scale_decides_what_the_positions_foretell():
    model = lab.load(MODEL)
    own = model.W_pos.var(-1, correction=0).sqrt().mean().item()
    tokens = torch.cat([torch.zeros(4, 1, dtype=torch.long), torch.randint(1, 1024, (4, 40))], dim=1)
    _, cache = model.run_with_cache(tokens)
    real = cache["blocks.0.ln1.hook_scale"].mean().item()
    none, alone, texts = (positional(scale).diagonal(-1).mean().item() for scale in (1.0, own, real))
    assert none == pytest.approx(0.07, abs=0.01)
    assert alone == pytest.approx(0.93, abs=0.015)
    assert texts == pytest.approx(0.74, abs=0.03)
    foretold = positional(real).diagonal(-1)
    measured = cache["pattern", 0][:, 0].mean(0).diagonal(-1)
    assert foretold[:40].mean() == pytest.approx(measured.mean().item(), abs=0.04)
    assert foretold[:30].mean() > 0.95
    assert foretold[33:60].mean() < 0.65


def test_only_one_head_answers_and_several_ask():
    for head in TEACHERS:
        lead = score_lead(head)
        total = sum(lead.values())
        answered = sum(value for (_, key), value in lead.items() if key == "0.0")
        assert answered == pytest.approx(total, abs=0.03 * total)
        by_embedding = lead["embedding", "0.0"]
        by_self_readers = sum(lead[f"0.{early}", "0.0"] for early in SELF_READERS)
        assert by_self_readers > by_embedding > 2


def score_lead(head: int) -> dict[tuple[str, str], float]:
    model, tokens = lab.load(MODEL), said_twice(16)
    _, cache = model.run_with_cache(tokens)
    parts = {"embedding": cache["hook_embed"], "position": cache["hook_pos_embed"]}
    for early in range(8):
        parts[f"0.{early}"] = cache["z", 0][:, :, early] @ model.W_O[0, early]
    parts["constant"] = model.b_O[0].expand_as(parts["embedding"])
    scale, query = cache["blocks.1.ln1.hook_scale"], torch.arange(21, 41)
    normed = {name: centre(part) / scale for name, part in parts.items()}
    asks = {name: part @ model.W_Q[1, head] for name, part in normed.items()}
    answers = {name: part @ model.W_K[1, head] for name, part in normed.items()}
    lead = {}
    for asking, q in asks.items():
        for answering, k in answers.items():
            score = q @ k.mT / 4
            right = score[:, query, query - 19] - score[:, 21:, 1:21].mean(-1)
            lead[asking, answering] = right.mean().item()
    return lead


def test_three_pairs_of_192_compose_and_the_queries_of_the_same_avoid_that_head():
    by_kind = {kind: z(MODEL, kind) for kind in "QKV"}
    assert {kind: int((each > 15).sum()) for kind, each in by_kind.items()} == {"Q": 0, "K": 3, "V": 0}
    for head in TEACHERS:
        assert by_kind["K"][0, head] > 30 * 0.9
        assert by_kind["Q"][0, head] == pytest.approx(-12, abs=2)
        assert all(2.3 < by_kind["V"][early, head] < 9 for early in range(4, 8))


def test_in_the_impostor_five_heads_compose_and_none_is_bright():
    with_first = z(IMPOSTOR, "K")[0]
    assert (with_first > 15).nonzero().flatten().tolist() == [0, 1, 3, 4, 6]
    assert with_first[[0, 1, 3, 4, 6]].min() > 18
    model, tokens = lab.load(IMPOSTOR), said_twice(period=12)
    second = torch.arange(13, 25)
    bright = model.run_with_cache(tokens)[1]["pattern", 1][..., second, second - 11].mean((0, -1)) > 0.5
    assert bright.nonzero().flatten().tolist() == [2, 5, 7]


def test_three_pairs_of_64_match_tokens():
    E = embedding()
    table = torch.tensor([[matching(early, late, E) for late in range(8)] for early in range(8)])
    assert (table > 0.05).nonzero().tolist() == [[0, head] for head in TEACHERS]
    assert all(0.55 < table[0, head] < 0.75 for head in TEACHERS)
    assert all(matching(0, head, extended()) > 0.9 for head in TEACHERS)


def path_losses(texts: Int[Tensor, "text pos"], first: int) -> list[float]:
    """The mean loss with direct paths; with single heads; with heads after heads."""
    model = lab.load(MODEL)
    logits, cache = model.run_with_cache(texts)
    scale, last = cache["blocks.1.ln1.hook_scale"], cache["ln_final.hook_scale"]

    def through_layer_1(vector, bias):
        values = [centre(vector) / scale @ model.W_V[1, h] + bias * model.b_V[1, h] for h in range(8)]
        return sum(cache["pattern", 1][:, h] @ values[h] @ model.W_O[1, h] for h in range(8))

    plain = cache["hook_embed"] + cache["hook_pos_embed"]
    layer_0 = sum(cache["z", 0][:, :, head] @ model.W_O[0, head] for head in range(8))
    single = layer_0 + through_layer_1(plain + model.b_O[0], 1)
    stream, losses = torch.zeros_like(plain), []
    for paths in (plain + model.b_O[0] + model.b_O[1], single, through_layer_1(layer_0, 0)):
        stream = stream + paths
        guess = centre(stream) / last @ model.W_U
        nats = -guess.log_softmax(-1)[:, :-1].gather(-1, texts[:, 1:, None])
        losses.append(nats[:, first:].mean().item())
    assert torch.allclose(guess, logits, atol=1e-3)
    return losses


def test_virtual_heads_are_nearly_everything_on_copies_and_less_on_tales():
    direct, single, virtual = path_losses(said_twice(), 21)
    assert direct > 6.5
    assert single == pytest.approx(5.5, abs=0.15)
    assert virtual < 0.1
    direct, single, virtual = path_losses(tales()[:200], 0)
    assert direct - single == pytest.approx(3.1, abs=0.1)
    assert single - virtual == pytest.approx(0.6, abs=0.1)


def test_without_induction_heads_most_of_the_gain_within_a_tale_is_gone():
    texts = tales()

    def late_and_mean(silent: list[int]) -> tuple[float, float]:
        def silence(z, hook):
            z[:, :, silent] = 0
            return z

        hooks = [("blocks.1.attn.hook_z", silence)]
        how = {"return_type": "loss", "loss_per_token": True, "fwd_hooks": hooks}
        loss = lab.load(MODEL).run_with_hooks(texts, **how).mean(0)
        return (loss[5:15].mean() - loss[40:].mean()).item(), loss.mean().item()

    (gain, whole), (without, _), (control, worse) = map(late_and_mean, ([], [3, 5, 6], [0, 1, 7]))
    assert gain == pytest.approx(0.3, abs=0.05)
    assert without < 0.45 * gain
    assert control > 0.9 * gain
    assert worse > whole + 0.3


def test_in_the_real_model_copying_scores_do_not_tell_where_it_is_installed():
    try:
        real = lab.load("smollm2-135m", folded=True)
    except lab.ModelUnavailable:
        pytest.skip("smollm2-135m is not installed here")
    read = real.W_U @ (real.W_E / real.W_E.pow(2).mean(-1, keepdim=True).sqrt())

    def score(layer: int, head: int) -> float:
        values = torch.linalg.eigvals(real.W_O[layer, head] @ read @ real.W_V[layer, head // 3])
        return (values.real.sum() / values.abs().sum()).item()

    inducing = [score(*pair) for pair in [(18, 6), (17, 4), (17, 3), (17, 5), (18, 7), (23, 7)]]
    assert 0.6 < max(inducing) < 0.7
    assert abs(inducing[3]) < 0.05
    assert min(score(10, 6), score(29, 1)) > 0.95
    assert score(5, 2) < -0.9
