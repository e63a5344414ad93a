"""Long work shows how far it is; what takes a moment does not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lab.techniques.conftest import case_of
from workers import lab
from workers.lab import display
from workers.lab.techniques import runs


def test_a_bar_for_long_work_and_none_for_short(
    shown: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = case_of("attn-only-2l")
    lab.patch_heads(case.model, case.clean, case.corrupted, case.metric)
    display.settle()
    assert not shown
    monkeypatch.setattr(runs, "_LONG", 0)
    monkeypatch.setattr(runs, "MOST_TOKENS", 4 * case.clean.numel())
    lab.patch_heads(case.model, case.clean, case.corrupted, case.metric)
    display.settle()
    last = shown[-1]
    assert (last["kind"], last["done"], last["total"], last["state"]) == ("progress", 4, 4, "done")
    assert last["title"] == "patching z of all heads"
