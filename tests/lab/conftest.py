"""What a cell of the lab would show, without a process for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from workers.lab import bars, display


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """Every output that leaves, in its order; nothing waits at the end of the test."""
    outputs: list[dict[str, Any]] = []
    monkeypatch.setattr(display, "SINK", outputs.append)
    monkeypatch.setattr(display, "_due", 0.0)
    yield outputs
    bars.settle()
    display.settle()
