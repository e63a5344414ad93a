"""The manual's figure of waiting times, as an SVG of plain shapes: the same numbers make the same file.

Colours stand in attributes for light pages; a rule changes them where its reader prefers dark ones. 480 units
wide, so that its letters can be read on a phone, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

Row = Mapping[str, Any]

_WIDTH, _PANEL, _GAP = 480, 236, 76  # of the picture; of a panel, its height; above each, with its title
_LEFT, _RIGHT, _FOOT = 58, 14, 58
_SHOWN = 1.25  # pixels a unit, where there is room
_LEAST, _MOST = 0.01, 1000.0  # seconds on the upright axis
_SECONDS = {0.01: "none", 0.1: "0.1 s", 1.0: "1 s", 10.0: "10 s", 60.0: "1 min", 600.0: "10 min"}
_MOST_WORKERS = 24
_WORKERS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
_COLOURS = {100: ("a", "#7a2f70"), 1_000: ("b", "#8a4b00"), 10_000: ("c", "#00636a")}  # class; on light pages
_INK, _SOFT, _RULE = "#1c2429", "#4c5961", "#d9d5ca"
_DARK = {
    "a": "#e4a8d8",
    "b": "#f0c36d",
    "c": "#6fd3d0",
    "ink": "#e9e5da",
    "soft": "#a9b4b8",
    "rule": "#3b474d",
}
_TITLES = {
    1.0: "Wait, if a press computes for {cpu:.2f} s (measured)",
    4.0: "Wait, if it computes for {cpu:.1f} s (four times as long)",
}


def svg(found: Mapping[str, Any]) -> str:
    """The whole file; `found` is what waiting.json holds."""
    panels = [(heavier, [row for row in found["rows"] if row["heavier"] == heavier]) for heavier in _TITLES]
    height = len(panels) * (_PANEL + _GAP) + _FOOT
    cpu = _mean(found)
    shown = f'width="{_SHOWN * _WIDTH:.0f}" height="{_SHOWN * height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {shown} '
        'font-family="system-ui, sans-serif" font-size="14">',
        "<title>How long learners wait, by the number of workers</title>",
        f"<style>{_style()}</style>",
    ]
    for number, (heavier, rows) in enumerate(panels):
        top = number * (_PANEL + _GAP) + _GAP
        lines += _panel(rows, top, _TITLES[heavier].format(cpu=cpu * heavier), legend=number == 0)
    foot = height - 10
    lines += [_text(_WIDTH / 2, foot, "workers, of two cores each", "ink", anchor="middle"), "</svg>"]
    return "\n".join(lines) + "\n"


def _mean(found: Mapping[str, Any]) -> float:
    """CPU-seconds of a press, runs and hand-ins as they are assumed to come."""
    assumed, used = found["assumptions"], found["cpu_seconds"]
    presses = assumed["runs"] + assumed["hand_ins"]
    return float(assumed["runs"] * used["runs"] + assumed["hand_ins"] * used["hand_ins"]) / presses


def _style() -> str:
    rules = (f".{name}{{fill:{colour}}}.{name}-line{{stroke:{colour}}}" for name, colour in _DARK.items())
    return f"@media (prefers-color-scheme: dark){{{''.join(rules)}}}"


def _panel(rows: Sequence[Row], top: float, title: str, *, legend: bool) -> Iterable[str]:
    yield _text(_LEFT, top - 14, title, "ink", weight=600)
    if legend:
        yield from _legend(top - 44)
    for seconds, words in _SECONDS.items():
        y = _y(seconds, top)
        yield f'<path class="rule-line" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}" stroke="{_RULE}"/>'
        yield _text(_LEFT - 8, y + 5, words, "soft", anchor="end")
    for workers in _WORKERS:
        yield _text(_x(workers), top + _PANEL + 20, str(workers), "soft", anchor="middle")
    for learners, (name, colour) in _COLOURS.items():
        own = [row for row in rows if row["learners"] == learners]
        yield from _curve(own, top, name, colour)


def _legend(y: float) -> Iterable[str]:
    x = float(_LEFT)
    for learners, (name, colour) in _COLOURS.items():
        words = f"{learners:,} learners"
        yield _mark(x + 5, y - 5, name, colour)
        yield _text(x + 15, y, words, "ink")
        x += 30 + 7.6 * len(words)


def _curve(rows: Sequence[Row], top: float, name: str, colour: str) -> Iterable[str]:
    """The 95th percentile as a line; around it, from the median to the 99th, a band."""
    upper = [f"{_x(row['workers']):.1f} {_y(row['p99'], top):.1f}" for row in rows]
    lower = [f"{_x(row['workers']):.1f} {_y(row['p50'], top):.1f}" for row in reversed(rows)]
    line = [f"{_x(row['workers']):.1f} {_y(row['p95'], top):.1f}" for row in rows]
    yield f'<path class="{name}" d="M{"L".join(upper + lower)}Z" fill="{colour}" fill-opacity="0.16"/>'
    yield f'<path class="{name}-line" d="M{"L".join(line)}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for row in rows:
        yield _mark(_x(row["workers"]), _y(row["p95"], top), name, colour)


def _mark(x: float, y: float, name: str, colour: str) -> str:
    """Each class has a shape of its own, for those who see no difference between its colour and another's."""
    shapes = {
        "a": f"M{x - 4:.1f} {y - 4:.1f}h8v8h-8z",
        "b": f"M{x:.1f} {y - 5.5:.1f}l5.5 9.5h-11z",
        "c": f"M{x - 4.5:.1f} {y:.1f}a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0 -9 0z",
    }
    return f'<path class="{name}" d="{shapes[name]}" fill="{colour}"/>'


def _text(x: float, y: float, words: str, name: str, anchor: str = "start", weight: int = 400) -> str:
    colour = _INK if name == "ink" else _SOFT
    more = f' text-anchor="{anchor}"' if anchor != "start" else ""
    more += f' font-weight="{weight}"' if weight != 400 else ""
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" fill="{colour}"{more}>{escape(words)}</text>'


def _x(workers: float) -> float:
    share = math.log(workers) / math.log(_MOST_WORKERS)
    return _LEFT + 12 + share * (_WIDTH - _LEFT - _RIGHT - 24)


def _y(seconds: float, top: float) -> float:
    """Waits too short to be noticed lie on the lowest line, those too long to be borne on the upper edge."""
    shown = min(max(seconds, _LEAST), _MOST)
    return top + _PANEL * (1 - math.log(shown / _LEAST) / math.log(_MOST / _LEAST))
