"""Strings of brackets: `lab.brackets.tokens` and `lab.brackets.draw`."""

import pytest
import torch

from workers import lab


def heights(string: str) -> list[int]:
    found = [0]
    for bracket in string:
        found.append(found[-1] + (1 if bracket == "(" else -1))
    return found[1:]


def test_a_string_stands_between_start_and_end_and_is_padded():
    tokens = lab.brackets.tokens(["(()", "()" * 20])
    assert tokens[0].tolist() == [0, 3, 3, 4, 2] + [1] * 37
    assert tokens[1].tolist() == [0, *[3, 4] * 20, 2]


@pytest.mark.parametrize(
    ("string", "said"),
    [("([])", "is no bracket"), ("( )", "is no bracket"), ("", "has 0"), ("(" * 41, "has 41")],
)
def test_what_the_model_cannot_read_is_refused_with_a_sentence(string, said):
    with pytest.raises(ValueError, match=said):
        lab.brackets.tokens([string])


def test_a_single_string_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="a list of strings"):
        lab.brackets.tokens("(())")


@pytest.mark.parametrize(
    ("kind", "ends_at_zero", "falls"),
    [("balanced", True, False), ("count", False, False), ("below", True, True), ("both", False, True)],
)
def test_strings_fail_as_asked(kind, ends_at_zero, falls):
    for string in lab.brackets.draw(200, kind, seed=3):
        assert 1 <= len(string) <= lab.brackets.LONGEST
        assert (heights(string)[-1] == 0) == ends_at_zero
        assert (min(heights(string)) < 0) == falls


def test_a_kind_there_is_not_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="none of 'nested'"):
        lab.brackets.draw(3, "nested")


def test_a_seed_gives_the_same_strings_and_another_one_others():
    assert lab.brackets.draw(700, seed=4) == lab.brackets.draw(700, seed=4)
    assert lab.brackets.draw(50, seed=4) != lab.brackets.draw(50, seed=5)
    assert len(lab.brackets.draw(700, seed=4)) == 700


def test_balanced_strings_of_a_length_are_equally_likely():
    from workers.training.bracket_strings import balanced

    steps = balanced(torch.full((14_000,), 8), torch.Generator().manual_seed(0))
    kinds, counts = steps.unique(dim=0, return_counts=True)
    assert len(kinds) == 14  # the Catalan number of four pairs
    assert counts.min() > 850
    assert counts.max() < 1150
