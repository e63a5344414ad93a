"""lab.leaderboard: scores of heads are checked with sentences; with patterns, a head can be opened."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import torch

from workers import lab

SCORES = torch.tensor([[0.5, -1.0, 2.0], [3.0, 0.0, 1.0]])
PATTERN = torch.eye(2).expand(2, 3, 2, 2)


def test_one_score_becomes_a_leaderboard() -> None:
    board = lab.leaderboard(SCORES, title="Mine")
    shown = board.describe_output()
    assert (shown["shape"], shown["names"], shown["title"]) == ([2, 3], ["score"], "Mine")
    found = torch.frombuffer(bytearray(base64.b64decode(shown["data"])), dtype=torch.float32)
    assert found.tolist() == SCORES.flatten().tolist()
    assert shown["attention"] is None
    assert repr(board) == "Leaderboard(6 heads by score)"


def test_several_scores_stand_beside_each_other_and_heads_can_be_opened() -> None:
    board = lab.leaderboard({"mine": SCORES, "other": -SCORES}, PATTERN, "ab")
    shown = board.describe_output()
    assert shown["names"] == ["mine", "other"]
    assert shown["attention"]["labels"] == ["0.0", "0.1", "0.2", "1.0", "1.1", "1.2"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([torch.zeros(3)], r"scores \[layer, head\]; these have shape \[3\]"),
        ([torch.zeros(2, 3, 4)], "Take the mean over what is left"),
        ([{"a": torch.zeros(2, 3), "b": torch.zeros(3, 2)}], "columns of one shape"),
        ([{}], "columns of one shape"),
        ([torch.full((2, 3), torch.nan)], "not finite"),
        ([torch.zeros(2, 0)], "no values at all"),
        ([torch.zeros(80, 80)], "at most 4096 heads"),
        ([{str(i): SCORES for i in range(13)}], "12 scores for each"),
        ([SCORES, PATTERN], "tokens are missing"),
        ([SCORES, None, "ab"], "patterns are missing"),
        ([SCORES, PATTERN[:1], "ab"], "of 2 layers × 3 heads, and the pattern has shape"),
        ([SCORES, PATTERN, "abc"], "for 2 × 2 tokens, but you gave 3"),
    ],
)
def test_what_does_not_fit_is_explained(arguments: list[Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        lab.leaderboard(*arguments)
