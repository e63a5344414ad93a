import pytest
import torch

from workers import lab
from workers.lab.chance import Unlikely, surprise

LAW = torch.tensor([0.5, 0.3, 0.2, 0.0])


def draw(law, count=2000):
    return torch.multinomial(law, count, replacement=True)


def test_draws_that_follow_the_law_pass():
    torch.manual_seed(0)
    for _ in range(200):
        lab.follows(draw(LAW), LAW)


def test_draws_of_another_law_do_not():
    torch.manual_seed(0)
    with pytest.raises(Unlikely, match="were to be expected"):
        lab.follows(draw(torch.tensor([0.4, 0.35, 0.25, 0.0])), LAW)


def test_one_impossible_token_is_enough():
    tokens = draw(LAW)
    tokens[7] = 3
    with pytest.raises(Unlikely, match="Token 3 came once among your draws, but its probability is 0"):
        lab.follows(tokens, LAW, name="your draws")


def test_a_token_outside_the_vocabulary_is_told():
    with pytest.raises(Unlikely, match="only 4 tokens"):
        lab.follows(torch.tensor([0, 9]), LAW)


def test_rare_tokens_are_counted_together():
    counts, expected = torch.tensor([1000.0, 3.0, 1.0]), torch.tensor([1000.0, 2.0, 2.0])
    assert surprise(counts, expected) == pytest.approx(1.0)


def test_a_law_of_one_token_leaves_nothing_to_doubt():
    lab.follows(torch.zeros(50, dtype=torch.long), torch.tensor([1.0, 0.0]))
