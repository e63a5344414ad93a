"""A figure from a learner's process, rebuilt from what Plotly knows and a page can draw.

What nobody knows is refused by its name. Texts keep Plotly's harmless marks (`<b>`, `<br>`) and lose the
meaning of every other one: Plotly puts texts together (a prefix, a number, a suffix), so a mark could also
arise from pieces of which none is one.
"""

from __future__ import annotations

import math
import re
from typing import Any

from workers.claims import Unshowable, clean_text, storable
from workers.plotly_schema import TRACE_TYPES, Attribute, find, is_settable

MAX_FIGURE = 4 << 20  # bytes, about as JSON
MAX_PARTS = 2000  # of one list: annotations, shapes, traces
MAX_AXES = 200
LEFT_OUT = (
    "Left out of this figure: a menu or slider that plays an animation, or sets what this page does not know."
)

_NUMBER_BYTES = 10
_DEEPEST = 16
_LONGEST = 20_000  # characters of one text
_DROPPED = frozenset(("uid", "frames", "modebar", "computed"))
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,60}")
_WORD = re.compile(r"[\w .,#()%+/:|\\-]{0,200}")  # colours, names of things, lists of flags
_WRITTEN = frozenset(("String", "Title", "Any", "DataArray", "InfoArray"))  # kinds that hold free text
_NUMBERS = frozenset(("Number", "Integer"))
# “<” stays where it begins one of these marks, or cannot begin any; formats pad with what stands before <>=^,
# and a template's %{…} may end or begin with it
_MARK = re.compile(r"<(?!/?(?:b|i|br|sub|sup|em|extra)\s*/?>)(?=[A-Za-z/!?%&<>=^}\x01]|\Z)", re.IGNORECASE)
_MOST_MARKS = 2000  # of one text; beyond it is no text that anybody wrote
_BETWEEN = "\x01"
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_SHAPE = re.compile(r"\d{1,8}(, ?\d{1,8}){0,2}")
_ITEM_BYTES = {"i1": 1, "u1": 1, "i2": 2, "u2": 2, "i4": 4, "u4": 4, "f4": 4, "f8": 8}
_METHODS = {"restyle": ("trace",), "relayout": ("layout",), "update": ("trace", "layout"), "skip": ()}


def check_figure(figure: Any) -> tuple[dict[str, Any], str]:
    """A clean copy, and a sentence about what was left out (or ""). Raises `Unshowable`."""
    if not isinstance(figure, dict) or not isinstance(figure.get("data"), list):
        raise Unshowable("This figure has no data.")
    cleaner, layout = _Cleaner(), figure.get("layout")
    traces = cleaner.items(figure["data"], "traces")
    data = [cleaner.trace(trace, f"data[{i}]") for i, trace in enumerate(traces)]
    kept = cleaner.parts(layout, "layout", "layout") if isinstance(layout, dict) else {}
    return {"data": data, "layout": kept}, LEFT_OUT if cleaner.left_out else ""


def clean_mark(text: str) -> str:
    """Text for Plotly: every “<” that could begin a mark, but for harmless ones, is only a sign."""
    return _signs(clean_text(text, _LONGEST))


def _signs(text: str) -> str:
    return text.replace("<", "&lt;") if text.count("<") > _MOST_MARKS else _MARK.sub("&lt;", text)


class _Cleaner:
    """Copies a figure attribute by attribute, and counts how much there is."""

    def __init__(self) -> None:
        self.left_out = False
        self._bytes = 0
        self._in_template = False

    def trace(self, trace: Any, where: str) -> dict[str, Any]:
        kind = trace.get("type", "scatter") if isinstance(trace, dict) else None
        if not isinstance(kind, str) or kind not in TRACE_TYPES:
            raise Unshowable(
                f"This figure has a trace of type {clean_text(kind, 40)!r}, which this page cannot draw. "
                f"It can draw {', '.join(sorted(TRACE_TYPES))}."
            )
        return {"type": kind} | self.parts({k: v for k, v in trace.items() if k != "type"}, kind, where)

    def parts(self, value: dict[str, Any], path: str, where: str) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for name, item in value.items():
            if name in _DROPPED or name.endswith("src") or (name == "template" and self._in_template):
                continue
            attribute = find(path, name) if _KEY.fullmatch(name) else None
            place = f"{where}.{clean_text(name, 60)}"
            if attribute is not None:
                kept[name] = self._value(item, attribute, place)
            elif not self._in_template:  # a theme speaks of maps and globes too; nobody misses them
                raise Unshowable(f"This figure has “{place}”, which this page does not show. Leave it out.")
        if path == "layout" and sum("axis" in name for name in kept) > MAX_AXES:
            raise Unshowable(f"This figure has more than {MAX_AXES} axes.")
        return kept

    def items(self, value: Any, where: str) -> list[Any]:
        if not isinstance(value, list):
            raise self._malformed(where)
        if len(value) > MAX_PARTS:
            raise Unshowable(f"This figure has {len(value)} {where}; a page can draw {MAX_PARTS}.")
        return value

    def _value(self, value: Any, attribute: Attribute, where: str) -> Any:
        if value is None:
            return None
        if attribute.kind == "BaseTemplate":
            return self._template(value)
        if attribute.kind == "CompoundArray":
            return self._list(value, attribute, where)
        if attribute.kind == "Compound" or (attribute.kind == "Title" and isinstance(value, dict)):
            if not isinstance(value, dict):
                raise self._malformed(where)
            return self.parts(value, attribute.inside, where)
        return self._plain(value, attribute, where, 0)

    def _list(self, value: Any, attribute: Attribute, where: str) -> list[Any]:
        kept = []
        for i, item in enumerate(self.items(value, where)):
            if not isinstance(item, dict):
                raise self._malformed(where)
            if where.endswith((".updatemenus", ".sliders")) and not _is_plain_menu(item):
                self.left_out = True
            else:
                kept.append(self.parts(item, attribute.inside, f"{where}[{i}]"))
        return kept

    def _template(self, value: Any) -> dict[str, Any]:
        """A theme: of traces that are not drawn here, nothing is kept."""
        if not isinstance(value, dict):
            return {}
        self._in_template = True
        data, layout = value.get("data"), value.get("layout")
        traces = {
            kind: [self.trace(_typed(trace, kind), "template") for trace in self.items(given, "themes")]
            for kind, given in (data.items() if isinstance(data, dict) else ())
            if kind in TRACE_TYPES
        }
        plain = self.parts(layout, "layout", "template") if isinstance(layout, dict) else {}
        self._in_template = False
        return ({"data": traces} if traces else {}) | {"layout": plain}

    def _plain(self, value: Any, attribute: Attribute, where: str, depth: int) -> Any:
        """Numbers, words and texts, and lists of them where there may be many."""
        if depth > _DEEPEST:
            raise Unshowable("This figure is nested too deep.")
        if isinstance(value, list) and attribute.many and (whole := _whole_list(value, attribute.kind)):
            self._count(sum(map(len, whole)) if isinstance(whole[0], str) else 0)
            self._count(len(whole) * _NUMBER_BYTES)
            return whole
        self._count(len(value) if isinstance(value, str) else _NUMBER_BYTES)
        if isinstance(value, str):
            return self._text(value, attribute.kind, where)
        if isinstance(value, (list, dict)) and not attribute.many and attribute.kind != "Any":
            raise self._malformed(where)
        if isinstance(value, list):
            return [self._plain(item, attribute, where, depth + 1) for item in value]
        if isinstance(value, dict):
            if "bdata" in value:
                return self._typed_array(value)
            return self._free(value, attribute, where, depth)
        return _number(value)

    def _text(self, value: str, kind: str, where: str) -> str:
        if kind in _WRITTEN:
            return clean_mark(value)
        if kind in _NUMBERS or kind == "Boolean" or not _WORD.fullmatch(value):
            raise self._malformed(where)
        return value

    def _free(self, value: dict[str, Any], attribute: Attribute, where: str, depth: int) -> dict[str, Any]:
        if attribute.kind != "Any":
            raise self._malformed(where)
        self._count(sum(len(name) for name in value))
        return {
            clean_mark(name)[:200]: self._plain(item, attribute, where, depth + 1)
            for name, item in value.items()
            if name not in ("__proto__", "constructor", "prototype")
        }

    def _typed_array(self, value: dict[str, Any]) -> dict[str, str]:
        """Numbers in base64, as Plotly writes them; of a shape that is theirs, or a page counts for ever."""
        data, kind, shape = value["bdata"], value.get("dtype"), str(value.get("shape", ""))
        self._count(len(data) if isinstance(data, str) else 0)
        if not (isinstance(data, str) and isinstance(kind, str) and kind in _ITEM_BYTES):
            raise Unshowable("An array of this figure is malformed.")
        if not _BASE64.fullmatch(data) or len(data) % 4:
            raise Unshowable("An array of this figure is malformed.")
        count, rest = divmod(len(data) // 4 * 3 - data[-2:].count("="), _ITEM_BYTES[kind])
        if rest or (shape and not (_SHAPE.fullmatch(shape) and _product(shape) == count)):
            raise Unshowable("An array of this figure is malformed.")
        return {"dtype": kind, "bdata": data, **({"shape": shape} if shape else {})}

    def _count(self, more: int) -> None:
        self._bytes += more
        if self._bytes > MAX_FIGURE:
            raise Unshowable(
                f"This figure is larger than {MAX_FIGURE >> 20} MB, the most a page can draw. "
                "Plot fewer points, or average first."
            )

    def _malformed(self, where: str) -> Unshowable:
        return Unshowable(f"This figure's “{where}” is not of the kind that Plotly asks for there.")


def _typed(trace: Any, kind: str) -> dict[str, Any]:
    return (trace if isinstance(trace, dict) else {}) | {"type": kind}


def _whole_list(values: list[Any], kind: str) -> list[Any] | None:
    """A list of numbers or of texts cleaned at one go, or None: item by item it would keep others waiting."""
    types = set(map(type, values))
    if types == {float}:
        return list(values) if all(map(math.isfinite, values)) else None
    if types == {int}:
        return list(values) if min(values) > -(1 << 63) and max(values) < 1 << 63 else None
    if types == {str} and kind in _WRITTEN and max(map(len, values)) <= _LONGEST:
        cleaned = _signs(storable(_BETWEEN.join(values))).split(_BETWEEN)
        return cleaned if len(cleaned) == len(values) else None
    return None


def _number(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if type(value) is int and abs(value) >= 1 << 63 else value


def _product(shape: str) -> int:
    return math.prod(int(size) for size in shape.split(","))


# -- menus -------------------------------------------------------------------------------------------


def _is_plain_menu(menu: dict[str, Any]) -> bool:
    """Whether all that its buttons do is to set attributes that are known."""
    lists = [menu.get("buttons") or [], menu.get("steps") or []]
    return all(isinstance(steps, list) for steps in lists) and all(
        isinstance(step, dict) and _is_plain_step(step) for steps in lists for step in steps
    )


def _is_plain_step(step: dict[str, Any]) -> bool:
    roots = _METHODS.get(str(step.get("method", "restyle")))
    if roots is None:
        return False
    return all(_sets_known(step.get(name) or [], roots) for name in ("args", "args2"))


def _sets_known(args: Any, roots: tuple[str, ...]) -> bool:
    """`["visible", [true, false]]`, or one object of paths and values for each root."""
    if not isinstance(args, list):
        return False
    if args and isinstance(args[0], str):
        return len(roots) == 1 and is_settable(roots[0], args[0]) and not _has_object(args[1:])
    objects = [argument for argument in args if isinstance(argument, dict)]
    return len(objects) <= len(roots) and all(
        is_settable(root, path) and not _has_object(value)
        for root, argument in zip(roots, objects, strict=False)
        for path, value in argument.items()
    )


def _has_object(value: Any, depth: int = 0) -> bool:
    if isinstance(value, list):
        return depth > _DEEPEST or any(_has_object(item, depth + 1) for item in value)
    return isinstance(value, dict) and "bdata" not in value
