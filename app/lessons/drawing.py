"""The drawing of what the learner builds, whose modules turn green one by one. Read from `drawing.toml`.

::

    node = "transformers"       # of the map: it is shown there, and at the top of each of the node's lessons
    title = "…"
    [wide]                      # on a wide page; coordinates are those of the SVG's viewBox
    size = [760, 250]
    wires = ["M50 200 H690"]    # SVG paths
    sums = [[142, 200]]         # where something is added to the stream
    words = [["tokens", 22, 200]]
    [tall]                      # the same on a narrow one
    [[modules]]                 # from the outside in, so that the inner ones lie on top
    title = "embed"
    exercise = "embed"          # passed, the module is the learner's own
    says = "…"                  # for those who read the list instead
    wide = [x, y, width, height]
    tall = [x, y, width, height]
    frame = true                # it holds others: its title stands in its upper left corner
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from app.lessons.path import Report

Box = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True)
class Module:
    """One part of the drawing."""

    title: str
    exercise: str
    says: str
    wide: Box
    tall: Box
    frame: bool = False


@dataclass(frozen=True)
class Layout:
    """Where all else is drawn, for one width of page."""

    size: tuple[float, float]
    wires: tuple[str, ...] = ()
    sums: tuple[tuple[float, float], ...] = ()
    words: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True)
class Drawing:
    """The whole drawing."""

    node: str
    title: str
    wide: Layout
    tall: Layout
    modules: tuple[Module, ...]


def read(text: str, nodes: Set[str], exercises: Set[str], report: Report) -> Drawing | None:
    """The drawing that `text` (TOML) describes. Problems are reported; with a grave one, there is none."""
    try:
        data = tomllib.loads(text)
        found = _drawing(data)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        report(1, f"This is no drawing: {error}.")
        return None
    lines = text.splitlines()

    def at(name: str) -> int:
        return next((number for number, line in enumerate(lines, 1) if f'"{name}"' in line), 1)

    if found.node not in nodes:
        report(at(found.node), f"The drawing belongs to {found.node!r}, which is not a node.")
    for name in dict.fromkeys(module.exercise for module in found.modules):
        if name not in exercises:
            report(at(name), f"The drawing names {name!r}, which is no exercise of this course.")
    return found


def _drawing(data: Mapping[str, Any]) -> Drawing:
    return Drawing(
        data["node"],
        data["title"],
        _layout(data["wide"]),
        _layout(data["tall"]),
        tuple(map(_module, data["modules"])),
    )


def _module(entry: Mapping[str, Any]) -> Module:
    return Module(**{**entry, "wide": _box(entry["wide"]), "tall": _box(entry["tall"])})


def _layout(entry: Mapping[str, Any]) -> Layout:
    return Layout(**{name: _tuples(value) for name, value in entry.items()})


def _tuples(value: Any) -> Any:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _box(value: list[float]) -> Box:
    x, y, width, height = value
    return x, y, width, height
