"""The training of the model that finds who receives: its rows, its price, and that a seed decides
everything."""

import dataclasses
from random import Random

import pytest
import torch
from tokenizers import Tokenizer

from workers.lab.models.loading import SHIPPED
from workers.training.giving import FRAMES, NAMES, NEW_FRAMES, giving, is_held_out
from workers.training.indirect_objects import MOVERS, Recipe, Rows, price, rows, scaffold, train
from workers.training.network import Shape


@pytest.fixture(scope="module")
def bpe() -> Tokenizer:
    return Tokenizer.from_file(str(SHIPPED / "tokenizer" / "tokenizer.json"))


def test_one_pair_in_five_is_held_out_and_everybody_has_one():
    pairs = [(one, other) for one in NAMES for other in NAMES if one < other]
    held = [pair for pair in pairs if is_held_out(*pair)]
    assert len(held) / len(pairs) == pytest.approx(0.2, abs=0.02)
    assert {name for pair in held for name in pair} == set(NAMES)


@pytest.mark.parametrize("held_out", [False, True])
def test_a_giving_names_the_giver_twice_and_the_receiver_once(held_out):
    random = Random(1)
    for _ in range(200):
        drawn = giving(random, (*FRAMES, *NEW_FRAMES), held_out=held_out)
        words = drawn.text.replace(",", " ").replace(".", " ").split()
        assert words.count(drawn.giver) == 2
        assert words.count(drawn.receiver) == 1
        assert is_held_out(drawn.giver, drawn.receiver) == held_out
        assert "{" not in drawn.text


def test_where_a_third_gives_nobody_is_named_twice():
    random = Random(2)
    for _ in range(100):
        drawn = giving(random, held_out=False, three=True)
        words = drawn.text.replace(",", " ").replace(".", " ").split()
        assert words.count(drawn.giver) == words.count(drawn.receiver) == 1


def test_rows_know_the_places_in_them(bpe):
    made = rows(Recipe(), bpe, 60, seed=3)
    assert made.tokens.shape == (60, 48)
    for tokens, (end, io, s1, s2), three in zip(
        made.tokens.tolist(), made.places.tolist(), made.three.tolist(), strict=True
    ):
        assert bpe.decode([tokens[end]]).strip() == "to"
        if not three:
            assert tokens[s1] == tokens[s2] != tokens[io] == tokens[end + 1]
            assert s1 < s2 < end


def _patterns(head: tuple[int, int], query: int, key: int) -> list[torch.Tensor]:
    """Four layers of heads that look at BOS, but for one that looks from one place to another."""
    patterns = [torch.zeros(1, 8, 9, 9) for _ in range(4)]
    for pattern in patterns:
        pattern[..., 0] = 1
    patterns[head[0]][0, head[1], query] = 0
    patterns[head[0]][0, head[1], query, key] = 1
    return patterns


ONE = Rows(torch.zeros(1, 9, dtype=torch.long), torch.tensor([[8, 2, 4, 6]]), torch.tensor([False]))
SPEAK, SILENT = torch.tensor([False]), torch.tensor([True])


@pytest.mark.parametrize(
    ("head", "query", "key", "silent", "cost"),
    [
        ((2, 3), 8, 2, SPEAK, 0),  # a name mover at IO
        ((2, 3), 8, 4, SPEAK, 1),  # … at S1
        ((2, 1), 8, 2, SPEAK, 1),  # another head at IO
        ((3, 4), 8, 2, SPEAK, 1),  # the backup, while the name movers speak
        ((3, 4), 8, 2, SILENT, 0),  # … and when they do not
        ((3, 5), 8, 2, SILENT, 1),
        ((1, 2), 8, 6, SPEAK, 0),  # S-inhibition at S2
        ((1, 3), 8, 6, SPEAK, 1),
        ((0, 5), 6, 4, SPEAK, 0),  # the duplicate-token head
        ((0, 1), 6, 4, SPEAK, 1),
    ],
)
def test_a_head_pays_for_a_place_that_is_not_its_own(head, query, key, silent, cost):
    assert price(_patterns(head, query, key), ONE, silent).item() == pytest.approx(cost)


def test_the_scaffold_falls_when_a_chosen_head_looks_where_it_should():
    blind, seeing = _patterns((0, 0), 8, 0), _patterns(MOVERS[0], 8, 2)
    assert scaffold(seeing, ONE, SPEAK) < scaffold(blind, ONE, SPEAK) - 10


def test_the_same_recipe_trains_the_same_weights(bpe):
    shape = Shape(n_layers=4, n_heads=8, d_head=2, d_model=16, n_ctx=48)
    recipe = dataclasses.replace(Recipe(), shape=shape, steps=2, givings=4, tales=2, drawn=40)
    text = torch.arange(4000) % 1024
    first, second = (list(train(recipe, bpe, text))[-1][1].weights() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
