"""A slider holds what is to be seen at each step, alike at all of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from workers import lab
from workers.lab.display import describe
from workers.outputs import Unshowable, check_output

WORDS = ["a", "b", "c"]


def at(step: int) -> list[Any]:
    pattern = torch.tril(torch.full((2, 3, 3), 1 / (1 + step)))
    return [lab.attention(WORDS, pattern), lab.line([step, 2 * step], title=f"at {step}"), step]


def test_every_step_has_its_outputs_and_its_label() -> None:
    shown = describe(lab.slider([0, 100, 2000], at, title="Training"))
    assert shown is not None
    assert shown["labels"] == ["0", "100", "2000"]
    assert [[one["kind"] for one in frame] for frame in shown["frames"]] == 3 * [
        ["attention", "figure", "result"]
    ]
    assert [frame[2]["text"] for frame in shown["frames"]] == ["0", "100", "2000"]


def test_what_the_page_takes_is_what_the_lab_makes() -> None:
    shown = describe(lab.slider([0, 1], at, name="layer"))
    clean = check_output(shown)
    assert clean["name"] == "layer"
    assert [frame[1]["title"] for frame in clean["frames"]] == ["at 0", "at 1"]


def test_one_thing_need_not_be_in_a_list() -> None:
    shown = describe(lab.slider(["first", 0.25], lambda step: str(step)))
    assert shown is not None
    assert shown["labels"] == ["first", "0.25"]
    assert all(len(frame) == 1 for frame in shown["frames"])


@pytest.mark.parametrize(
    ("steps", "make", "sentence"),
    [
        ([], at, "1 to 60 steps; these are 0"),
        (range(61), at, "these are 61"),
        ([0, 1], lambda step: [at(step)[step]], "other things to see than at step 0"),
        ([0], lambda step: [], "it gave 0"),
        ([0], lambda step: [None], "cannot show"),
        ([0], lambda step: lab.slider([0], at), "cannot show"),
    ],
)
def test_what_cannot_be_moved_is_told_in_a_sentence(steps: Any, make: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.slider(steps, make)


RESULT = {"kind": "result", "text": "x"}


@pytest.mark.parametrize(
    "frames",
    [
        None,
        [],
        [[RESULT]],  # one, of two steps
        [[RESULT], []],
        [[RESULT], [RESULT, RESULT]],
        [[RESULT], [{"kind": "notice", "text": "x"}]],
        [[RESULT], [{"kind": "slider", "labels": ["a"], "frames": [[RESULT]]}]],
        [[RESULT], [{"kind": "image", "png": ""}]],
        [[RESULT], "x"],
        [[RESULT], [7]],
        [[{"kind": "figure", "figure": {"data": [], "layout": {}}, "title": ""}], [RESULT]],
        [[{"kind": "result", "text": "x" * 4_000_000}], [{"kind": "result", "text": "x" * 4_000_000}]],
    ],
)
def test_a_claim_that_is_no_slider_is_refused(frames: Any) -> None:
    claim = {"kind": "slider", "title": "", "name": "step", "labels": ["a", "b"], "frames": frames}
    try:
        shown = check_output(claim)
    except Unshowable:
        return
    assert len(str(shown)) < 6 << 20, "long texts are cut, where they are not refused"


def test_texts_of_a_claim_are_cut() -> None:
    claim = {"kind": "slider", "title": 7, "name": "n" * 900, "labels": ["a" * 900], "frames": [[RESULT]]}
    shown = check_output(claim)
    assert len(shown["name"]) < 60
    assert len(shown["labels"][0]) < 60
