"""An answer that is a picture is shown beside ours: where it failed, and where it passed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.examiner.conftest import Desk
from workers.outputs import check_output

HEADER = "import torch\nfrom workers import lab\n"


def beside(found: dict[str, Any]) -> dict[str, Any]:
    """What the verdict shows, which is checked as a run's outputs are."""
    shown = found["details"]["beside"]
    assert check_output({"kind": "beside", **shown}) == {"kind": "beside", **shown}
    return shown


def test_a_picture_that_passed_agrees_with_ours(desk: Desk) -> None:
    found = desk.hand_in("picture", desk.course.exercises["picture"].solution)
    assert found["verdict"] == "passed", found["message"]
    assert "agree" in beside(found)["words"]


def picture(drawn: str) -> str:
    """An answer that returns this, made of `scores`."""
    return f"{HEADER}def picture(scores):\n    return {drawn}\n"


def test_a_picture_that_failed_is_shown_with_where_it_differs(desk: Desk) -> None:
    found = desk.hand_in("picture", picture("lab.heatmap(scores + torch.eye(2, 4), labels={'x': 'head'})"))
    assert found["verdict"] == "failed"
    shown = beside(found)
    assert [view["name"] for view in shown["views"]] == ["Side by side", "Overlaid", "Difference"]
    assert shown["words"].startswith("The largest deviation is 1")


@pytest.mark.parametrize(
    "drawn",
    ["lab.line(scores[0])", "lab.heatmap(scores).add_scatter(y=torch.rand(200_000).numpy())", "1 / 0"],
    ids=["of another kind", "too large", "nothing"],
)
def test_what_cannot_be_put_beside_ours_changes_no_verdict(desk: Desk, drawn: str) -> None:
    found = desk.hand_in("picture", picture(drawn))
    assert found["verdict"] in ("failed", "error")
    assert "beside" not in found["details"]


def test_an_answer_that_is_no_picture_has_none(desk: Desk) -> None:
    found = desk.hand_in("score", desk.course.exercises["score"].solution)
    assert found["verdict"] == "passed"
    assert "beside" not in found["details"]
