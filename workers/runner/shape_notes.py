"""Which shape each assigned tensor had: noted while a cell runs, for the end of its lines on the page.

The cell's syntax tree gets one call after every assignment. Only a cell that was pressed is changed so, never
what is handed in; tracebacks and `inspect.getsource` see the text as it was written.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

import torch

NOTE = "__note_shape__"  # what the inserted calls call
MOST_NOTES = 200
_PATTERNED = (
    "rearrange",
    "reduce",
    "repeat",
    "einsum",
)  # calls whose pattern names the axes of what they return

Axes = tuple[str, ...]


class ShapeNotes:
    """Of one cell: line and name → shape, and names of axes where the code itself tells them."""

    def __init__(self) -> None:
        self._seen: dict[tuple[int, str], tuple[torch.Size, Axes, bool]] = {}
        self._open = True

    def insert(self, tree: ast.Module) -> ast.Module:
        """The tree with a call after each assignment."""
        return ast.fix_missing_locations(_Inserter().visit(tree))

    def note(self, line: int, name: str, value: Any, axes: Axes = (), arguments: Any = ()) -> None:
        """A value was assigned; `arguments` are the enclosing function's, with the axes they are promised."""
        if not self._open or not isinstance(value, torch.Tensor):
            return
        known = self._seen.get((line, name))
        if known is None and len(self._seen) < MOST_NOTES:
            named = axes if len(axes) == value.ndim else _by_size(value.shape, sys._getframe(1), arguments)
            self._seen[line, name] = value.shape, named, False
        elif known is not None and known[0] != value.shape:
            self._seen[line, name] = value.shape, known[1] if len(known[1]) == value.ndim else (), True

    def close(self) -> dict[str, Any] | None:
        """The output that tells them, or None. What runs later notes nothing any more."""
        self._open = False
        lines = [
            [line, name, str(list(shape)), " ".join(axis or "·" for axis in axes), varies]
            for (line, name), (shape, axes, varies) in sorted(self._seen.items(), key=lambda seen: seen[0][0])
        ]
        return {"kind": "shapes", "lines": lines} if lines else None


class _Inserter(ast.NodeTransformer):
    def __init__(self) -> None:
        self._arguments: list[ast.expr] = [_constant(())]  # of the functions around, the innermost last

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        promised = tuple(_promised(node))
        self._arguments.append(_constant(promised))
        self.generic_visit(node)
        self._arguments.pop()
        return node

    def visit_Assign(self, node: ast.Assign) -> list[ast.stmt]:
        targets = [name for target in node.targets for name in _names(target)]
        axes = _axes_of(node.value) if len(targets) == 1 else ()
        return [node, *(self._call(node, target, axes) for target in targets)]

    def visit_AnnAssign(self, node: ast.AnnAssign) -> list[ast.stmt]:
        targets = _names(node.target) if node.value else ()
        return [node, *(self._call(node, target, _annotated(node.annotation)) for target in targets)]

    def visit_AugAssign(self, node: ast.AugAssign) -> list[ast.stmt]:
        return [node, *(self._call(node, target, ()) for target in _names(node.target))]

    def _call(self, after: ast.stmt, target: ast.expr, axes: Axes) -> ast.stmt:
        read = ast.parse(ast.unparse(target), mode="eval").body
        told = [ast.Constant(after.end_lineno), ast.Constant(ast.unparse(target)), read]
        told += [_constant(axes), self._arguments[-1]]
        call = ast.Expr(ast.Call(ast.Name(NOTE, ast.Load()), told, []))
        for node in ast.walk(call):
            ast.copy_location(node, after)
        return call


def _names(target: ast.expr) -> Iterator[ast.expr]:
    """The names an assignment gives: `x`, `q, k`, `self.w`. Not the places of a list or a dictionary."""
    if isinstance(target, ast.Tuple | ast.List):
        for part in target.elts:
            yield from _names(part)
    elif isinstance(target, ast.Name) or (
        isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
    ):
        yield target


def _promised(node: ast.FunctionDef) -> Iterator[tuple[str, Axes]]:
    """Arguments annotated as `Float[Tensor, "batch pos"]`, with their axes."""
    for argument in node.args.args:
        if argument.annotation is not None and (axes := _annotated(argument.annotation)):
            yield argument.arg, axes


def _annotated(annotation: ast.expr) -> Axes:
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple):
        return ()
    last = annotation.slice.elts[-1]
    text = last.value if isinstance(last, ast.Constant) and len(annotation.slice.elts) == 2 else None
    return tuple(text.split()) if isinstance(text, str) else ()


def _constant(value: Any) -> ast.expr:
    """Also of tuples, which the type of a constant does not know."""
    return ast.Constant(value)


def _axes_of(value: ast.expr) -> Axes:
    """What an einops pattern names: of `rearrange(x, "b h w -> b (h w)")`, b and (h w)."""
    if not isinstance(value, ast.Call):
        return ()
    called = getattr(value.func, "attr", getattr(value.func, "id", ""))
    texts = [a.value for a in value.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
    pattern = next((text for text in texts if "->" in text), "")
    if called not in _PATTERNED or not pattern:
        return ()
    axes = pattern.partition("->")[2]
    return tuple(_groups(axes)) if " " in pattern.strip() else tuple(axes.strip())  # einsum's "bd,dk->bk"


def _groups(axes: str) -> Iterator[str]:
    """`b (h w)` as b and (h w)."""
    open_group = ""
    for word in axes.split():
        open_group = f"{open_group} {word}".strip()
        if open_group.count("(") == open_group.count(")"):
            yield open_group
            open_group = ""


def _by_size(shape: torch.Size, frame: FrameType, arguments: Any) -> Axes:
    """Each axis by the one name that this size has among the function's arguments; empty where none is."""
    names: dict[int, set[str]] = {}
    for argument, axes in arguments:
        value = frame.f_locals.get(argument)
        if isinstance(value, torch.Tensor) and value.ndim == len(axes):
            for axis, size in zip(axes, value.shape, strict=True):
                names.setdefault(size, set()).add(axis)
    found = tuple(next(iter(names[size])) if len(names.get(size, ())) == 1 else "" for size in shape)
    return found if any(found) else ()
