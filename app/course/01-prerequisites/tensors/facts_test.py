"""What the lesson says about its pictures and about a shipped model."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from einops import einsum, rearrange, reduce

from workers import lab


@pytest.fixture(scope="module")
def cells() -> dict[str, Any]:
    """The names that the lesson's first cell makes."""
    text = (Path(__file__).parent / "lesson.md").read_text(encoding="utf-8")
    made: dict[str, Any] = {}
    exec(re.search(r"```python letters\n(.*?)```", text, re.DOTALL).group(1), made)
    return made


def test_seven_letters_of_eight_by_six_make_a_picture_of_eight_by_forty_two(cells):
    letters = cells["letters"]
    assert letters.shape == (7, 8, 6)
    assert letters.numel() == 336
    assert rearrange(letters, "letter row column -> row (letter column)").shape == (8, 42)


def test_the_first_row_of_the_reshaped_picture_is_most_of_the_first_letter(cells):
    letters = cells["letters"]
    assert letters[0].numel() == 48
    assert torch.equal(letters.reshape(8, 42)[0], letters[0].flatten()[:42])


def test_reshape_keeps_the_order_whatever_lies_where_in_memory(cells):
    turned = cells["letters"].transpose(0, 1)
    assert not turned.is_contiguous()
    assert turned.reshape(-1).tolist() == [n for row in turned.tolist() for letter in row for n in letter]


def test_a_rearrangement_may_not_lose_a_name(cells):
    with pytest.raises(Exception, match="column"):
        rearrange(cells["letters"], "letter row column -> row letter")


def test_the_average_letter_has_a_stem_on_the_left(cells):
    average = reduce(cells["letters"], "letter row column -> row column", "mean")
    assert average[:6, 0].min() == 1  # but for U, whose stem is round at the bottom
    assert average[:7, 1:].mean() < 0.5


def test_thirty_six_and_fourteen():
    x = torch.tensor([1.0, 2.0, 3.0])
    assert einsum(x, x, "i, i ->") == 14
    assert einsum(x, x, "i, j ->") == 36


def test_summing_over_a_whole_wave_leaves_next_to_nothing():
    t = torch.linspace(0, 6.28, 60)
    left = einsum(torch.sin(t), torch.sin(3 * t), "i, j -> i")
    assert left.abs().max() < 0.05


def test_attention_is_one_einsum():
    model = lab.load("attn-only-2l")
    _, cache = model.run_with_cache(model.to_tokens("The fox saw Simon Crane and followed him."))
    z = einsum(
        cache["pattern", 1],
        cache["v", 1],
        "batch head query key, batch key head d_head -> batch query head d_head",
    )
    assert (z - cache["z", 1]).abs().max() < 1e-4
