"""A figure that grows while a loop runs: `curve = lab.LiveCurve("Loss"); curve.add(step, loss=loss)`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch

from workers.lab import display
from workers.lab.figures import COLOURS, described_lines

MOST_POINTS = 2000  # of one line; a longer one is thinned evenly
MOST_LINES = 20

_numbers = itertools.count(1)


class LiveCurve:
    """Lines that grow on the page as points are added: drawn a few times a second, and at the end.

    >>> curve = LiveCurve("Training", x_title="step", y_title="loss (nats)").level("bigram entropy", 2.31)
    >>> for step in range(1000):
    ...     curve.add(step, loss=loss, validation=validation)

    It is also a figure like others: `curve.figure()`, or `lab.show(curve)`.
    """

    def __init__(self, title: str = "", x_title: str = "", y_title: str = "") -> None:
        self._titles = (str(title), str(x_title), str(y_title))
        self._lines: dict[str, _Line] = {}
        self._levels: dict[str, float] = {}
        self._key = f"curve-{next(_numbers)}"

    def add(self, x: Any, **values: Any) -> None:
        """One more point for each line that is named; a line begins with its first point.

        `x` and the values are numbers, or tensors of one element; what is not finite leaves a gap. Costs a
        few microseconds. Raises `ValueError` for what is no number, and for more than 20 lines.
        """
        place = _number(x, "x")
        for name, value in values.items():
            if name not in self._lines and len(self._lines) >= MOST_LINES:
                raise ValueError(f"A LiveCurve has at most {MOST_LINES} lines; “{name}” would be one more.")
            self._lines.setdefault(name, _Line()).add(place, _number(value, name))
        display.show(self, self._key)

    def level(self, name: str, y: Any) -> LiveCurve:
        """Draw a dashed line at this height, to compare with. Returns the curve."""
        self._levels[str(name)] = _number(y, name)
        return self

    def figure(self) -> go.Figure:
        """What has been added up to now, as a Plotly figure: a line each, then the levels."""
        figure = go.Figure()
        for name, line in self._lines.items():
            x, y = line.points()
            figure.add_scatter(x=x, y=y, name=name, mode="lines" if len(x) > 1 else "markers")
        ends = self._ends()
        for number, (name, level) in enumerate(self._levels.items()):
            called = f"{name} ({level:.3g})"
            dashes = {"dash": "dash", "width": 1.5, "color": COLOURS[-1 - number % len(COLOURS)]}
            figure.add_scatter(x=ends, y=np.array([level, level]), name=called, mode="lines", line=dashes)
        return described_lines(figure, *self._titles)

    def describe_output(self) -> display.Output:
        return display.describe_figure(self.figure())

    def _ends(self) -> np.ndarray:
        """Where the lines begin and end."""
        places = [x for line in self._lines.values() for x in line.ends()] or [0.0, 1.0]
        return np.array([min(places), max(places)])


class _Line:
    """Points, thinned evenly once they are many: the first, every nth, and the last that was added."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, float]] = []
        self._last = (0.0, 0.0)
        self._count = 0
        self._each = 1

    def add(self, x: float, y: float) -> None:
        self._last = (x, y)
        if self._count % self._each == 0:
            self._kept.append(self._last)
            if len(self._kept) >= MOST_POINTS:
                del self._kept[1::2]
                self._each *= 2
        self._count += 1

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        kept = self._kept
        if (self._count - 1) % self._each:
            kept = [*kept, self._last]
        x, y = np.array(kept, dtype=np.float64).T
        return x.copy(), y.copy()

    def ends(self) -> tuple[float, float]:
        return self._kept[0][0], self._last[0]


def _number(value: Any, name: str) -> float:
    try:
        found = float(value.detach() if isinstance(value, torch.Tensor) else value)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{name} is not one number: {str(value)[:80]}") from None
    return found if abs(found) < float("inf") else float("nan")
