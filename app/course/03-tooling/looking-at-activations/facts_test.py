"""Every number and claim that the lesson takes from a model or plants itself."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch

from workers import lab

LESSON = (Path(__file__).parent / "lesson.md").read_text()


@pytest.fixture(scope="module")
def cells() -> dict[str, Any]:
    """What the names of the lesson stand for, after every cell; `planted` and `norms` by their cell."""
    names: dict[str, Any] = {}
    for cell, code in re.findall(r"```python (\w+)\n(.*?)```", LESSON, re.DOTALL):
        exec(code, names)
        if cell == "planted":
            names["planted"] = names["cache"]
        if cell == "norms":
            names["norms"] = names["norm"]
    return names


def test_simon_is_a_surprise_the_first_time_and_expected_the_second(cells):
    view = lab.log_probs(cells["gpt"], cells["tale"])
    first, second = [place for place, word in enumerate(view.tokens) if word == " Simon"]
    assert view.values[0, first] < 0.01
    assert view.values[0, second] == pytest.approx(0.75, abs=0.02)
    assert view.tokens[first - 1] == view.tokens[second - 1] == " saw"


def test_the_first_token_is_the_longest_and_the_second_sentence_stands_out(cells):
    norms, words = cells["norms"], cells["words"]
    assert norms.argmax() == 0
    longest = norms.argsort(descending=True)[:4].tolist()
    assert words.index(".") + 1 in longest


def test_the_mlp_has_512_neurons_a_layer(cells):
    assert cells["post"].shape[1:] == (3, 512)


def test_the_lens_says_followed_from_the_first_layer_and_and_from_the_second(cells):
    words, best = cells["words"], cells["lens"].argmax(-1)
    said = [[cells["gpt"].to_string(token) for token in layer] for layer in best]
    after_and, after_ane = words.index(" and"), words.index("ane")
    assert [layer[after_and] for layer in said] == [" followed"] * 3
    assert [layer[after_ane] for layer in said] == [".", " and", " and"]


def test_the_two_layer_model_has_one_previous_token_head_and_three_induction_heads(cells):
    scores = cells["scores"]
    assert (scores["one back"] > 0.5).nonzero().tolist() == [[0, 0]]
    bright = scores["induction"] > 0.5
    assert bright[0].sum() == 0
    assert bright[1].sum() == 3


def test_one_head_reads_the_last_semicolon_in_every_text_and_no_other_does(cells):
    mark = int(cells["mark"])
    assert (cells["vocabulary"][mark], int(cells["order"][0])) == (";", 1)
    read = cells["planted"].argmax(-1)  # text, head, query
    words = cells["ids"][:, None].expand(-1, 6, -1).gather(-1, read)
    known = (cells["ids"] == mark).cumsum(1) > 0  # a semicolon has been there
    share = torch.stack([(words[:, head] == mark)[known].float().mean() for head in range(6)])
    assert share[1] == 1
    assert share[[0, 2, 3, 4, 5]].max() < 0.2


def test_three_pictures_show_nothing_of_it(cells):
    cache = cells["planted"]
    sharp = cache.max(-1).values.mean((0, 2))
    assert sharp.max() - sharp.min() < 0.005
    counts = torch.stack([torch.histc(cache[:, head], 40, 0, 1) for head in range(6)])
    assert ((counts[1] - counts.mean(0)).abs() / counts[1].sum()).max() < 0.003
    mean = cache.mean(0)
    others = mean[[0, 2, 3, 4, 5]]
    typical = (others - others.mean(0)).abs().mean((1, 2))
    assert (mean[1] - others.mean(0)).abs().mean() < 1.5 * typical.max()


def test_the_list_of_sharpness_begins_with_the_head_that_a_mistake_names(cells):
    assert cells["planted"].max(-1).values.mean((0, 2)).argmax() == 4


@pytest.mark.parametrize("text", [16, 20, 35, 45])
def test_in_the_texts_that_the_lesson_names_only_one_head_keeps_to_semicolons(cells, text):
    is_mark = cells["ids"][text] == cells["mark"]
    assert is_mark.sum() >= 2
    read = is_mark[cells["planted"][text].argmax(-1)][:, is_mark.cumsum(0) > 0].float().mean(-1)
    assert read[1] == 1
    assert read[[0, 2, 3, 4, 5]].max() < 0.1


def test_in_text_9_a_second_head_keeps_to_semicolons_by_chance(cells):
    is_mark = cells["ids"][9] == cells["mark"]
    read = is_mark[cells["planted"][9].argmax(-1)][:, is_mark.cumsum(0) > 0].float().mean(-1)
    assert (read == 1).nonzero().flatten().tolist() == [1, 5]


def test_the_odd_head_is_the_one_that_reads_after_the_earlier_copy(cells):
    assert divmod(int(cells["odd"]), 6) == (0, 3)
    place = torch.arange(15, 29)
    after, copy = cells["heads"][:, place, place - 13].mean(-1), cells["heads"][:, place, place - 14].mean(-1)
    assert after.argmax() == 3
    assert after[3] > 0.2
    assert after[torch.arange(18) != 3].max() < 0.05
    assert copy.max() < 0.05
