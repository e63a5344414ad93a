"""The lab's functions that a text calls are found, each with the same in plain TransformerLens."""

from __future__ import annotations

import pytest

from app.learning.lab_calls import FOLDER, used
from app.lessons import Cell, Exercise, course


def test_each_call_is_found_once_and_in_order() -> None:
    text = 'model = lab.load("tiny-gpt2")\nlab.show(lab.heatmap(x))\nlab.load("attn-only-2l")'
    assert [call.name for call in used(text)] == ["load", "show", "heatmap"]


@pytest.mark.parametrize(
    "text", ["", "%pip install x", "x = lab.ModelInfo", "other.load(1)", "lab.nothing()", "("]
)
def test_what_calls_nothing_of_the_lab_has_none(text: str) -> None:
    assert used(text) == ()


def test_it_has_the_call_and_the_same_without() -> None:
    (call,) = used("lab.heatmap(scores)")
    assert "lab.heatmap(values" in call.ours
    assert "px.imshow(values" in call.plain
    assert "# given" not in call.ours + call.plain


def test_every_call_in_the_shipped_course_has_one() -> None:
    import re

    texts = [
        block.starter if isinstance(block, Exercise) else block.source
        for lesson in course().lessons.values()
        for block in lesson.blocks
        if isinstance(block, (Cell, Exercise))
    ]
    called = {name for text in texts for name in re.findall(r"\blab\.([a-z_]\w*)\(", text)}
    assert {name for name in called if not (FOLDER / f"{name}.txt").exists()} == set()
