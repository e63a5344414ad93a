"""A Plotly figure as a check sees it: its JSON, with every array a tensor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from workers.examiner.trouble import Unfit


@dataclass(frozen=True)
class Figure:
    """A Plotly figure as its JSON: `data` and `layout`, every array of numbers a tensor."""

    data: list[dict[str, Any]]
    layout: dict[str, Any]

    def trace(self, kind: str) -> dict[str, Any]:
        """The first trace of this type (`heatmap`, `scatter`, …). Raises Unfit if there is none."""
        for trace in self.data:
            if trace.get("type", "scatter") == kind:
                return trace
        kinds = sorted({str(trace.get("type", "scatter"))[:20] for trace in self.data}) or ["nothing"]
        raise Unfit(f"The figure has no {kind}; it draws {', '.join(kinds)}.", f"a figure with a {kind}")

    def values(self, kind: str, key: str) -> Tensor:
        """The numbers under `key` of the first such trace, as a tensor. Raises Unfit if there are none."""
        found = self.trace(kind).get(key)
        if isinstance(found, list):
            found = _tensor_of_rows(found)
        if not isinstance(found, Tensor):
            raise Unfit(f"The {kind} has no numbers for `{key}`.", f"a {kind} with numbers for `{key}`")
        found = found.float()  # lists came as float64, whole numbers as such: torch refuses to compare those
        if not found.isfinite().all():
            raise Unfit(f"Some numbers for `{key}` are missing or not finite.", "finite numbers")
        return found

    def text(self, *keys: str) -> str:
        """A text of the layout, such as `figure.text("xaxis", "title")`; empty if there is none."""
        found: Any = self.layout
        for key in keys:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict):
            found = found.get("text")
        return found if isinstance(found, str) else ""


def _tensor_of_rows(rows: list[Any]) -> Tensor | None:
    try:
        if rows and all(isinstance(row, Tensor) for row in rows):
            return torch.stack(rows)
        return torch.tensor(rows, dtype=torch.float64)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        return None
