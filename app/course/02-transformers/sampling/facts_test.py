"""What the lesson says about the model's texts, about multiplications, and about how rarely a test lies."""

from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from workers import lab
from workers.lab.chance import surprise

BEGINNING = "The fox saw Simon Crane and followed him to the"
model = lab.load("attn-only-2l")


def written(choose, count: int = 40) -> list[int]:
    tokens = model.to_tokens(BEGINNING)
    for _ in range(count):
        tokens = torch.cat([tokens, choose(model(tokens)[:, -1])[:, None]], dim=1)
    return tokens[0].tolist()[-count:]


def distribution(text: str) -> Float[Tensor, "d_vocab"]:
    return model(model.to_tokens(text))[0, -1].softmax(-1)


def needed(text: str, p: float = 0.9) -> int:
    return int((distribution(text).sort(descending=True).values.cumsum(-1) < p).sum()) + 1


def pairs_said_again(tokens: list[int]) -> float:
    pairs = list(pairwise(tokens))
    return 1 - len(set(pairs)) / len(pairs)


def test_the_cold_text_goes_round_in_circles_and_drawn_ones_do_so_less():
    torch.manual_seed(0)
    cold = pairs_said_again(written(lambda logits: logits.argmax(-1)))
    drawn = [
        pairs_said_again(written(lambda logits: torch.multinomial(logits.softmax(-1), 1)[:, 0]))
        for _ in range(8)
    ]
    assert cold > 0.3
    assert sum(drawn) / len(drawn) < cold / 2


def test_the_vocabulary_has_a_thousand_tokens():
    assert model.cfg.d_vocab == 1024


def test_the_tail_holds_a_tenth():
    torch.manual_seed(0)
    outside, tokens = [], model.to_tokens(BEGINNING).repeat(16, 1)
    for _ in range(40):
        chances = model(tokens)[:, -1].softmax(-1)
        outside.append(1 - chances.topk(10).values.sum(-1))
        tokens = torch.cat([tokens, torch.multinomial(chances, 1)], dim=1)
    assert 0.07 < torch.stack(outside).mean() < 0.15


def test_here_one_or_three_tokens_are_enough_and_there_dozens():
    places = ["The fox was made", "The dogs near the park", "It was a", "She saw the"]
    counts = [needed(text) for text in places]
    assert counts[:2] == [1, 3]
    assert min(counts[2:]) >= 24


def test_a_step_with_a_cache_costs_1800_multiplications_and_without_31000():
    d_model, d_head, past = 48, 8, 40
    with_cache = 3 * d_model * d_head + 2 * past * d_head
    without = d_model * d_head * (1 + 2 * past) + 2 * past * d_head
    assert round(with_cache, -2) == 1800
    assert round(without, -3) in (31_000, 32_000)


def test_exp_overflows_above_88():
    assert torch.tensor(88.0).exp().isfinite()
    assert not torch.tensor(89.0).exp().isfinite()


def test_the_chi_square_tail_says_how_often_a_right_answer_looks_bad():
    """Draws that do follow the law: a tail of 1 % is met about once in a hundred, so 1e-9 leaves room."""
    torch.manual_seed(1)
    law = torch.tensor([0.0, 0.5, 1.0, 1.4, 1.9, 2.3, 2.8]).softmax(-1).double()
    rounds, draws = 2000, 2000
    tokens = torch.multinomial(law, rounds * draws, replacement=True).view(rounds, draws)
    counts = torch.nn.functional.one_hot(tokens, 7).sum(1).double()
    found = torch.tensor([surprise(each, law * draws) for each in counts])
    assert 0.003 < (found < 1e-2).double().mean() < 0.02
    assert found.min() > 1e-6
