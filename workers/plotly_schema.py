"""What Plotly knows: every attribute of the traces that a page can draw, and of their layout.

Read from the table that Plotly's own validators are made of. Importing Plotly itself would take the worker
half a second and 40 MB, and its validators turn what they get into objects that nobody needs here.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TRACE_TYPES = frozenset(
    ("scatter", "scattergl", "bar", "heatmap", "histogram", "box", "violin", "contour", "histogram2d")
)
# parts of a layout that fetch, that belong to traces no page can draw, or that add buttons
_OUTSIDE = ("images", "imagedefaults", "map", "geo", "scene", "polar", "ternary", "smith", "modebar")
_NUMBERED = re.compile(r"(xaxis|yaxis|coloraxis|legend)(?:[2-9]|[1-9][0-9]{1,2})")
_ANYTHING = ("args", "args2")  # of a menu's button; looked through by whoever checks menus


@dataclass(frozen=True)
class Attribute:
    """One attribute: the kind of its value, whether many may stand for one, and where its parts are."""

    kind: str  # Plotly's name for it: Number, String, Boolean, Any, Compound, CompoundArray …
    many: bool
    inside: str


def find(path: str, name: str) -> Attribute | None:
    """The attribute `name` of what stands at `path` ("scatter.marker", "layout"), if Plotly knows it."""
    if path == "layout" and (numbered := _NUMBERED.fullmatch(name)):
        name = numbered[1]
    return _attributes().get(f"{path}.{name}")


def is_settable(root: str, path: str) -> bool:
    """Whether a menu may set `path` ("marker.color", "xaxis.range[0]") in a trace or the layout."""
    roots = sorted(TRACE_TYPES) if root == "trace" else [root]
    return any(_is_leaf(start, path) for start in roots)


def _is_leaf(place: str, path: str) -> bool:
    found = None
    for part in path.split("."):
        found = find(place, re.sub(r"\[[0-9]{1,4}\]$", "", part))
        if found is None:
            return False
        place = found.inside
    return found is not None and found.kind not in ("Compound", "CompoundArray", "BaseTemplate")


@lru_cache
def _attributes() -> dict[str, Attribute]:
    return {path: _attribute(path, entry) for path, entry in _table().items() if _is_ours(path)}


def _table() -> dict[str, dict[str, Any]]:
    plotly = find_spec("plotly")
    assert plotly is not None
    assert plotly.origin is not None
    table = Path(plotly.origin).parent / "validators" / "_validators.json"
    return dict(json.loads(table.read_text()))


def _is_ours(path: str) -> bool:
    root, _, rest = path.partition(".")
    if not rest or rest.endswith("src"):
        return False
    return root in TRACE_TYPES or (root == "layout" and rest.split(".")[0] not in _OUTSIDE)


def _attribute(path: str, entry: dict[str, Any]) -> Attribute:
    """The parts of a list (`annotations`, `annotationdefaults`) stand under the name of one of it."""
    kind, parameters = entry["superclass"].removesuffix("Validator"), entry["params"]
    parent, _, name = path.rpartition(".")
    inside = path
    if kind == "CompoundArray" or name.endswith("defaults"):
        one = parameters.get("data_class_str", name)
        inside = f"{parent}.{one[:1].lower()}{one[1:]}"
    many = bool(parameters.get("array_ok")) or kind in ("DataArray", "InfoArray", "Colorscale", "Colorlist")
    return Attribute("Any" if name in _ANYTHING else kind, many or name in _ANYTHING, inside)
