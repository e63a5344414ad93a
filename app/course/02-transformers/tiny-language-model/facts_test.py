"""What the lesson says about its language, its model, and how quickly that learns."""

import re
from pathlib import Path

import pytest
import torch

from app import lessons
from workers import lab

LESSON = Path(__file__).with_name("lesson.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names() -> dict:
    """Everything that the lesson's cells leave behind, run in their order."""
    torch.set_num_threads(1)
    found: dict = {"lab": lab}
    course = lessons.load(Path(__file__).parents[2])
    for exercise in (*course.beneath("transformer"), "transformer"):
        exec(course.exercises[exercise].solution, found)
    for cell in ("a_language", "three_floors", "the_curve", "is_it_attention"):
        source = re.search(rf"^```python {cell}\n(.*?)^```", LESSON, re.MULTILINE | re.DOTALL)
        assert source
        exec(source[1], found)
    return found


def test_one_letter_before_is_worth_far_less_than_two(names):
    assert names["unigram"] > names["bigram"] > 1.5 * names["both"]


def test_the_model_has_14_thousand_numbers(names):
    count = sum(weight.numel() for weight in names["model"].parameters())
    assert round(count, -3) == 14_000


def test_the_loss_crosses_the_bigram_entropy_between_20_and_120_steps(names):
    losses = torch.tensor(names["losses"]).unfold(0, 10, 1).mean(-1)
    below = (losses < names["bigram"]).nonzero()[0].item()
    assert 20 < below < 120
    assert losses[10:30].min() < names["unigram"] + 0.05


def test_the_lines_of_both_texts_stay_together(names):
    """Measured where the curve is drawn: the ends of the two lines."""
    lines = {line.name: line.y for line in names["curve"].figure().data}
    assert len(lines["unseen"]) == 30
    assert abs(sum(lines["training"][-30:]) / 30 - lines["unseen"][-1]) < 0.1


def test_on_unseen_text_it_is_below_the_bigrams_and_with_a_wrong_letter_above(names):
    with torch.no_grad():
        loss = names["loss_of"](names["model"], names["windows"]).item()
    assert loss < names["bigram"] - 0.2
    assert torch.stack(names["pairs"]).mean() > names["bigram"]
